// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { any, isnan } from '../ops.js';
import { type Handle, raw } from '../raw.js';
import { fromHandle, handleOf, scalarOf, type Tensor, type TensorLike } from '../tensor.js';
import { cast, normalizeDim } from './define.js';
import type { ValuesAndIndices } from './extremes.js';
import { gather } from './scatter.js';
import { expand, movedim, ravel, reshape, select, unsqueeze } from './view.js';
import { where } from './where.js';

// Order along one dimension. NaN counts as larger than every number. Gradients go to the elements chosen.

const rawSort = raw('sort', 'x: Tensor, dim: int, descending: bool -> Tensor, Tensor');
const rawTopk = raw('topk', 'x: Tensor, k: int, dim: int, largest: bool -> Tensor, Tensor');
const rawKthvalue = raw('kthvalue', 'x: Tensor, k: int, dim: int, keepdim: bool -> Tensor, Tensor');
const rawMedian = raw('median', 'x: Tensor, dim: int, keepdim: bool -> Tensor, Tensor');
const rawMedianAll = raw('median_all', 'x: Tensor -> Tensor');
const rawSearchsorted = raw('searchsorted', 'sorted: Tensor, values: Scalar, right: bool -> Tensor');

function extremes(handles: Handle[]): ValuesAndIndices {
  const [values, indices] = handles as [Handle, Handle];
  return { values: fromHandle(values), indices: fromHandle(indices) };
}

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** From the largest down? Default false. */
  descending?: boolean | undefined;
}
/** The elements in order along `dim` (default: the last), and where they were. Equal ones keep their order. */
export function sort(x: Tensor, dim = -1, { descending = false }: SortOptions = {}): ValuesAndIndices {
  return extremes(rawSort(handleOf(x, 'sort'), dim, descending));
}
/** Where the elements in order along `dim` are, as int64: the indices of `sort`. */
export function argsort(x: Tensor, dim = -1, options: SortOptions = {}): Tensor {
  return sort(x, dim, options).indices;
}
/**
 * The k largest (`largest: false`: smallest) elements along `dim` in order, and where they were; of equals the first.
 * @throws RangeError unless 0 <= k <= the size of the dimension
 */
export function topk(
  x: Tensor,
  k: number,
  dim = -1,
  { largest = true }: { largest?: boolean | undefined } = {},
): ValuesAndIndices {
  return extremes(rawTopk(handleOf(x, 'topk'), k, dim, largest));
}
/** The k-th smallest element along `dim`, and where it was. @throws RangeError unless 1 <= k <= the size */
export function kthvalue(
  x: Tensor,
  k: number,
  dim = -1,
  { keepdim = false }: { keepdim?: boolean | undefined } = {},
): ValuesAndIndices {
  return extremes(rawKthvalue(handleOf(x, 'kthvalue'), k, dim, keepdim));
}

/** The dimension of an op that gives values and indices. */
export interface DimOptions {
  dim: number;
  /** Keep the dimension with size 1. Default false. */
  keepdim?: boolean | undefined;
}
const dimOptions = (dim: number | DimOptions): DimOptions => (typeof dim === 'number' ? { dim } : dim);

/**
 * The lower of the two elements in the middle; NaN if one is NaN. Of all elements (equal ones share the gradient), or
 * along a dimension with its place.
 */
export function median(x: Tensor): Tensor;
export function median(x: Tensor, dim: number | DimOptions): ValuesAndIndices;
export function median(x: Tensor, dim?: number | DimOptions): Tensor | ValuesAndIndices {
  const input = handleOf(x, 'median');
  if (dim === undefined) return fromHandle(rawMedianAll(input));
  const { dim: at, keepdim = false } = dimOptions(dim);
  return extremes(rawMedian(input, at, keepdim));
}

/** Options of `searchsorted` and `bucketize`. */
export interface SearchOptions {
  /** Behind equal elements rather than before them? Default false. */
  right?: boolean | undefined;
  /** Indices as int32 rather than int64? Default false. */
  outInt32?: boolean | undefined;
}
/**
 * Where values would be inserted into rows that are sorted: one vector, or a row for each row of values.
 * @param options sorter: the order that sorts the rows, from `argsort`; side: 'right' for `right: true`
 * @throws ShapeError unless the shapes agree but for the last dimension
 */
