// SPDX-License-Identifier: MIT
import { tensor, zeros } from '../creation.js';
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { mul } from '../ops.js';
import { raw, rawFunction } from '../raw.js';
import { fromHandle, handleOf, scalarOf, Tensor, type TensorLike } from '../tensor.js';
import { cast, normalizeDim } from './define.js';
import { broadcastTensors, stack } from './join.js';
import * as views from './view.js';

// NumPy's indexing, and reading and writing whole slices by index.

const rawIndex = raw('index', 'x: Tensor, indices: Tensor, dim: int -> Tensor');
const rawIndexSelect = raw('index_select', 'x: Tensor, dim: int, index: Tensor -> Tensor');
const rawIndexPut = raw(
  'index_put',
  'x: Tensor, indices: Tensor, values: Scalar, dim: int, accumulate: bool -> Tensor',
);
const rawIndexPut_ = rawFunction<typeof rawIndexPut>('index_put_');
const rawNonzero = raw('nonzero', 'x: Tensor -> Tensor');

/** Elements start, start + step, … before stop; see {@link slice}. */
export interface Slice {
  readonly start?: number | undefined;
  readonly stop?: number | undefined;
  readonly step?: number | undefined;
}
/** Python's `start:stop:step` in {@link index}: negative positions count from the end, negative steps run backwards. */
export function slice(start?: number, stop?: number, step?: number): Slice {
  return { start, stop, step };
}

/**
 * One entry of an index: a position (the dimension goes away), a {@link slice}, `null` for a new dimension, `'...'`
 * for all dimensions not named, positions as an array or an integer tensor, or a bool tensor (or array) that selects
 * where it is true.
 */
export type Index = number | null | '...' | Slice | Tensor | readonly number[] | readonly boolean[];

/** A view after the plain entries, and what is left: stacked index tensors for dimensions from `dim` on. */
interface Selection {
  view: Tensor;
  dim: number;
  indices: Tensor | undefined;
}

function entryTensor(op: string, entry: Index): Tensor | undefined {
  if (entry instanceof Tensor) return entry;
  if (!Array.isArray(entry)) return undefined;
  const isMask = typeof entry[0] === 'boolean';
  const bad = entry.find((v) => (isMask ? typeof v !== 'boolean' : !Number.isInteger(v)));
  if (bad !== undefined)
    throw new ArgumentTypeError(`${op}: expected integers or booleans in an index array, got ${String(bad)}`);
  return tensor(entry as number[], { dtype: isMask ? 'bool' : 'int64' });
}

/** Dimensions that an entry uses up. */
function dimsOf(entry: Index): number {
  if (entry === null || entry === '...') return 0;
  return entry instanceof Tensor && entry.dtype === 'bool' ? entry.ndim : 1;
}

function maskIndices(op: string, view: Tensor, dim: number, mask: Tensor): Tensor[] {
  const covered = view.shape.slice(dim, dim + mask.ndim);
  if (mask.ndim === 0 || covered.some((size, d) => size !== mask.shape[d])) {
    throw new ShapeError(
      `${op}: a mask of shape [${mask.shape.join(', ')}] does not fit dimensions ${dim} to ${dim + mask.ndim - 1} of shape [${view.shape.join(', ')}]`,
    );
  }
  return views.unbind(fromHandle(rawNonzero(handleOf(mask))), 1);
}

function plainEntry(op: string, view: Tensor, dim: number, entry: Index): Tensor {
  if (entry === null) return views.unsqueeze(view, dim);
  if (typeof entry === 'number') return views.select(view, dim, entry);
  if (typeof entry === 'object' && Object.keys(entry).every((key) => ['start', 'stop', 'step'].includes(key))) {
    const { start, stop, step } = entry as Slice;
    return views.slice(view, dim, start, stop, step);
  }
  throw new ArgumentTypeError(
    `${op}: expected a number, null, '...', a slice, an array or a tensor, got ${String(entry)}`,
  );
}

