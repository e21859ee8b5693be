// SPDX-License-Identifier: MIT
import { lowered } from '../../autocast.js';
import { arange } from '../../creation.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { attention } from '../../ops/attention.js';
import { cast } from '../../ops/define.js';
import { matmul } from '../../ops/products.js';
import { softmax } from '../../ops/softmax.js';
import { where } from '../../ops/where.js';
import type { Tensor } from '../../tensor.js';
import { dropout } from './layers.js';

/** Options of `scaledDotProductAttention`. */
export interface AttentionOptions {
  /** bool: true where attention is allowed; else added to the scores. Broadcasts to [..., L, S]. */
  attnMask?: Tensor | undefined;
  /** Share of the weights set to 0. Default 0. */
  dropoutP?: number | undefined;
  /** Query i sees keys 0 … i only. Default false. */
  isCausal?: boolean | undefined;
  /** Factor of the scores. Default 1 / √E. */
  scale?: number | undefined;
  /** Fewer key and value heads than query heads (dimension -3): each serves several. Default false. */
  enableGqa?: boolean | undefined;
}

/** Each head repeated for the query heads that share it. */
function repeatHeads(x: Tensor, heads: number): Tensor {
  const own = x.size(-3);
  if (heads % own !== 0)
    throw new ShapeError(`scaledDotProductAttention: ${heads} query heads cannot share ${own} heads`);
  const shape = [...x.shape.slice(0, -3), own, heads / own, ...x.shape.slice(-2)];
  return x
    .unsqueeze(-3)
    .expand(shape)
    .reshape([...x.shape.slice(0, -3), heads, ...x.shape.slice(-2)]);
}

function masked(scores: Tensor, attnMask: Tensor | undefined, isCausal: boolean): Tensor {
  const causal = () =>
    arange(scores.size(-2))
      .unsqueeze(1)
      .ge(arange(scores.size(-1)));
  const mask = isCausal ? causal() : attnMask;
  if (!mask) return scores;
  return mask.dtype === 'bool' ? where(mask, scores, -Infinity) : scores.add(mask);
}

/** 16-bit numbers as float32, which the kernel takes. */
const widened = (x: Tensor) => (x.dtype === 'bfloat16' || x.dtype === 'float16' ? cast(x, 'float32') : x);

/**
 * softmax(Q Kᵀ · scale + mask) V for query [..., L, E], key [..., S, E] and value [..., S, Ev] (Vaswani et al. 2017).
 * A query that may see no key gives 0. Without dropout the weights are never stored (Dao et
 * al. 2022); memory grows with L + S, not with L · S.
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const {
    attnMask,
    dropoutP = 0,
    isCausal = false,
    scale = 1 / Math.sqrt(query.size(-1)),
    enableGqa = false,
  } = options;
  if (isCausal && attnMask)
    throw new ArgumentRangeError('scaledDotProductAttention: give attnMask or isCausal, not both');
  const [k, v] = (enableGqa ? [key, value].map((x) => repeatHeads(x, query.size(-3))) : [key, value]) as [
    Tensor,
    Tensor,
  ];
  const q = lowered(query);
  if (!(dropoutP > 0)) {
    const [wideQ, wideK, wideV] = [q, lowered(k), lowered(v)].map(widened) as [Tensor, Tensor, Tensor];
    return cast(attention(wideQ, wideK, wideV, { mask: attnMask, causal: isCausal, scale }), q.dtype);
  }
  const scores = masked(matmul(q, k.transpose(-2, -1)).mul(scale), attnMask, isCausal);
  const blind = scores.detach().eq(-Infinity).all({ dim: -1, keepdim: true });
  const weights = where(blind, 0, softmax(where(blind, 0, scores), -1));
  return matmul(dropoutP > 0 ? dropout(weights, { p: dropoutP }) : weights, v);
}