export function searchsorted(
  sorted: Tensor,
  values: TensorLike,
  options: SearchOptions & { side?: 'left' | 'right' | undefined; sorter?: Tensor | undefined } = {},
): Tensor {
  const { right, side = right ? 'right' : 'left', sorter, outInt32 = false } = options;
  if ((side !== 'left' && side !== 'right') || (right && side === 'left')) {
    throw new ArgumentRangeError(`searchsorted: side: expected 'left' or 'right' in accord with right, got ${side}`);
  }
  const rows = sorter ? gather(sorted, -1, sorter) : sorted;
  const input = scalarOf(values, 'searchsorted: values');
  const found = fromHandle(rawSearchsorted(handleOf(rows, 'searchsorted'), input, side === 'right'));
  return outInt32 ? cast(found, 'int32') : found;
}
/** The bucket of each value: i where boundaries[i - 1] < x <= boundaries[i]; with `right` where <= and <. */
export function bucketize(x: TensorLike, boundaries: Tensor, options: SearchOptions = {}): Tensor {
  if (boundaries.ndim !== 1)
    throw new ShapeError(`bucketize: boundaries: expected a vector, got shape [${boundaries.shape.join(', ')}]`);
  return searchsorted(boundaries, x, options);
}

/** How `quantile` fills the gap between two elements. */
export type Interpolation = 'linear' | 'lower' | 'higher' | 'nearest' | 'midpoint';

/** Positions on both sides of a rank, and how far to go from the first to the second. */
function between(rank: Tensor, interpolation: Interpolation): { below: Tensor; above: Tensor; weight: TensorLike } {
  const [below, above] = [rank.floor(), rank.ceil()];
  if (interpolation === 'linear') return { below, above, weight: rank.sub(below) };
  if (interpolation === 'midpoint') return { below, above, weight: 0.5 };
  const nearest = { lower: below, higher: above, nearest: rank.round() }[interpolation];
  if (nearest === undefined) {
    throw new ArgumentRangeError(
      `quantile: interpolation: expected 'linear', 'lower', 'higher', 'nearest' or 'midpoint', got ${String(interpolation)}`,
    );
  }
  return { below: nearest, above: nearest, weight: 0 };
}

/**
 * The values below which fractions `q` of the elements lie, of all elements or along `dim`. A vector of fractions
 * gives a first dimension of its size. NaN where an element is NaN.
 * @throws RangeError for fractions outside [0, 1]; ArgumentTypeError for dtypes other than float32 and float64
 */
export function quantile(
  x: Tensor,
  q: number | Tensor,
  {
    dim,
    keepdim = false,
    interpolation = 'linear',
  }: { dim?: number | undefined; keepdim?: boolean | undefined; interpolation?: Interpolation } = {},
): Tensor {
  if (x.dtype !== 'float32' && x.dtype !== 'float64')
    throw new ArgumentTypeError(`quantile: expected dtype float32 or float64, got ${x.dtype}`);
  const fractions = typeof q === 'number' ? x.detach().sum().mul(0).nanToNum().add(q) : cast(q, x.dtype);
  if (fractions.ndim > 1 || any(fractions.lt(0).logicalOr(fractions.gt(1))).item())
    throw new ArgumentRangeError('quantile: q: expected a number or a vector of numbers in [0, 1]');
  const at = dim === undefined ? 0 : normalizeDim('quantile', dim, x.ndim);
  const line = dim === undefined || x.ndim === 0 ? ravel(x) : x;
  if (line.size(at) === 0) throw new ShapeError(`quantile: shape [${x.shape.join(', ')}] has no element to choose`);
  const rows = movedim(sort(line, at).values, at, -1);
  const last = rows.size(-1) - 1;
  const spoilt = any(isnan(rows), { dim: -1, keepdim: true });
  const count = fractions.numel();
  const shape = [...rows.shape.slice(0, -1), count];
  const rank = where(spoilt, last, reshape(fractions, [count]).mul(last));
  const { below, above, weight } = between(rank, interpolation);
  const take = (position: Tensor) => gather(rows, -1, expand(cast(position.detach(), 'int64'), shape));
  const found = movedim(take(below).lerp(take(above), weight), -1, 0);
  const kept =
    !keepdim || x.ndim === 0
      ? found
      : dim === undefined
        ? reshape(found, [count, ...x.shape.map(() => 1)])
        : unsqueeze(found, at + 1);
  return fractions.ndim === 0 ? select(kept, 0, 0) : kept;
}