function resolve(op: string, x: Tensor, entries: readonly Index[]): Selection {
  const used = entries.reduce<number>((n, entry) => n + dimsOf(entry), 0);
  if (used > x.ndim) {
    throw new ArgumentRangeError(`${op}: ${used} dimensions are indexed, but the shape is [${x.shape.join(', ')}]`);
  }
  if (entries.filter((entry) => entry === '...').length > 1) {
    throw new ArgumentRangeError(`${op}: '...' may appear only once`);
  }
  let view = x;
  let dim = 0;
  const dims: number[] = [];
  const tensors: Tensor[] = [];
  for (const entry of entries) {
    const given = entryTensor(op, entry);
    if (given) {
      const found = given.dtype === 'bool' ? maskIndices(op, view, dim, given) : [given];
      for (const one of found) {
        tensors.push(one);
        dims.push(dim++);
      }
    } else if (entry === '...') {
      dim += x.ndim - used;
    } else {
      view = plainEntry(op, view, dim, entry);
      if (typeof entry !== 'number') dim++;
    }
  }
  return { ...toFront(view, dims), indices: stackIndices(op, tensors) };
}

/** Index tensors with others between them put their dimensions first, as in NumPy. */
function toFront(view: Tensor, dims: readonly number[]): { view: Tensor; dim: number } {
  const first = dims[0] ?? 0;
  if (dims.every((d, i) => d === first + i)) return { view, dim: first };
  const rest = view.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  return { view: views.permute(view, [...dims, ...rest]), dim: 0 };
}

function stackIndices(op: string, tensors: readonly Tensor[]): Tensor | undefined {
  const [first] = tensors;
  if (first === undefined) return undefined;
  if (tensors.length === 1) return views.unsqueeze(first, 0);
  const wrong = tensors.find((t) => t.isFloatingPoint());
  if (wrong)
    throw new ArgumentTypeError(`${op}: expected index tensors of an integer dtype or bool, got ${wrong.dtype}`);
  return stack(broadcastTensors(...tensors));
}

function put(x: Tensor, indices: Tensor, values: TensorLike, dim: number, accumulate: boolean): Tensor {
  return fromHandle(rawIndexPut(handleOf(x), handleOf(indices), scalarOf(values, 'values'), dim, accumulate));
}
function put_(x: Tensor, indices: Tensor, values: TensorLike, dim: number, accumulate: boolean): Tensor {
  rawIndexPut_(handleOf(x), handleOf(indices), scalarOf(values, 'values'), dim, accumulate);
  return x;
}

/**
 * NumPy's `x[i, j, …]`: `x.index(0, slice(1, 4), null, '...', ids)`. A view as long as there is no array, index tensor
 * or mask among the entries; else a copy. Several of these broadcast against each other, and their dimensions
 * come first where another entry stands between them. Negative indices count from the end.
 * @throws RangeError for an index out of range or too many entries; ShapeError for a mask that does not fit
 */
export function index(x: Tensor, ...indices: Index[]): Tensor {
  const { view, dim, indices: found } = resolve('index', x, indices);
  return found ? fromHandle(rawIndex(handleOf(view), handleOf(found), dim)) : view;
}
/**
 * NumPy's `x[i, j, …] = values` (or `+=` with `accumulate`, where every one of repeated places counts); the values
 * broadcast to the shape of `x.index(...indices)`. Of several values for one place the last counts.
 * @throws as `index`; DTypeError if index tensors are given and `values` is a tensor of another dtype
 */
export function indexPut_(
  x: Tensor,
  indices: readonly Index[],
  values: TensorLike,
  { accumulate = false }: { accumulate?: boolean } = {},
): Tensor {
  const { view, dim, indices: found } = resolve('indexPut_', x, indices);
  if (found) {
    put_(view, found, values, dim, accumulate);
  } else if (accumulate) {
    view.add_(values);
  } else {
    view.copy_(values);
  }
  return x;
}
/** A copy of x, changed as {@link indexPut_} does. */
export function indexPut(
  x: Tensor,
  indices: readonly Index[],
  values: TensorLike,
  options: { accumulate?: boolean } = {},
): Tensor {
  return indexPut_(views.clone(x), indices, values, options);
}

/** The slices of x along `dim` that a vector of indices names: rows for dim 0. @throws RangeError outside [0, size) */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  return fromHandle(rawIndexSelect(handleOf(x, 'indexSelect'), dim, handleOf(index, 'indexSelect: index')));
}
/** Elements of the flattened tensor, in the index's shape. */
export function take(x: Tensor, index: Tensor): Tensor {
  return fromHandle(rawIndex(handleOf(views.ravel(x), 'take'), handleOf(views.unsqueeze(index, 0)), 0));
}

