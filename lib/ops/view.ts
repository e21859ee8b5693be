// SPDX-License-Identifier: MIT
import type { DType } from '../dtype.js';
import { ArgumentRangeError, DeviceError, ShapeError } from '../errors.js';
import { raw } from '../raw.js';
import { type Device, fromHandle, handleOf, type Tensor } from '../tensor.js';
import { cast as castTo, normalizeDim } from './define.js';

// Views share memory with their argument; reshape, contiguous and clone copy where they must.

const rawReshape = raw('reshape', 'x: Tensor, shape: int[] -> Tensor');
const rawView = raw('view', 'x: Tensor, shape: int[] -> Tensor');
const rawPermute = raw('permute', 'x: Tensor, dims: int[] -> Tensor');
const rawExpand = raw('expand', 'x: Tensor, shape: int[] -> Tensor');
const rawSlice = raw('slice', 'x: Tensor, dim: int, start: int?, stop: int?, step: int? -> Tensor');
const rawSelect = raw('select', 'x: Tensor, dim: int, index: int -> Tensor');
const rawDiagonal = raw('diagonal', 'x: Tensor, offset: int, dim1: int, dim2: int -> Tensor');
const rawUnfold = raw('unfold', 'x: Tensor, dim: int, size: int, step: int -> Tensor');
const rawAsStrided = raw('as_strided', 'x: Tensor, shape: int[], strides: int[], offset: int -> Tensor');
const rawClone = raw('clone', 'x: Tensor -> Tensor');

