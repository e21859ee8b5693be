// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import * as core from '../index.js';
import { Tensor } from '../index.js';
import { normalizeDim } from '../ops/define.js';
import { type Operand, operands, toIndices, toTensor } from './convert.js';
import { type AxisOr, withAxis } from './define.js';

// Shapes changed, tensors joined, taken apart, indexed and reordered.

type Axes = number | readonly number[];

const tensorsOf = (values: readonly Operand[], what: string): Tensor[] => {
  if (!Array.isArray(values)) throw new ArgumentTypeError(`${what}: expected an array of tensors`);
  return values.map((x, i) => toTensor(x, `${what}[${i}]`));
};

/** Sizes of the dimensions, as int64. */
export function shape(x: Operand): Tensor {
  return core.tensor([...toTensor(x, 'shape').shape], { dtype: 'int64' });
}
/** Number of dimensions, as an int64 scalar. */
export function rank(x: Operand): Tensor {
  return core.tensor(toTensor(x, 'rank').ndim, { dtype: 'int64' });
}
/** Number of elements, as an int64 scalar. */
export function size(x: Operand): Tensor {
  return core.tensor(toTensor(x, 'size').numel(), { dtype: 'int64' });
}
/** The same elements in another shape; one size may be -1. */
export function reshape(x: Operand, shape: readonly number[]): Tensor {
  return toTensor(x, 'reshape').reshape(shape);
}
/** Dimensions in another order; without `perm` in the opposite one. */
export function transpose(x: Operand, perm?: readonly number[]): Tensor {
  const input = toTensor(x, 'transpose');
  return input.permute(perm ?? input.shape.map((_, i) => input.ndim - 1 - i));
}
/** A new dimension of size 1 at `axis`. */
export function expandDims(x: Operand, axis: number): Tensor {
  return toTensor(x, 'expandDims').unsqueeze(axis);
}
/** Without dimensions of size 1: all, or the given ones. @throws ShapeError if a given one is larger */
export function squeeze(x: Operand, options?: AxisOr<{ axis?: Axes | undefined }>): Tensor {
  const { axis } = withAxis<{ axis?: Axes | undefined }>(options);
  const input = toTensor(x, 'squeeze');
  for (const d of axis === undefined ? [] : ([axis].flat() as number[])) {
    if (input.size(d) !== 1) throw new ShapeError(`squeeze: axis ${d} of shape [${input.shape}] has not size 1`);
  }
  return input.squeeze(axis);
}
/** Dimensions of size 1 repeated without a copy. */
export function broadcastTo(x: Operand, shape: readonly number[]): Tensor {
  return toTensor(x, 'broadcastTo').expand(shape);
}
/** Tensors joined along a dimension they have. */
export function concat(values: readonly Operand[], axis: number): Tensor {
  return core.cat(tensorsOf(values, 'concat: values'), axis);
}
/** Tensors of one shape along a new dimension. */
export function stack(values: readonly Operand[], options?: AxisOr<{ axis?: number }>): Tensor {
  const { axis = 0 } = withAxis<{ axis?: number }>(options);
  return core.stack(tensorsOf(values, 'stack: values'), axis);
}
/** The slices along `axis`. */
export function unstack(x: Operand, options?: AxisOr<{ axis?: number }>): Tensor[] {
  const { axis = 0 } = withAxis<{ axis?: number }>(options);
  return toTensor(x, 'unstack').unbind(axis);
}
/** A number of equal parts, or parts of the given sizes, along `axis`. */
export function split(
  x: Operand,
  numOrSizeSplits: number | readonly number[],
  options?: AxisOr<{ axis?: number }>,
): Tensor[] {
  const { axis = 0 } = withAxis<{ axis?: number }>(options);
  const input = toTensor(x, 'split');
  if (typeof numOrSizeSplits !== 'number') return input.split(numOrSizeSplits, axis);
  const total = input.size(axis);
  if (!(Number.isInteger(numOrSizeSplits) && numOrSizeSplits > 0 && total % numOrSizeSplits === 0)) {
    throw new ShapeError(`split: axis ${axis} of size ${total} cannot be split into ${numOrSizeSplits} equal parts`);
  }
  return total === 0 ? Array<Tensor>(numOrSizeSplits).fill(input) : input.split(total / numOrSizeSplits, axis);
}
/** Copies put side by side, `multiples[d]` along each dimension. */
export function tile(x: Operand, multiples: readonly number[]): Tensor {
  return toTensor(x, 'tile').repeat(multiples);
}
/** Each element (or slice along `axis`) as many times as `repeats` says. */
export function repeat(x: Operand, repeats: number | Tensor, options?: AxisOr<{ axis?: number | undefined }>): Tensor {
  const { axis } = withAxis<{ axis?: number | undefined }>(options);
  return toTensor(x, 'repeat').repeatInterleave(repeats, axis === undefined ? {} : { dim: axis });
}
/** Options of {@link pad}. */
export interface PadOptions {
  /** A constant; the tensor mirrored without its edge; mirrored with its edge. Default `'constant'`. */
  mode?: 'constant' | 'reflect' | 'symmetric' | undefined;
  /** The constant. Default 0. */
  constantValues?: number | undefined;
}
/** A border of `paddings[d] = [before, after]` elements around each dimension. */
export function pad(
  x: Operand,
  paddings: readonly (readonly [number, number])[],
  { mode = 'constant', constantValues = 0 }: PadOptions = {},
): Tensor {
  const input = toTensor(x, 'pad');
  const fits = (pair: readonly [number, number]) => pair?.[0] >= 0 && pair[1] >= 0;
  if (!Array.isArray(paddings) || paddings.length !== input.ndim || !paddings.every(fits)) {
    throw new ShapeError(`pad: paddings: expected ${input.ndim} pairs of at least 0 for shape [${input.shape}]`);
  }
  if (mode === 'symmetric') return paddings.reduce<Tensor>((y, pair, dim) => padSymmetric(y, dim, pair), input);
  if (mode !== 'constant' && mode !== 'reflect') {
    throw new ArgumentRangeError(`pad: mode: expected 'constant', 'reflect' or 'symmetric', got ${String(mode)}`);
  }
  const used = paddings.findIndex((pair) => pair.some((n: number) => n > 0));
  const pairs = mode === 'reflect' ? paddings.slice(Math.max(used, 0)) : paddings;
  return used < 0 ? input.clone() : input.pad([...pairs].reverse().flat(), { mode, value: constantValues });
}
function padSymmetric(x: Tensor, dim: number, [before, after]: readonly [number, number]): Tensor {
  const length = x.size(dim);
  if (Math.max(before, after) > length) {
    throw new ShapeError(`pad: mode 'symmetric' cannot add ${before} and ${after} to dimension ${dim} of ${length}`);
  }
  return core.cat([x.narrow(dim, 0, before).flip(dim), x, x.narrow(dim, length - after, after).flip(dim)], dim);
}
/** The order along the given dimensions reversed. */
export function reverse(x: Operand, axis: Axes): Tensor {
  return toTensor(x, 'reverse').flip(axis);
}
/** Elements moved along dimensions, those that leave coming in at the other end. */
export function roll(x: Operand, shift: Axes, axis: Axes): Tensor {
  return toTensor(x, 'roll').roll(shift, axis);
}
/** The `size` elements (-1: the rest) from `begin` in each dimension. */
export function slice(x: Operand, begin: readonly number[], size: readonly number[]): Tensor {
  const input = toTensor(x, 'slice');
  if (begin?.length !== input.ndim || size?.length !== input.ndim) {
    throw new ShapeError(
      `slice: expected ${input.ndim} numbers in begin and size, got ${begin?.length}, ${size?.length}`,
    );
  }
  return begin.reduce((y, from, d) => {
    const count = size[d] === -1 ? input.size(d) - from : (size[d] as number);
    return y.narrow(d, from, count);
  }, input);
}
/** Elements begin, begin + stride, … before end in each of the first dimensions; negative ones count from the end. */
export function stridedSlice(
  x: Operand,
  begin: readonly number[],
  end: readonly number[],
  strides: readonly number[] = begin.map(() => 1),
): Tensor {
  const input = toTensor(x, 'stridedSlice');
  if (begin.length > input.ndim || end.length !== begin.length || strides.length !== begin.length) {
    throw new ShapeError(
      `stridedSlice: got ${begin.length}, ${end.length} and ${strides.length} numbers for shape [${input.shape}]`,
    );
  }
  return begin.reduce((y, from, d) => y.slice(d, from, end[d], strides[d]), input);
}
/** Options of {@link gather}. */
export interface GatherOptions {
  /** The dimension that `indices` count in. Default 0, or `batchDims`. */
  axis?: number | undefined;
  /** So many leading dimensions of both go one to one. Default 0. */
  batchDims?: number | undefined;
}
/** The slices of `params` along `axis` that `indices` name; the index's dimensions take the place of that one. */
export function gather(
  params: Operand,
  indices: Operand,
  { batchDims = 0, axis = batchDims }: GatherOptions = {},
): Tensor {
  const from = toTensor(params, 'gather: params');
  const at = toIndices(indices, 'gather: indices');
  const dim = normalizeDim('gather', axis, from.ndim);
  if (batchDims !== 0) return gatherBatches(from, at, batchDims, dim);
  const found = from.indexSelect(dim, at.ravel());
  return found.reshape([...from.shape.slice(0, dim), ...at.shape, ...from.shape.slice(dim + 1)]);
}
function gatherBatches(from: Tensor, at: Tensor, batchDims: number, dim: number): Tensor {
  if (!(Number.isInteger(batchDims) && batchDims > 0 && batchDims <= Math.min(at.ndim, dim))) {
    throw new ArgumentRangeError(`gather: batchDims: ${batchDims} does not fit axis ${dim} and ${at.ndim} dimensions`);
  }
  const own = at.shape.slice(batchDims);
  const count = own.reduce((n, s) => n * s, 1);
  const outside = from.shape.map((s, d) => (d < batchDims ? s : d === dim ? count : 1));
  const whole = from.shape.with(dim, count);
  const found = from.gather(dim, at.reshape(outside).expand(whole));
  return found.reshape([...from.shape.slice(0, dim), ...own, ...from.shape.slice(dim + 1)]);
}
/** The last dimension of the indices, one vector for each dimension of x that it counts in. */
function coordinates(op: string, indices: Operand, ndim: number): Tensor[] {
  const at = toIndices(indices, `${op}: indices`);
  const depth = at.shape.at(-1) ?? 0;
  if (at.ndim === 0 || depth > ndim) {
    throw new ShapeError(`${op}: indices of shape [${at.shape}] count in ${depth} of ${ndim} dimensions`);
  }
  return at.to('int64').unbind(-1);
}
/** Elements or slices at the coordinates in the last dimension of `indices`. */
export function gatherNd(params: Operand, indices: Operand): Tensor {
  const from = toTensor(params, 'gatherNd: params');
  const at = coordinates('gatherNd', indices, from.ndim);
  if (at.length > 0) return from.index(...at);
  const outside = toIndices(indices, 'gatherNd').shape.slice(0, -1);
  return from.expand([...outside, ...from.shape]);
}
function put(op: string, x: Tensor, indices: Operand, updates: Operand, accumulate: boolean): Tensor {
  const at = coordinates(op, indices, x.ndim);
  if (at.length === 0) throw new ShapeError(`${op}: indices: expected coordinates in the last dimension, got none`);
  const values = operands(x, updates, op)[1];
  return x.indexPut(at, values instanceof Tensor ? values.to(x.dtype) : values, { accumulate });
}
/** Zeros of `shape` with `updates` added at the coordinates in the last dimension of `indices`. */
export function scatterNd(indices: Operand, updates: Operand, shape: readonly number[]): Tensor {
  const values = toTensor(updates, 'scatterNd: updates');
  return put('scatterNd', core.zeros(shape, { dtype: values.dtype }), indices, values, true);
}
/** A copy of `tensor` with `updates` in place of what is at the coordinates. */
export function tensorScatterNdUpdate(tensor: Operand, indices: Operand, updates: Operand): Tensor {
  return put('tensorScatterNdUpdate', toTensor(tensor, 'tensorScatterNdUpdate'), indices, updates, false);
}
/** A copy of `tensor` with `updates` added at the coordinates. */
export function tensorScatterNdAdd(tensor: Operand, indices: Operand, updates: Operand): Tensor {
  return put('tensorScatterNdAdd', toTensor(tensor, 'tensorScatterNdAdd'), indices, updates, true);
}
/** From `x` where `condition` holds, else from `y`; alone: the coordinates where it holds, (count, ndim) int64. */
export function where(condition: Operand, x?: Operand, y?: Operand): Tensor {
  const given = toTensor(condition, 'where: condition');
  const isTrue = given.dtype === 'bool' ? given : given.ne(0);
  if (x === undefined && y === undefined) return isTrue.nonzero();
  if (x === undefined || y === undefined) throw new ArgumentTypeError('where: x and y go together');
  return core.where(isTrue, ...operands(x, y, 'where'));
}
/** The elements, or slices along the first dimensions, where `mask` holds. */
export function booleanMask(x: Operand, mask: Operand): Tensor {
  const input = toTensor(x, 'booleanMask');
  const isTrue = toTensor(mask, 'booleanMask: mask');
  if (isTrue.dtype !== 'bool') throw new ArgumentTypeError(`booleanMask: mask: expected bool, got ${isTrue.dtype}`);
  return input.index(isTrue);
}
/** The elements in order along `axis`, from the smallest up or, with `'descending'`, down. */
export function sort(x: Operand, options: SortOptions = {}): Tensor {
  return core.sort(toTensor(x, 'sort'), ...sortArgs('sort', options)).values;
}
/** Where the elements in order are, as int64. */
export function argsort(x: Operand, options: SortOptions = {}): Tensor {
  return core.argsort(toTensor(x, 'argsort'), ...sortArgs('argsort', options));
}
/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Default -1, the last. */
  axis?: number | undefined;
  /** Default `'ascending'`. */
  direction?: 'ascending' | 'descending' | undefined;
}
function sortArgs(op: string, { axis = -1, direction = 'ascending' }: SortOptions): [number, { descending: boolean }] {
  if (direction === 'ascending' || direction === 'descending')
    return [axis, { descending: direction === 'descending' }];
  throw new ArgumentRangeError(`${op}: direction: expected 'ascending' or 'descending', got ${String(direction)}`);
}
/** Where each value would go into a sorted last dimension: before equal ones (`'left'`) or after, as int64. */
export function searchsorted(
  sortedSequence: Operand,
  values: Operand,
  { side = 'left' }: { side?: 'left' | 'right' } = {},
): Tensor {
  const sequence = toTensor(sortedSequence, 'searchsorted');
  return core.searchsorted(sequence, toTensor(values, 'searchsorted: values'), { side });
}
/** The distinct elements of a vector in order of first occurrence, and for each element which of them it is (int64). */
export function unique(x: Operand): { y: Tensor; idx: Tensor } {
  const input = toTensor(x, 'unique');
  if (input.ndim !== 1) throw new ShapeError(`unique: expected a vector, got shape [${input.shape}]`);
  const { values, inverse } = core.unique(input, { returnInverse: true }) as { values: Tensor; inverse: Tensor };
  const positions = core.arange(input.numel());
  const first = core.full([values.numel()], input.numel()).scatterReduce(0, inverse, positions, 'amin');
  const order = first.argsort();
  return { y: values.indexSelect(0, order), idx: order.argsort().indexSelect(0, inverse) };
}
/** A grid of coordinates from vectors; `'xy'` (the default) exchanges the first two dimensions. */
export function meshgrid(vectors: readonly Operand[], { indexing = 'xy' }: { indexing?: 'xy' | 'ij' } = {}): Tensor[] {
  return core.meshgrid(tensorsOf(vectors, 'meshgrid'), { indexing });
}
