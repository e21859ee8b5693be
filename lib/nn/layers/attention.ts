// SPDX-License-Identifier: MIT
import { zeros } from '../../creation.js';
import type { DType } from '../../dtype.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { cat } from '../../ops/join.js';
import { matmul } from '../../ops/products.js';
import { softmax } from '../../ops/softmax.js';
import { mean } from '../../ops/statistics.js';
import { where } from '../../ops/where.js';
import type { RandomOptions } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { dropout, linear } from '../functional/layers.js';
import { xavierNormal_, xavierUniform_, zeros_ } from '../init.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { Linear } from './linear.js';

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions extends RandomOptions {
  /** Probability of dropping attention weights in training. Default 0. */
  dropout?: number | undefined;
  /** Learn offsets of the projections. Default true. */
  bias?: boolean | undefined;
  /** Learn one more key and value. Default false. */
  addBiasKv?: boolean | undefined;
  /** One more key and value of zeros. Default false. */
  addZeroAttn?: boolean | undefined;
  /** Size of the keys. Default `embedDim`. */
  kdim?: number | undefined;
  /** Size of the values. Default `embedDim`. */
  vdim?: number | undefined;
  /** Inputs and outputs are [N, L, …] instead of [L, N, …]. Default false. */
  batchFirst?: boolean | undefined;
  dtype?: DType | undefined;
}
/** Options of its `forward`. In masks true means blocked; floating masks are added to the scores. */
export interface AttentionCallOptions {
  /** [N, S]: keys to leave out. */
  keyPaddingMask?: Tensor | undefined;
  /** [L, S] or [N · heads, L, S]. */
  attnMask?: Tensor | undefined;
  /** Give the weights too. Default true. */
  needWeights?: boolean | undefined;
  /** Average the weights over the heads. Default true. */
  averageAttnWeights?: boolean | undefined;
}

const additive = (mask: Tensor, like: Tensor): Tensor =>
  mask.dtype === 'bool' ? where(mask, -Infinity, zeros([], { dtype: like.dtype })) : mask;

/** Attention of several heads, each over its own projection of queries, keys and values (Vaswani et al. 2017). */
export class MultiheadAttention extends Module {
  declare in_proj_weight?: Tensor;
  declare q_proj_weight?: Tensor;
  declare k_proj_weight?: Tensor;
  declare v_proj_weight?: Tensor;
  declare in_proj_bias?: Tensor;
  declare bias_k?: Tensor;
  declare bias_v?: Tensor;
  declare out_proj: Linear;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly addZeroAttn: boolean;

  constructor(
    readonly embedDim: number,
    readonly numHeads: number,
    options: MultiheadAttentionOptions = {},
  ) {
    super();
    if (!(numHeads > 0) || embedDim % numHeads !== 0) {
      throw new ArgumentRangeError(`MultiheadAttention: ${numHeads} heads do not divide embedDim ${embedDim}`);
    }
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = options.dropout ?? 0;
    this.addZeroAttn = options.addZeroAttn ?? false;
    this.addParameters(options);
  }
  private addParameters(options: MultiheadAttentionOptions): void {
    const { bias = true, addBiasKv = false, kdim, vdim, dtype = 'float32', generator } = options;
    const { embedDim } = this;
    const add = (name: string, shape: number[], init: (x: Tensor) => unknown) => {
      const parameter = new Parameter(zeros(shape, { dtype }));
      init(parameter);
      this.registerParameter(name, parameter);
    };
    const uniform = (x: Tensor) => xavierUniform_(x, { generator });
    if ((kdim ?? embedDim) === embedDim && (vdim ?? embedDim) === embedDim) {
      add('in_proj_weight', [3 * embedDim, embedDim], uniform);
    } else {
      add('q_proj_weight', [embedDim, embedDim], uniform);
      add('k_proj_weight', [embedDim, kdim ?? embedDim], uniform);
      add('v_proj_weight', [embedDim, vdim ?? embedDim], uniform);
    }
    if (bias) add('in_proj_bias', [3 * embedDim], zeros_);
    for (const name of addBiasKv ? ['bias_k', 'bias_v'] : [])
      add(name, [1, 1, embedDim], (x) => xavierNormal_(x, { generator }));
    this.out_proj = new Linear(embedDim, embedDim, { bias, dtype, generator });
    if (this.out_proj.bias) zeros_(this.out_proj.bias);
  }

