// SPDX-License-Identifier: MIT
import type { DType } from '../dtype.js';
import { ArgumentTypeError } from '../errors.js';
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { cast } from './define.js';

const rawSoftmax = raw('softmax', 'x: Tensor, dim: int -> Tensor');
const rawLogSoftmax = raw('log_softmax', 'x: Tensor, dim: int -> Tensor');

/** Options of softmax and logSoftmax. */
export interface SoftmaxOptions {
  /** Convert to this dtype first. */
  dtype?: DType | undefined;
}
/** A dimension, or an object that holds it among the options. */
export type SoftmaxDim = number | ({ dim: number } & SoftmaxOptions);

function along(op: string, call: typeof rawSoftmax, x: Tensor, dim: SoftmaxDim, options: SoftmaxOptions = {}): Tensor {
  const { dim: at, dtype } = typeof dim === 'object' && dim !== null ? dim : { dim, dtype: options.dtype };
  if (typeof at !== 'number') throw new ArgumentTypeError(`${op}: dim: expected a dimension, got ${typeof at}`);
  return fromHandle(call(handleOf(dtype ? cast(x, dtype) : x, op), at));
}

/**
 * e^x / Σ e^x along `dim`: `softmax(x, 1)` or `softmax(x, { dim: 1, dtype: 'float64' })`.
 * @throws DTypeError for bool and integers without `dtype`
 */
export function softmax(x: Tensor, dim: SoftmaxDim, options?: SoftmaxOptions): Tensor {
  return along('softmax', rawSoftmax, x, dim, options);
}
/** log(softmax(x)) along `dim`, without overflow. */
export function logSoftmax(x: Tensor, dim: SoftmaxDim, options?: SoftmaxOptions): Tensor {
  return along('logSoftmax', rawLogSoftmax, x, dim, options);
}
