// SPDX-License-Identifier: MIT
import { eye } from './creation.js';
import { ArgumentRangeError, ShapeError } from './errors.js';
import { normalizeDim } from './ops/define.js';
import { cat } from './ops/join.js';
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

/** Cross product of 3-vectors along `dim`. */
export function cross(a: Tensor, b: Tensor, { dim = -1 }: { dim?: number } = {}): Tensor {
  if (a.size(dim) !== 3 || b.size(dim) !== 3) {
    throw new ShapeError(`linalg.cross: dim ${dim}: expected size 3, got ${a.size(dim)} and ${b.size(dim)}`);
  }
  const turned = (x: Tensor, first: number) => {
    const part = (i: number) => x.narrow(dim, i % 3, 1);
    return [part(first), part(first + 1), part(first + 2)];
  };
  const [a1, a2, b1, b2] = [turned(a, 1), turned(a, 2), turned(b, 1), turned(b, 2)];
  const parts = [0, 1, 2].map((i) =>
    (a1[i] as Tensor).mul(b2[i] as Tensor).sub((a2[i] as Tensor).mul(b1[i] as Tensor)),
  );
  return cat(parts, normalizeDim('linalg.cross', dim, Math.max(a.ndim, b.ndim)));
}

/** Cheapest way to bracket the product of matrices i … j by their sizes (Cormen et al., matrix-chain order). */
function bracket(matrices: readonly Tensor[], sizes: readonly number[]): Tensor {
  const n = matrices.length;
  const cost: number[][] = matrices.map(() => Array(n).fill(0));
  const split: number[][] = matrices.map(() => Array(n).fill(0));
  for (let length = 1; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      const at = (row: number, column: number) => cost[row]?.[column] as number;
      const price = (k: number) =>
        at(i, k) + at(k + 1, j) + (sizes[i] as number) * (sizes[k + 1] as number) * (sizes[j + 1] as number);
      const choices = Array.from({ length }, (_, k) => price(i + k));
      const best = choices.indexOf(Math.min(...choices));
      (cost[i] as number[])[j] = choices[best] as number;
      (split[i] as number[])[j] = i + best;
    }
  }
  const product = (i: number, j: number): Tensor => {
    if (i === j) return matrices[i] as Tensor;
    const k = split[i]?.[j] as number;
    return matmul(product(i, k), product(k + 1, j));
  };
  return product(0, n - 1);
}
/** Product of several matrices in the cheapest order; the first and the last may be vectors. */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const [first, last] = [tensors[0], tensors.at(-1)];
  if (!first || !last || tensors.length < 2) {
    throw new ArgumentRangeError(`linalg.multiDot: expected at least 2 tensors, got ${tensors.length}`);
  }
  const matrices = tensors.map((x, i) => {
    if (x.ndim === 2) return x;
    if (x.ndim === 1 && i === 0) return x.unsqueeze(0);
    if (x.ndim === 1 && i === tensors.length - 1) return x.unsqueeze(1);
    throw new ShapeError(`linalg.multiDot: tensor ${i}: expected a matrix, got shape [${x.shape.join(', ')}]`);
  });
  const product = bracket(matrices, [...matrices.map((x) => x.size(0)), (matrices.at(-1) as Tensor).size(1)]);
  const rows = first.ndim === 1 ? product.squeeze(0) : product;
  return last.ndim === 1 ? rows.squeeze(-1) : rows;
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
