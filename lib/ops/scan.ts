// SPDX-License-Identifier: MIT
import type { DType } from '../dtype.js';
import { type Handle, raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { cast } from './define.js';
import type { ValuesAndIndices } from './extremes.js';

// Running sums, products and extremes along one dimension; the result has the shape of x.

const rawCumsum = raw('cumsum', 'x: Tensor, dim: int, reverse: bool -> Tensor');
const rawCumprod = raw('cumprod', 'x: Tensor, dim: int -> Tensor');
const rawCummax = raw('cummax', 'x: Tensor, dim: int -> Tensor, Tensor');
const rawCummin = raw('cummin', 'x: Tensor, dim: int -> Tensor, Tensor');
const rawLogcumsumexp = raw('logcumsumexp', 'x: Tensor, dim: int -> Tensor');

/** Options of `cumsum` and `cumprod`. */
export interface ScanOptions {
  /** Convert to this dtype first. Default: as it is; bool and integers give int64. */
  dtype?: DType | undefined;
}

function scanAs(row: (x: Tensor) => Tensor, x: Tensor, { dtype }: ScanOptions): Tensor {
  return dtype === undefined ? row(x) : cast(row(cast(x, dtype)), dtype);
}

/** Sums of the elements up to and with each place: y[k] = x[0] + … + x[k] along `dim`. Integers wrap. */
export function cumsum(x: Tensor, dim: number, options: ScanOptions = {}): Tensor {
  return scanAs((y) => fromHandle(rawCumsum(handleOf(y, 'cumsum'), dim, false)), x, options);
}
/** Products of the elements up to and with each place: y[k] = x[0] · … · x[k] along `dim`. Integers wrap. */
export function cumprod(x: Tensor, dim: number, options: ScanOptions = {}): Tensor {
  return scanAs((y) => fromHandle(rawCumprod(handleOf(y, 'cumprod'), dim)), x, options);
}
/** log(e^x[0] + … + e^x[k]) along `dim`, without overflow. @throws DTypeError for bool and integers */
export function logcumsumexp(x: Tensor, dim: number): Tensor {
  return fromHandle(rawLogcumsumexp(handleOf(x, 'logcumsumexp'), dim));
}

function runningExtreme(op: string, call: typeof rawCummax, x: Tensor, dim: number): ValuesAndIndices {
  const [values, indices] = call(handleOf(x, op), dim) as [Handle, Handle];
  return { values: fromHandle(values), indices: fromHandle(indices) };
}
/** The largest element up to each place along `dim`, the last of equals; NaN wins. */
export function cummax(x: Tensor, dim: number): ValuesAndIndices {
  return runningExtreme('cummax', rawCummax, x, dim);
}
/** The smallest element up to each place along `dim`, the last of equals; NaN wins. */
export function cummin(x: Tensor, dim: number): ValuesAndIndices {
  return runningExtreme('cummin', rawCummin, x, dim);
}
