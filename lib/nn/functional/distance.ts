// SPDX-License-Identifier: MIT
import { clampMin } from '../../ops/pointwise.js';
import { vectorNorm } from '../../ops/statistics.js';
import type { Tensor } from '../../tensor.js';

/** Cosine of the angle between vectors along `dim`; lengths are at least `eps`. */
export function cosineSimilarity(
  a: Tensor,
  b: Tensor,
  { dim = 1, eps = 1e-8 }: { dim?: number; eps?: number } = {},
): Tensor {
  const product = a.mul(b);
  const size = (x: Tensor) => clampMin(vectorNorm(x.expand(product.shape), { dim }), eps);
  return product.sum(dim).div(size(a).mul(size(b)));
}
/** p-norm of a - b + eps along the last dimension. */
export function pairwiseDistance(
  a: Tensor,
  b: Tensor,
  { p = 2, eps = 1e-6, keepdim = false }: { p?: number; eps?: number; keepdim?: boolean } = {},
): Tensor {
  return vectorNorm(a.sub(b).add(eps), { ord: p, dim: -1, keepdim });
}
/** Vectors along `dim` divided by their p-norm, or by `eps` where that is smaller. */
export function normalize(
  x: Tensor,
  { p = 2, dim = 1, eps = 1e-12 }: { p?: number; dim?: number; eps?: number } = {},
): Tensor {
  return x.div(clampMin(vectorNorm(x, { ord: p, dim, keepdim: true }), eps));
}
