// SPDX-License-Identifier: MIT
import { onesLike } from '../creation.js';
import { ArgumentRangeError } from '../errors.js';
import { div, floorDivide, maximum } from '../ops.js';
import { type RawFunction, raw, rawFunction } from '../raw.js';
import { fromHandle, handleOf, scalarOf, type Tensor, type TensorLike } from '../tensor.js';
import { normalizeDim } from './define.js';
import { broadcastShapes } from './join.js';
import { expand, ravel } from './view.js';

// Reading and writing along one dimension by an index; the other dimensions go one to one.

const rawGather = raw('gather', 'x: Tensor, dim: int, index: Tensor -> Tensor');

type Signature = 'x: Tensor, dim: int, index: Tensor, source: Scalar -> Tensor';
const signature: Signature = 'x: Tensor, dim: int, index: Tensor, source: Scalar -> Tensor';
const rawScatter = {
  set: raw('scatter', signature),
  sum: raw('scatter_add', signature),
  prod: raw('scatter_prod', signature),
  amax: raw('scatter_amax', signature),
  amin: raw('scatter_amin', signature),
};
const rawScatter_ = {
  set: rawFunction<RawFunction<Signature>>('scatter_'),
  sum: rawFunction<RawFunction<Signature>>('scatter_add_'),
  prod: rawFunction<RawFunction<Signature>>('scatter_prod_'),
  amax: rawFunction<RawFunction<Signature>>('scatter_amax_'),
  amin: rawFunction<RawFunction<Signature>>('scatter_amin_'),
};
type Join = keyof typeof rawScatter;

function write(op: string, join: Join, x: Tensor, dim: number, index: Tensor, source: TensorLike): Tensor {
  return fromHandle(
    rawScatter[join](handleOf(x, op), dim, handleOf(index, `${op}: index`), scalarOf(source, `${op}: source`)),
  );
}
function write_(op: string, join: Join, x: Tensor, dim: number, index: Tensor, source: TensorLike): Tensor {
  rawScatter_[join](handleOf(x, op), dim, handleOf(index, `${op}: index`), scalarOf(source, `${op}: source`));
  return x;
}

/**
 * out[i][j] = x[index[i][j]][j] for dim 0, and so on: the result has the index's shape, which may be smaller than
 * x in the other dimensions.
 * @throws RangeError for an index outside [0, size of dim)
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  return fromHandle(rawGather(handleOf(x, 'gather'), dim, handleOf(index, 'gather: index')));
}
/** `gather` with x and the index broadcast against each other; without `dim`, from the flattened tensor. */
export function takeAlongDim(x: Tensor, index: Tensor, dim?: number): Tensor {
  if (dim === undefined) return gather(ravel(x), 0, ravel(index));
  const at = normalizeDim('takeAlongDim', dim, x.ndim);
  const others = (shape: readonly number[]) => shape.map((size, d) => (d === at ? 1 : size));
  const shape = broadcastShapes('takeAlongDim', others(x.shape), others(index.shape));
  const whole = (t: Tensor) => expand(t, shape.with(at, t.size(at)));
  return gather(whole(x), at, whole(index));
}

/**
 * A copy of x with out[index[i][j]][j] = source[i][j] for dim 0, and so on. Of several values for one place the
 * last counts. The source is at least as large as the index, or a number.
 * @throws RangeError for an index outside [0, size of dim); DTypeError if the source has another dtype than x
 */
export function scatter(x: Tensor, dim: number, index: Tensor, source: TensorLike): Tensor {
  return write('scatter', 'set', x, dim, index, source);
}
/** `scatter` in place. */
export function scatter_(x: Tensor, dim: number, index: Tensor, source: TensorLike): Tensor {
  return write_('scatter_', 'set', x, dim, index, source);
}
/** A copy of x with out[index[i][j]][j] += source[i][j] for dim 0, and so on, summed in the index's order. */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: TensorLike): Tensor {
  return write('scatterAdd', 'sum', x, dim, index, source);
}
/** `scatterAdd` in place. */
export function scatterAdd_(x: Tensor, dim: number, index: Tensor, source: TensorLike): Tensor {
  return write_('scatterAdd_', 'sum', x, dim, index, source);
}

/** How values that meet in one place are joined. */
export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

/** The value that changes nothing when joined. */
function neutral(join: Exclude<Join, 'set'>, x: Tensor): number | bigint | boolean {
  if (join === 'sum') return 0;
  if (join === 'prod') return 1;
  const sign = join === 'amax' ? -1 : 1;
  if (x.isFloatingPoint()) return sign * Number.POSITIVE_INFINITY;
  if (x.dtype === 'bool' || x.dtype === 'uint8') return join === 'amax' ? 0 : x.dtype === 'bool' ? 1 : 255;
  const bits = BigInt(x.dtype.slice(3));
  return sign < 0 ? -(1n << (bits - 1n)) : (1n << (bits - 1n)) - 1n;
}

/**
 * Joins the values of `source` into x at the places that `index` names, as `scatterAdd` does for sums. Gradients
 * are shared among equal extremes.
 * @param options includeSelf: do the values of x take part? Default true.
 */
export function scatterReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: ScatterReduction,
  { includeSelf = true }: { includeSelf?: boolean } = {},
): Tensor {
  if (!['sum', 'prod', 'mean', 'amax', 'amin'].includes(reduce)) {
    throw new ArgumentRangeError(
      `scatterReduce: reduce: expected 'sum', 'prod', 'mean', 'amax' or 'amin', got ${String(reduce)}`,
    );
  }
  const join = reduce === 'mean' ? 'sum' : reduce;
  const start = includeSelf ? x : write('scatterReduce', 'set', x, dim, index, neutral(join, x));
  const joined = write('scatterReduce', join, start, dim, index, source);
  if (reduce !== 'mean') return joined;
  const own = includeSelf ? onesLike(x) : scatter(onesLike(x), dim, index, 0);
  const counts = maximum(scatterAdd(own, dim, index, onesLike(source)), 1);
  return x.isFloatingPoint() ? div(joined, counts) : floorDivide(joined, counts);
}
/** `scatterReduce` in place. */
export function scatterReduce_(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: ScatterReduction,
  options: { includeSelf?: boolean } = {},
): Tensor {
  return x.copy_(scatterReduce(x, dim, index, source, reduce, options));
}
