// SPDX-License-Identifier: MIT
import { lowered, raised } from '../autocast.js';
import { ArgumentRangeError, ShapeError } from '../errors.js';
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { normalizeDim } from './define.js';

// Products of vectors, matrices and stacks of them.

const rawMatmul = raw('matmul', 'a: Tensor, b: Tensor -> Tensor');

function expectDims(op: string, what: string, x: Tensor, ndim: number): void {
  if (x.ndim !== ndim)
    throw new ShapeError(`${op}: ${what}: expected ${ndim} dimensions, got shape [${x.shape.join(', ')}]`);
}

/**
 * Product of the matrices in the last two dimensions, the others broadcast; vectors count as a row (left) or a column
 * (right), as in PyTorch.
 * @throws ShapeError if the inner sizes differ; DTypeError unless both have one dtype
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return product(lowered(a), lowered(b));
}
/** The same, whatever `autocast` says. */
function product(a: Tensor, b: Tensor): Tensor {
  if (a.ndim === 0 || b.ndim === 0) throw new ShapeError('matmul: expected at least 1 dimension, got a scalar');
  const left = a.ndim === 1 ? a.unsqueeze(0) : a;
  const right = b.ndim === 1 ? b.unsqueeze(1) : b;
  const stack = fromHandle(rawMatmul(handleOf(left, 'matmul'), handleOf(right, 'matmul')));
  const rows = a.ndim === 1 ? stack.squeeze(-2) : stack;
  return b.ndim === 1 ? rows.squeeze(-1) : rows;
}
/** Matrix times matrix. */
export function mm(a: Tensor, b: Tensor): Tensor {
  expectDims('mm', 'a', a, 2);
  expectDims('mm', 'b', b, 2);
  return matmul(a, b);
}
/** Matrix times vector. */
export function mv(a: Tensor, b: Tensor): Tensor {
  expectDims('mv', 'a', a, 2);
  expectDims('mv', 'b', b, 1);
  return product(a, b);
}
/** A stack of matrix products. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  expectDims('bmm', 'a', a, 3);
  expectDims('bmm', 'b', b, 3);
  if (a.shape[0] !== b.shape[0]) throw new ShapeError(`bmm: got ${a.shape[0]} and ${b.shape[0]} matrices`);
  return matmul(a, b);
}
/** Inner product of two vectors. */
export function dot(a: Tensor, b: Tensor): Tensor {
  expectDims('dot', 'a', a, 1);
  expectDims('dot', 'b', b, 1);
  return product(a, b);
}
/** `dot`; real numbers are their own conjugates. */
export function vdot(a: Tensor, b: Tensor): Tensor {
  return dot(a, b);
}
/** Products over the last dimension of both: [..., n] and [... , n] give all pairs; a scalar multiplies. */
export function inner(a: Tensor, b: Tensor): Tensor {
  return a.ndim === 0 || b.ndim === 0 ? a.mul(b) : tensordot(a, b, [[-1], [-1]]);
}
/** All products of two vectors. */
export function outer(a: Tensor, b: Tensor): Tensor {
  expectDims('outer', 'a', a, 1);
  expectDims('outer', 'b', b, 1);
  return a.unsqueeze(1).mul(b.unsqueeze(0));
}

/** Options of `addmm` and its kin: beta · input + alpha · product. */
export interface AddProductOptions {
  /** Weight of the input; with 0 its values, NaN too, do not count. Default 1. */
  beta?: number;
  /** Weight of the product. Default 1. */
  alpha?: number;
}
function addProduct(input: Tensor, product: Tensor, { beta = 1, alpha = 1 }: AddProductOptions): Tensor {
  const weigh = (x: Tensor, weight: number) =>
    weight === 1 ? x : x.mul(x.isFloatingPoint() ? weight : Math.trunc(weight));
  return beta === 0 ? weigh(product, alpha) : weigh(input, beta).add(weigh(product, alpha));
}
/** beta · input + alpha · (a @ b) of matrices. */
export function addmm(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  return addProduct(lowered(input), mm(a, b), options);
}
/** beta · input + alpha · (a @ b) of a matrix and a vector. */
export function addmv(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  return addProduct(input, mv(a, b), options);
}
/** beta · input + alpha · Σ (a @ b) over a stack. */
export function addbmm(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  const stack = bmm(a, b);
  return addProduct(lowered(input), stack.sum({ dim: 0, dtype: stack.dtype }).to(stack.dtype), options);
}
/** beta · input + alpha · (a @ b) of stacks of matrices. */
export function baddbmm(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  return addProduct(lowered(input), bmm(a, b), options);
}
/** beta · input + alpha · outer(a, b). */
export function addr(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  const { beta = 1, alpha = 1 } = options;
  if (input.dtype !== 'bool') return addProduct(input, outer(a, b), options);
  const product = outer(a, b).logicalAnd(alpha !== 0);
  return beta === 0 ? product : input.logicalOr(product);
}

