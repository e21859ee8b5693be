// SPDX-License-Identifier: MIT
import { eye } from './creation.js';
import { ArgumentRangeError, ShapeError } from './errors.js';
import { matmul } from './ops/products.js';
import { matrixNorm, type NormOptions, vectorNorm } from './ops/statistics.js';
import type { Tensor } from './tensor.js';

export { matmul } from './ops/products.js';
export { matrixNorm, vectorNorm } from './ops/statistics.js';
export { diagonal } from './ops/view.js';

/** Vector norm over one dimension or all, or (with `ord` and two dimensions, or a matrix) matrix norm. */
export function norm(x: Tensor, { ord, dim, keepdim }: NormOptions = {}): Tensor {
  const dims = typeof dim === 'number' ? [dim] : dim;
  if (ord === undefined) return vectorNorm(x, { dim, keepdim });
  const isMatrix = dims ? dims.length === 2 : x.ndim === 2;
  if (isMatrix) return matrixNorm(x, { ord, dim: (dims ?? [-2, -1]) as [number, number], keepdim });
  if (ord === 'fro') throw new ArgumentRangeError("linalg.norm: ord 'fro' takes two dimensions");
  return vectorNorm(x, { ord, dim, keepdim });
}

/** Sum of products along one dimension, broadcast over the others. */
export function vecdot(a: Tensor, b: Tensor, { dim = -1 }: { dim?: number } = {}): Tensor {
  const product = a.mul(b);
  return product.sum(dim).to(product.dtype);
}

/** A square matrix (or a stack of them) to an integer power, by repeated squaring. */
export function matrixPower(x: Tensor, n: number): Tensor {
  if (!Number.isInteger(n) || n < 0)
    throw new ArgumentRangeError(`linalg.matrixPower: expected a whole number from 0, got ${n}`);
  if (x.ndim < 2 || x.size(-1) !== x.size(-2)) {
    throw new ShapeError(`linalg.matrixPower: expected square matrices, got shape [${x.shape.join(', ')}]`);
  }
  if (n === 0) return eye(x.size(-1), x.size(-1), { dtype: x.dtype }).expand(x.shape).clone();
  if (n === 1) return x.clone();
  const half = matrixPower(x, Math.floor(n / 2));
  const square = matmul(half, half);
  return n % 2 === 0 ? square : matmul(square, x);
}
