// SPDX-License-Identifier: MIT
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';

const rawAttention = raw(
  'attention',
  'q: Tensor, k: Tensor, v: Tensor, mask: Tensor?, causal: bool, scale: float -> Tensor, Tensor',
);
raw(
  'attention_backward',
  'dy: Tensor, q: Tensor, k: Tensor, v: Tensor, mask: Tensor?, y: Tensor, log_sum: Tensor, causal: bool, scale: float -> Tensor, Tensor, Tensor',
);

/** @internal softmax(q kᵀ · scale + mask) v tile by tile, float32 and float64; a query that may see no key gives 0. */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { mask, causal, scale }: { mask: Tensor | undefined; causal: boolean; scale: number },
): Tensor {
  const name = 'scaledDotProductAttention';
  const given = mask && handleOf(mask, `${name}: attnMask`);
  const [y] = rawAttention(handleOf(q, name), handleOf(k, name), handleOf(v, name), given, causal, scale);
  return fromHandle(y as Exclude<typeof y, undefined>);
}