/**
 * Sum of products over `dims`: the last `dims` dimensions of a with the first of b, or two lists of dimensions.
 */
export function tensordot(
  a: Tensor,
  b: Tensor,
  dims: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  if (typeof dims === 'number' && !(Number.isInteger(dims) && dims >= 0 && dims <= Math.min(a.ndim, b.ndim))) {
    throw new ArgumentRangeError(
      `tensordot: dims: expected at most ${Math.min(a.ndim, b.ndim)} dimensions, got ${dims}`,
    );
  }
  const count = (n: number) => Array.from({ length: n }, (_, i) => i);
  const [dimsA, dimsB] = typeof dims === 'number' ? [count(dims).map((i) => i - dims), count(dims)] : dims;
  const summedA = dimsA.map((d) => normalizeDim('tensordot', d, a.ndim));
  const summedB = dimsB.map((d) => normalizeDim('tensordot', d, b.ndim));
  const keptA = count(a.ndim).filter((d) => !summedA.includes(d));
  const keptB = count(b.ndim).filter((d) => !summedB.includes(d));
  const sizes = (x: Tensor, list: number[]) => list.map((d) => x.shape[d] as number);
  const numel = (list: number[]) => list.reduce((n, size) => n * size, 1);
  const inside = sizes(a, summedA).map((size, i) => (size === 1 ? (b.shape[summedB[i] as number] as number) : size));
  const fits = sizes(b, summedB).every((size, i) => size === 1 || size === inside[i]);
  if (summedA.length !== summedB.length || !fits) {
    throw new ShapeError(
      `tensordot: sizes [${sizes(a, summedA)}] and [${sizes(b, summedB)}] of the summed dimensions differ`,
    );
  }
  const leftSizes = [...sizes(a, keptA), ...inside];
  const rightSizes = [...inside, ...sizes(b, keptB)];
  const left = a
    .permute([...keptA, ...summedA])
    .expand(leftSizes)
    .reshape([numel(sizes(a, keptA)), numel(inside)]);
  const right = b
    .permute([...summedB, ...keptB])
    .expand(rightSizes)
    .reshape([numel(inside), numel(sizes(b, keptB))]);
  return matmul(left, right).reshape([...sizes(a, keptA), ...sizes(b, keptB)]);
}

/** Kronecker product: each element of a times all of b. */
export function kron(a: Tensor, b: Tensor): Tensor {
  const ndim = Math.max(a.ndim, b.ndim);
  const padded = (x: Tensor) => [...Array(ndim - x.ndim).fill(1), ...x.shape] as number[];
  const [sizeA, sizeB] = [padded(a), padded(b)];
  const left = a.reshape(sizeA.flatMap((size) => [size, 1]));
  const right = b.reshape(sizeB.flatMap((size) => [1, size]));
  return left.mul(right).reshape(sizeA.map((size, i) => size * (sizeB[i] as number)));
}

/** Sum of the main diagonal of a matrix. */
export function trace(x: Tensor): Tensor {
  expectDims('trace', 'x', x, 2);
  return x.diagonal().sum();
}
/** p-norm distances between the rows of a [..., P, M] and b [..., R, M]: [..., P, R]. */
export function cdist(a: Tensor, b: Tensor, { p = 2 }: { p?: number } = {}): Tensor {
  if (a.shape.at(-1) !== b.shape.at(-1)) {
    throw new ShapeError(`cdist: rows of ${a.shape.at(-1)} and ${b.shape.at(-1)} elements have no distance`);
  }
  return raised(a).unsqueeze(-2).sub(b.unsqueeze(-3)).vectorNorm({ ord: p, dim: -1 });
}