  /** Queries, keys and values [L, N, embedDim] after their projections. */
  private project(inputs: [Tensor, Tensor, Tensor]): [Tensor, Tensor, Tensor] {
    const weights = this.in_proj_weight?.chunk(3) ?? [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight];
    const biases = this.in_proj_bias?.chunk(3);
    return inputs.map((x, i) => linear(x, weights[i] as Tensor, biases?.[i])) as [Tensor, Tensor, Tensor];
  }
  /** Further keys (or values) behind those of the sequence: a learnt one, zeros. */
  private extend(x: Tensor, learnt: Tensor | undefined): Tensor {
    const one = [1, x.size(1), this.embedDim];
    const parts = [
      x,
      ...(learnt ? [learnt.expand(one)] : []),
      ...(this.addZeroAttn ? [zeros(one, { dtype: x.dtype })] : []),
    ];
    return parts.length > 1 ? cat(parts, 0) : x;
  }
  /** [L, N, embedDim] as [N, heads, L, embedDim / heads]. */
  private heads(x: Tensor): Tensor {
    return x.reshape([x.size(0), x.size(1), this.numHeads, this.embedDim / this.numHeads]).permute([1, 2, 0, 3]);
  }
  /** Adds the masks to scores [N, heads, L, S]; the keys behind the sequence stay visible. */
  private masked(scores: Tensor, length: number, { attnMask, keyPaddingMask }: AttentionCallOptions): Tensor {
    const [samples, heads, queries, keys] = scores.shape as [number, number, number, number];
    const result = scores.clone();
    const own = result.narrow(-1, 0, length);
    if (attnMask) {
      const mask = additive(attnMask, scores);
      own.add_(mask.ndim === 3 ? mask.reshape([samples, heads, queries, length]) : mask);
    }
    if (keyPaddingMask) own.add_(additive(keyPaddingMask, scores).reshape([samples, 1, 1, length]));
    return keys === 0 ? scores : result;
  }

  /**
   * @param query - [L, N, embedDim] (or without N), as `key` [S, N, kdim] and `value` [S, N, vdim]
   * @returns [L, N, embedDim], and the weights [N, L, S], [N, heads, L, S] without averaging, if asked for
   */
  forward(query: Tensor, key: Tensor, value: Tensor, options: AttentionCallOptions = {}): [Tensor, Tensor | undefined] {
    const { needWeights = true, averageAttnWeights = true } = options;
    if (query.ndim !== 2 && query.ndim !== 3) {
      throw new ShapeError(
        `MultiheadAttention: query: expected 2 or 3 dimensions, got shape [${query.shape.join(', ')}]`,
      );
    }
    const batched = query.ndim === 3;
    const sequenceFirst = (x: Tensor) => (!batched ? x.unsqueeze(1) : this.batchFirst ? x.transpose(0, 1) : x);
    const [q, k, v] = this.project([query, key, value].map(sequenceFirst) as [Tensor, Tensor, Tensor]);
    const length = k.size(0);
    const [keys, values] = [this.heads(this.extend(k, this.bias_k)), this.heads(this.extend(v, this.bias_v))];
    const scores = matmul(this.heads(q), keys.transpose(-2, -1)).mul(Math.sqrt(this.numHeads / this.embedDim));
    const hasMask = options.attnMask !== undefined || options.keyPaddingMask !== undefined;
    const weights = softmax(hasMask ? this.masked(scores, length, options) : scores, -1);
    const kept = this.training && this.dropout > 0 ? dropout(weights, { p: this.dropout }) : weights;
    const joined = matmul(kept, values).permute([2, 0, 1, 3]).reshape(q.shape);
    const output = this.out_proj.forward(joined);
    const shown = needWeights ? (averageAttnWeights ? mean(kept, 1) : kept) : undefined;
    if (!batched) return [output.squeeze(1), shown?.squeeze(0)];
    return [this.batchFirst ? output.transpose(0, 1) : output, shown];
  }
}
