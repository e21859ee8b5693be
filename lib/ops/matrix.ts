// SPDX-License-Identifier: MIT
import { zeros } from '../creation.js';
import { ArgumentRangeError, ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { normalizeDim } from './define.js';

/** Where diagonals go. */
export interface DiagonalOptions {
  /** Above (positive) or below the main diagonal. Default 0. */
  offset?: number;
  /** Rows' dimension. */
  dim1?: number;
  /** Columns' dimension. */
  dim2?: number;
}

/** Matrices with the last dimension of `x` on a diagonal and 0 elsewhere, in dimensions `dim1` and `dim2` (the last two). */
export function diagEmbed(x: Tensor, { offset = 0, dim1 = -2, dim2 = -1 }: DiagonalOptions = {}): Tensor {
  if (x.ndim === 0) throw new ShapeError('diagEmbed: expected at least 1 dimension, got a scalar');
  const rows = normalizeDim('diagEmbed', dim1, x.ndim + 1);
  const cols = normalizeDim('diagEmbed', dim2, x.ndim + 1);
  if (rows === cols) throw new ArgumentRangeError(`diagEmbed: dim1 and dim2 are both ${rows}`);
  const size = x.size(-1) + Math.abs(offset);
  const [first, second] = [Math.min(rows, cols), Math.max(rows, cols)];
  const shape = x.shape.slice(0, -1).toSpliced(first, 0, size).toSpliced(second, 0, size);
  const result = zeros(shape, { dtype: x.dtype });
  result.diagonal({ offset, dim1: rows, dim2: cols }).copy_(x);
  return result;
}

/** The diagonal of a matrix, or the matrix with a vector on its diagonal. */
export function diag(x: Tensor, offset = 0): Tensor {
  if (x.ndim !== 1 && x.ndim !== 2)
    throw new ShapeError(`diag: expected 1 or 2 dimensions, got shape [${x.shape.join(', ')}]`);
  return x.ndim === 1 ? diagEmbed(x, { offset }) : x.diagonal({ offset }).clone();
}
