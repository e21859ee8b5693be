// SPDX-License-Identifier: MIT
import { ShapeError } from '../errors.js';
import type { Tensor } from '../index.js';
import * as core from '../index.js';
import { type Operand, operands, toTensor } from './convert.js';
import { binaryOfTensors, unary } from './define.js';

export { eye } from './create.js';
export { l2Normalize } from './math.js';

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** Transpose the last two dimensions of `a` first. Default false. */
  transposeA?: boolean | undefined;
  /** Transpose the last two dimensions of `b` first. Default false. */
  transposeB?: boolean | undefined;
}
/** Product of matrices [..., n, k] and [..., k, m]; leading dimensions broadcast. @throws ShapeError for vectors */
export function matmul(a: Operand, b: Operand, { transposeA, transposeB }: MatmulOptions = {}): Tensor {
  const [x, y] = operands(a, b, 'matmul').map((v) => toTensor(v, 'matmul')) as [Tensor, Tensor];
  if (x.ndim < 2 || y.ndim < 2) {
    throw new ShapeError(`matmul: expected matrices, got shapes [${x.shape}] and [${y.shape}]; see matvec, tensordot`);
  }
  return core.matmul(transposeA ? matrixTranspose(x) : x, transposeB ? matrixTranspose(y) : y);
}
/** Product of a matrix [..., n, k] and a vector [..., k]. */
export function matvec(a: Operand, b: Operand, { transposeA }: Pick<MatmulOptions, 'transposeA'> = {}): Tensor {
  return matmul(a, toTensor(b, 'matvec').unsqueeze(-1), { transposeA }).squeeze(-1);
}
/** The last two dimensions exchanged. */
export const matrixTranspose = unary('matrixTranspose', (x) => x.transpose(-2, -1));
/** Sum of products over `axes`: a number of dimensions, or the dimensions of `a` and of `b`. */
export function tensordot(
  a: Operand,
  b: Operand,
  axes: number | readonly [number | readonly number[], number | readonly number[]],
): Tensor {
  const [x, y] = operands(a, b, 'tensordot').map((v) => toTensor(v, 'tensordot')) as [Tensor, Tensor];
  if (typeof axes === 'number') return core.tensordot(x, y, axes);
  const [left, right] = [...axes].map((d) => [d].flat() as number[]) as [number[], number[]];
  return core.tensordot(x, y, [left, right]);
}
/** Sum of products by labels: `einsum('bij,bjk->bik', a, b)`. */
export function einsum(equation: string, ...inputs: readonly Operand[]): Tensor {
  return core.einsum(
    equation,
    inputs.map((x, i) => toTensor(x, `einsum: input ${i}`)),
  );
}
/** Options of {@link norm}. */
export interface NormOptions {
  /** 2 (Euclid or Frobenius, the default), 1, ∞, or another power. */
  ord?: number | 'euclidean' | 'fro' | undefined;
  /** One dimension for vectors, two for matrices. Default: all elements as one vector. */
  axis?: number | readonly [number, number] | undefined;
  /** Default false. */
  keepdims?: boolean | undefined;
}
/** Norm of all elements, or of the vectors or matrices in `axis`. */
export function norm(x: Operand, { ord = 'euclidean', axis, keepdims = false }: NormOptions = {}): Tensor {
  const input = toTensor(x, 'norm');
  const isEuclid = ord === 'euclidean' || ord === 'fro';
  const options = { dim: axis, keepdim: keepdims };
  if (!isEuclid && typeof axis === 'object') {
    return core.linalg.matrixNorm(input, { ord, dim: [axis[0], axis[1]], keepdim: keepdims });
  }
  return core.linalg.vectorNorm(input, { ...options, ord: isEuclid ? 2 : ord });
}
/** Sum of the main diagonal of the last two dimensions. */
export const trace = unary('trace', (x) => x.diagonal({ dim1: -2, dim2: -1 }).sum(-1));
/** Matrices with the last dimension on their diagonal. */
export const diag = unary('diag', (x) => core.diagEmbed(x));
/** The main diagonals of matrices. */
export const diagPart = unary('diagPart', (x) => x.diagonal({ dim1: -2, dim2: -1 }).clone());
/** Cross product of 3-vectors in the last dimension. */
export const cross = binaryOfTensors('cross', (x, y) => core.linalg.cross(x, y));
/** What lies at most `numLower` below and `numUpper` above the main diagonal (-1: all of it), 0 elsewhere. */
export function bandPart(x: Operand, numLower: number, numUpper: number): Tensor {
  const input = toTensor(x, 'bandPart');
  const lower = numLower < 0 ? input : input.triu(-numLower);
  return numUpper < 0 ? lower : lower.tril(numUpper);
}