type Put = typeof put;

/** Slices `source` of x along `dim`; the shapes must agree exactly. */
function putSlices(
  op: string,
  write: Put,
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  accumulate: boolean,
): Tensor {
  const at = normalizeDim(op, dim, x.ndim);
  const expected = x.ndim === 0 ? [] : x.shape.with(at, index.numel());
  if (index.ndim > 1 || source.ndim !== expected.length || expected.some((size, d) => size !== source.shape[d])) {
    throw new ShapeError(
      `${op}: a source of shape [${source.shape.join(', ')}] and an index of shape [${index.shape.join(', ')}] do not fit shape [${x.shape.join(', ')}] along dimension ${at}`,
    );
  }
  const vector = x.ndim === 0 ? views.reshape(x, [1]) : x;
  const done = write(vector, views.reshape(index, [1, index.numel()]), source, at, accumulate);
  return x.ndim === 0 ? views.reshape(done, []) : done;
}
const scaled = (source: Tensor, alpha: number | boolean) => (Number(alpha) === 1 ? source : mul(source, alpha));

/** A copy of x with `alpha · source` added to the slices along `dim` that `index` names, in the index's order. */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  { alpha = 1 }: { alpha?: number | boolean } = {},
): Tensor {
  return putSlices('indexAdd', put, x, dim, index, scaled(source, alpha), true);
}
/** `indexAdd` in place. */
export function indexAdd_(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  { alpha = 1 }: { alpha?: number | boolean } = {},
): Tensor {
  putSlices('indexAdd_', put_, x, dim, index, scaled(source, alpha), true);
  return x;
}
/** A copy of x with the slices along `dim` that `index` names replaced by those of `source`. */
export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return putSlices('indexCopy', put, x, dim, index, source, false);
}
/** `indexCopy` in place. */
export function indexCopy_(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  putSlices('indexCopy_', put_, x, dim, index, source, false);
  return x;
}

/** Every index once, so that the gradient of a value written to all of them counts each place once. */
function distinct(row: Tensor, size: number): Tensor {
  const written = put_(zeros([size], { dtype: 'bool' }), row, true, 0, false);
  return views.t(fromHandle(rawNonzero(handleOf(written))));
}
function fillSlices(op: string, write: Put, x: Tensor, dim: number, index: Tensor, value: TensorLike): Tensor {
  const at = normalizeDim(op, dim, x.ndim);
  if (value instanceof Tensor && value.ndim > 0) {
    throw new ShapeError(`${op}: expected a number or a zero-dim tensor, got shape [${value.shape.join(', ')}]`);
  }
  const vector = x.ndim === 0 ? views.reshape(x, [1]) : x;
  const row = views.reshape(index, [1, index.numel()]);
  const isTensor = value instanceof Tensor;
  const done = write(
    vector,
    isTensor ? distinct(row, vector.size(at)) : row,
    isTensor ? cast(value, x.dtype) : value,
    at,
    false,
  );
  return x.ndim === 0 ? views.reshape(done, []) : done;
}
/** A copy of x with the slices along `dim` that `index` names filled with a number or zero-dim tensor. */
export function indexFill(x: Tensor, dim: number, index: Tensor, value: TensorLike): Tensor {
  return fillSlices('indexFill', put, x, dim, index, value);
}
/** `indexFill` in place. */
export function indexFill_(x: Tensor, dim: number, index: Tensor, value: TensorLike): Tensor {
  fillSlices('indexFill_', put_, x, dim, index, value);
  return x;
}

/** Positions of the non-zero elements in row-major order, (count, ndim) int64; with `asTuple` one vector per dimension. */
export function nonzero(x: Tensor, options?: { asTuple?: false }): Tensor;
export function nonzero(x: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(x: Tensor, { asTuple = false }: { asTuple?: boolean } = {}): Tensor | Tensor[] {
  if (!asTuple) return fromHandle(rawNonzero(handleOf(x, 'nonzero')));
  return views.unbind(fromHandle(rawNonzero(handleOf(x.ndim === 0 ? views.reshape(x, [1]) : x, 'nonzero'))), 1);
}
/** `nonzero`, under NumPy's name. */
export function argwhere(x: Tensor): Tensor {
  return fromHandle(rawNonzero(handleOf(x, 'argwhere')));
}
