// SPDX-License-Identifier: MIT
import { ones } from '../creation.js';
import { any, ne } from '../ops.js';
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { normalizeDim } from './define.js';
import { indexSelect, nonzero } from './indexing.js';
import { cat } from './join.js';
import { cumsum } from './scan.js';
import { scatter } from './scatter.js';
import { argsort } from './sort.js';
import { movedim, ravel, reshape, slice } from './view.js';

// Elements, or slices along a dimension, without repetition. The size of the results depends on the data.

const rawArgsortRows = raw('argsort_rows', 'x: Tensor -> Tensor');

/** What `unique` and `uniqueConsecutive` do beside finding the elements. */
export interface UniqueOptions {
  /** Compare whole slices along this dimension. Default: elements of the flattened tensor. */
  dim?: number | undefined;
  /** Also give for each element its place in the result? Default false. */
  returnInverse?: boolean | undefined;
  /** Also count how often each occurs? Default false. */
  returnCounts?: boolean | undefined;
}
/** The elements, and what was asked for beside them (int64). */
export interface Unique {
  values: Tensor;
  inverse?: Tensor;
  counts?: Tensor;
}
type Plain = UniqueOptions & { returnInverse?: false | undefined; returnCounts?: false | undefined };

/** Is each row (at least one) the first of a run? Counts as int64 places in the result. */
function firstOfRun(rows: Tensor): Tensor {
  const start = ones([Math.min(1, rows.size(0))], { dtype: 'bool' });
  if (rows.size(0) < 2) return start;
  return cat([start, any(ne(slice(rows, 0, 1), slice(rows, 0, 0, -1)), 1)]);
}

/** Runs of equal slices, taken in the order that `orderOf` gives. */
function runs(
  op: string,
  x: Tensor,
  { dim, returnInverse = false, returnCounts = false }: UniqueOptions,
  orderOf?: (rows: Tensor) => Tensor,
): Tensor | Unique {
  const source = dim === undefined || x.ndim === 0 ? ravel(x) : x;
  const at = dim === undefined ? 0 : normalizeDim(op, dim, x.ndim);
  const count = source.size(at);
  const width = source.shape.reduce((n, size, d) => (d === at ? n : n * size), 1);
  const rows = reshape(movedim(source, at, 0), [count, width]).detach();
  const order = orderOf?.(rows);
  const first = firstOfRun(order ? indexSelect(rows, 0, order) : rows);
  const starts = ravel(nonzero(first));
  const values = indexSelect(source, at, order ? indexSelect(order, 0, starts) : starts);
  if (!returnInverse && !returnCounts) return values;
  const result: Unique = { values };
  if (returnInverse) {
    const places = cumsum(first, 0).sub(1);
    const inverse = order ? scatter(places, 0, order, places) : places;
    result.inverse = dim === undefined ? reshape(inverse, x.shape) : inverse;
  }
  if (returnCounts) {
    const ends = cat([slice(starts, 0, 1), ones([Math.min(1, count)], { dtype: 'int64' }).mul(count)]);
    result.counts = ends.sub(starts);
  }
  return result;
}

/** The distinct elements in ascending order; NaN is distinct from itself. */
export function unique(x: Tensor, options?: Plain): Tensor;
export function unique(x: Tensor, options: UniqueOptions): Tensor | Unique;
export function unique(x: Tensor, options: UniqueOptions = {}): Tensor | Unique {
  return runs('unique', x, options, (rows) =>
    rows.size(1) === 1 ? argsort(ravel(rows)) : fromHandle(rawArgsortRows(handleOf(rows, 'unique'))),
  );
}
/** One element of each run of equal ones, in order. */
export function uniqueConsecutive(x: Tensor, options?: Plain): Tensor;
export function uniqueConsecutive(x: Tensor, options: UniqueOptions): Tensor | Unique;
export function uniqueConsecutive(x: Tensor, options: UniqueOptions = {}): Tensor | Unique {
  return runs('uniqueConsecutive', x, options);
}