/** The same elements in another shape (one size may be -1); a view where strides allow, else a copy. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  return fromHandle(rawReshape(handleOf(x, 'reshape'), shape));
}
/** The same memory in another shape. @throws ShapeError where only a copy would do. */
export function view(x: Tensor, shape: readonly number[]): Tensor {
  return fromHandle(rawView(handleOf(x, 'view'), shape));
}
/** `view` with the shape of another tensor. */
export function viewAs(x: Tensor, other: Tensor): Tensor {
  return view(x, other.shape);
}
/** `reshape` with the shape of another tensor. */
export function reshapeAs(x: Tensor, other: Tensor): Tensor {
  return reshape(x, other.shape);
}
/** Dimensions in another order. */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  return fromHandle(rawPermute(handleOf(x, 'permute'), dims));
}
/** Two dimensions exchanged. */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  const { ndim } = x;
  const a = normalizeDim('transpose', dim0, ndim);
  const b = normalizeDim('transpose', dim1, ndim);
  const dims = Array.from({ length: ndim }, (_, i) => (i === a ? b : i === b ? a : i));
  return permute(x, dims);
}
/** Transpose of a matrix; vectors and scalars as they are. */
export function t(x: Tensor): Tensor {
  if (x.ndim > 2) throw new ShapeError(`t: expected at most 2 dimensions, got shape [${x.shape.join(', ')}]`);
  return x.ndim === 2
    ? permute(x, [1, 0])
    : permute(
        x,
        x.shape.map((_, i) => i),
      );
}
/** Dimensions moved to other positions, the rest in order. */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const from = [source].flat().map((d) => normalizeDim('movedim', d as number, x.ndim));
  const to = [destination].flat().map((d) => normalizeDim('movedim', d as number, x.ndim));
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
    throw new ShapeError(`movedim: source [${from}] and destination [${to}] must be distinct dimensions, one to one`);
  }
  const order: (number | undefined)[] = Array(x.ndim).fill(undefined);
  to.forEach((d, i) => {
    order[d] = from[i];
  });
  const rest = x.shape.map((_, i) => i).filter((i) => !from.includes(i));
  return permute(
    x,
    order.map((d) => d ?? (rest.shift() as number)),
  );
}
/** Dimensions of size 1 (and new leading ones) repeated without a copy; -1 keeps a size. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  return fromHandle(rawExpand(handleOf(x, 'expand'), shape));
}
/** `expand` to the shape of another tensor. */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  return expand(x, other.shape);
}
/** `expand`, under NumPy's name. */
export function broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
  return expand(x, shape);
}
/** A new dimension of size 1 at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  const at = normalizeDim('unsqueeze', dim, x.ndim + 1);
  return reshape(x, x.shape.toSpliced(at, 0, 1));
}
/** Without dimensions of size 1: all, or the given ones where their size is 1. */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  const dims = dim === undefined ? undefined : [dim].flat().map((d) => normalizeDim('squeeze', d as number, x.ndim));
  return reshape(
    x,
    x.shape.filter((size, i) => size !== 1 || (dims !== undefined && !dims.includes(i))),
  );
}
/** Dimensions startDim … endDim as one. */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  if (x.ndim === 0) return reshape(x, [1]);
  const a = normalizeDim('flatten', startDim, x.ndim);
  const b = normalizeDim('flatten', endDim, x.ndim);
  if (a > b) throw new ArgumentRangeError(`flatten: startDim ${startDim} comes after endDim ${endDim}`);
  const merged = x.shape.slice(a, b + 1).reduce((n, size) => n * size, 1);
  return reshape(x, [...x.shape.slice(0, a), merged, ...x.shape.slice(b + 1)]);
}
/** All elements in one dimension. */
export function ravel(x: Tensor): Tensor {
  return reshape(x, [x.numel()]);
}
/** One dimension split into several; one of the sizes may be -1. */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  const at = normalizeDim('unflatten', dim, x.ndim);
  const size = x.shape[at] as number;
  const known = sizes.reduce((n, s) => (s === -1 ? n : n * s), 1);
  const filled = sizes.map((s) => (s === -1 ? size / known : s));
  if (filled.reduce((n, s) => n * s, 1) !== size || filled.some((s) => !Number.isInteger(s) || s < 0)) {
    throw new ShapeError(`unflatten: size ${size} of dimension ${at} cannot become [${sizes.join(', ')}]`);
  }
  return reshape(x, x.shape.toSpliced(at, 1, ...filled));
}
/** Elements start, start + step, … before stop along `dim`; as Python's slices, and steps may be negative. */
export function slice(x: Tensor, dim: number, start?: number, stop?: number, step?: number): Tensor {
  return fromHandle(rawSlice(handleOf(x, 'slice'), dim, start, stop, step));
}
/** `length` elements from `start` along `dim`. */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const size = x.size(normalizeDim('narrow', dim, x.ndim));
  const from = start < 0 ? start + size : start;
  if (!(from >= 0 && length >= 0 && from + length <= size)) {
    throw new ArgumentRangeError(`narrow: start ${start} and length ${length} leave dimension ${dim} of size ${size}`);
  }
  return slice(x, dim, from, from + length);
}
/** Element `index` along `dim`, which goes away. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  return fromHandle(rawSelect(handleOf(x, 'select'), dim, index));
}
/** The diagonal of two dimensions, as a new last one. */
export function diagonal(
  x: Tensor,
  { offset = 0, dim1 = 0, dim2 = 1 }: { offset?: number; dim1?: number; dim2?: number } = {},
): Tensor {
  return fromHandle(rawDiagonal(handleOf(x, 'diagonal'), offset, dim1, dim2));
}
/** All windows of `size` elements, `step` apart, along `dim`; the window becomes a new last dimension. */
export function unfold(x: Tensor, dim: number, size: number, step: number): Tensor {
  return fromHandle(rawUnfold(handleOf(x, 'unfold'), dim, size, step));
}
/** Any strided view of the tensor's storage. */
export function asStrided(
  x: Tensor,
  shape: readonly number[],
  strides: readonly number[],
  offset = x.storageOffset,
): Tensor {
  return fromHandle(rawAsStrided(handleOf(x, 'asStrided'), shape, strides, offset));
}
/** A copy with its own memory. */
export function clone(x: Tensor): Tensor {
  return fromHandle(rawClone(handleOf(x, 'clone')));
}
/** Row-major without gaps: the same tensor, or a copy. */
export function contiguous(x: Tensor): Tensor {
  return x.isContiguous() ? x : clone(x);
}
/** In another dtype, or on another device; the same tensor where nothing changes. */
export function to(x: Tensor, target: DType | Device): Tensor {
  if (target === 'cpu') return x;
  if (target === 'cuda') throw new DeviceError('to: this build has no CUDA support; tensors live on the CPU');
  return castTo(x, target);
}
/** In another dtype, under TensorFlow's name; the same tensor if it has it already. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return castTo(x, dtype);
}
/** In the dtype of another tensor. */
export function typeAs(x: Tensor, other: Tensor): Tensor {
  return castTo(x, other.dtype);
}
/** The two outer dimensions of each tensor read along another: like `x[dim].split` in views of `size` each. */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
  const at = normalizeDim('split', dim, x.ndim);
  const total = x.size(at);
  if (typeof size === 'number' && !(Number.isInteger(size) && size > 0)) {
    throw new ArgumentRangeError(`split: size: expected a positive integer, got ${size}`);
  }
  const sizes =
    typeof size === 'number'
      ? Array.from({ length: Math.max(1, Math.ceil(total / size)) }, (_, i) => Math.min(size, total - i * size))
      : size;
  if (sizes.reduce((n, s) => n + s, 0) !== total || sizes.some((s) => !(s >= 0))) {
    throw new ShapeError(`split: sizes ${JSON.stringify(size)} do not add up to ${total}, the size of dimension ${at}`);
  }
  let start = 0;
  return sizes.map((s) => {
    start += s;
    return narrow(x, at, start - s, s);
  });
}
/** At most `chunks` parts of equal size (the last may be smaller). */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  if (!(Number.isInteger(chunks) && chunks > 0)) {
    throw new ArgumentRangeError(`chunk: expected a positive number of chunks, got ${chunks}`);
  }
  const total = x.size(normalizeDim('chunk', dim, x.ndim));
  return split(x, Math.max(1, Math.ceil(total / chunks)), dim);
}
/** The slices along `dim`. */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  return Array.from({ length: x.size(normalizeDim('unbind', dim, x.ndim)) }, (_, i) => select(x, dim, i));
}
