// SPDX-License-Identifier: MIT
import { type DType, isFloatingPoint } from '../dtype.js';
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import * as core from '../index.js';
import { type Tensor, where } from '../index.js';
import { type Operand, toIndices, toTensor } from './convert.js';

/** Options of what makes a tensor. */
export interface CreateOptions {
  /** Element type. Default float32. */
  dtype?: DType | undefined;
}

/**
 * A tensor with a copy of the value. Numbers give float32 (a JavaScript 3 may be Python's 3.0), booleans bool, bigints
 * int64, typed arrays their own; integers from numbers take `dtype`: `constant([0, 1], { dtype: 'int64' })`.
 * @param options shape: one value is repeated, several are put in this shape
 */
export function constant(
  value: Operand,
  { dtype, shape }: CreateOptions & { shape?: readonly number[] | undefined } = {},
): Tensor {
  const given = toTensor(value, 'constant', dtype);
  const made = dtype ? given.to(dtype) : given;
  const own = made === value ? made.clone() : made;
  if (shape === undefined) return own;
  return own.numel() === 1 ? own.reshape([]).expand(shape).clone() : own.reshape(shape);
}
/** The same tensor, or one made of numbers as {@link constant} does. */
export function convertToTensor(value: Operand, { dtype }: CreateOptions = {}): Tensor {
  const x = toTensor(value, 'convertToTensor', dtype);
  return dtype ? x.to(dtype) : x;
}
/** In another dtype; floats are truncated to integers. */
export function cast(x: Operand, dtype: DType): Tensor {
  if (typeof dtype !== 'string') throw new ArgumentTypeError(`cast: dtype: expected a name, got ${typeof dtype}`);
  return toTensor(x, 'cast').to(dtype);
}
/** Zeros. */
export function zeros(shape: readonly number[], { dtype = 'float32' }: CreateOptions = {}): Tensor {
  return core.zeros(shape, { dtype });
}
/** Ones. */
export function ones(shape: readonly number[], { dtype = 'float32' }: CreateOptions = {}): Tensor {
  return core.ones(shape, { dtype });
}
/** Zeros in the shape and, unless given, the dtype of another tensor. */
export function zerosLike(x: Operand, { dtype }: CreateOptions = {}): Tensor {
  return core.zerosLike(toTensor(x, 'zerosLike'), { dtype });
}
/** Ones in the shape and, unless given, the dtype of another tensor. */
export function onesLike(x: Operand, { dtype }: CreateOptions = {}): Tensor {
  return core.onesLike(toTensor(x, 'onesLike'), { dtype });
}
/** One value everywhere. */
export function fill(dims: readonly number[], value: number | bigint | boolean | Tensor): Tensor {
  return toTensor(value, 'fill: value').reshape([]).expand(dims).clone();
}
/** start, start + delta, … before limit: `range(limit)` or `range(start, limit, { delta })`; whole numbers give int64. */
export function range(
  start: number,
  limit?: number,
  { delta = 1, dtype }: CreateOptions & { delta?: number } = {},
): Tensor {
  return core.arange(start, limit, { step: delta, dtype });
}
/** `num` numbers from start to stop, both included. */
export function linspace(start: number, stop: number, num: number, { dtype = 'float32' }: CreateOptions = {}): Tensor {
  return core.linspace(start, stop, num, { dtype });
}
/** Ones on the diagonal of an otherwise empty matrix, or a stack of them. */
export function eye(
  numRows: number,
  {
    numColumns = numRows,
    batchShape = [],
    dtype = 'float32',
  }: CreateOptions & { numColumns?: number | undefined; batchShape?: readonly number[] | undefined } = {},
): Tensor {
  const matrix = core.eye(numRows, numColumns, { dtype });
  return batchShape.length ? matrix.expand([...batchShape, numRows, numColumns]).clone() : matrix;
}
/** Options of {@link oneHot}. */
export interface OneHotOptions extends CreateOptions {
  /** At the index. Default 1. */
  onValue?: number | undefined;
  /** Elsewhere. Default 0. */
  offValue?: number | undefined;
  /** The new dimension. Default -1, the last. */
  axis?: number | undefined;
}
/** A new dimension of size `depth` with `onValue` at the index; an index outside of it gives `offValue` everywhere. */
export function oneHot(indices: Operand, depth: number, options: OneHotOptions = {}): Tensor {
  const { onValue = 1, offValue = 0, axis = -1, dtype = 'float32' } = options;
  const at = toIndices(indices, 'oneHot: indices');
  if (isFloatingPoint(at.dtype)) throw new ArgumentTypeError(`oneHot: indices: expected integers, got ${at.dtype}`);
  if (!(Number.isInteger(depth) && depth >= 0)) {
    throw new ArgumentRangeError(`oneHot: depth: expected a whole number, got ${depth}`);
  }
  const place = axis < 0 ? axis + at.ndim + 1 : axis;
  const classes = core.arange(depth).reshape(Array.from({ length: at.ndim + 1 }, (_, d) => (d === place ? -1 : 1)));
  const isOn = at.unsqueeze(place).eq(classes);
  return where(isOn, core.scalar(onValue, dtype), core.scalar(offValue, dtype));
}
/** A copy with memory of its own. */
export function identity(x: Operand): Tensor {
  return toTensor(x, 'identity').clone();
}
/** The same values, as a constant to every tape. */
export function stopGradient(x: Operand): Tensor {
  return toTensor(x, 'stopGradient').detach();
}
/** A lower-triangular mask of the first `length` places for each length: `[..., maxlen]`, bool unless `dtype`. */
export function sequenceMask(
  lengths: Operand,
  { maxlen, dtype = 'bool' }: CreateOptions & { maxlen?: number | undefined } = {},
): Tensor {
  const given = toIndices(lengths, 'sequenceMask');
  if (maxlen === undefined && given.numel() === 0) throw new ShapeError('sequenceMask: no lengths and no maxlen');
  const size = maxlen ?? Math.max(0, given.amax().item());
  return core.arange(size).lt(given.unsqueeze(-1)).to(dtype);
}
