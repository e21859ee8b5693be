// SPDX-License-Identifier: MIT
import { zeros } from '../creation.js';
import { ArgumentRangeError, DTypeError, ShapeError } from '../errors.js';
import { amax, any, bitwiseAnd, eq, ge, le, logicalNot } from '../ops.js';
import { Tensor } from '../tensor.js';
import { cast } from './define.js';
import { maskedSelect } from './masked.js';
import { scatter_, scatterAdd_ } from './scatter.js';
import { ravel, unsqueeze } from './view.js';

// Values as classes: one-hot vectors, counts, membership.

/**
 * A new last dimension of size `numClasses` with 1 at the class and 0 elsewhere, as int64.
 * @param numClasses default (or -1): the largest class + 1
 * @throws RangeError for a class outside [0, numClasses)
 */
export function oneHot(x: Tensor, numClasses = -1): Tensor {
  if (x.isFloatingPoint() || x.dtype === 'bool')
    throw new DTypeError(`oneHot: expected classes of an integer dtype, got ${x.dtype}`);
  if (numClasses === -1 && x.numel() === 0) {
    throw new ArgumentRangeError('oneHot: an empty tensor has no largest class; pass numClasses');
  }
  const classes = numClasses === -1 ? amax(x).item() + 1 : numClasses;
  if (!(Number.isInteger(classes) && classes > 0)) {
    throw new ArgumentRangeError(`oneHot: expected a positive number of classes, got ${classes}`);
  }
  return scatter_(zeros([...x.shape, classes], { dtype: 'int64' }), -1, unsqueeze(x, x.ndim), 1);
}

/**
 * How often each of 0, 1, … occurs in a vector, as int64; with `weights` their sums.
 * @param options weights: one for each element; minlength: least length of the result
 */
export function bincount(
  x: Tensor,
  { weights, minlength = 0 }: { weights?: Tensor | null | undefined; minlength?: number } = {},
): Tensor {
  if (x.ndim !== 1) throw new ShapeError(`bincount: expected a vector, got shape [${x.shape.join(', ')}]`);
  if (x.isFloatingPoint() || x.dtype === 'bool')
    throw new DTypeError(`bincount: expected an integer dtype, got ${x.dtype}`);
  if (weights && (weights.ndim !== 1 || weights.numel() !== x.numel())) {
    throw new ShapeError(`bincount: expected ${x.numel()} weights, got shape [${weights.shape.join(', ')}]`);
  }
  const length = Math.max(minlength, x.numel() === 0 ? 0 : amax(x).item() + 1);
  if (!weights) return scatterAdd_(zeros([length], { dtype: 'int64' }), 0, x, 1);
  const values = weights.isFloatingPoint() ? weights : cast(weights, 'float64');
  return scatterAdd_(zeros([length], { dtype: values.dtype }), 0, x, values);
}

/**
 * Counts in `bins` equal intervals of [min, max], in the dtype of x; the last one includes max, values outside (and
 * NaN) are left out. min = max = 0 stands for the range of x.
 */
export function histc(
  x: Tensor,
  { bins = 100, min = 0, max = 0 }: { bins?: number; min?: number; max?: number } = {},
): Tensor {
  if (!x.isFloatingPoint()) throw new DTypeError(`histc: expected a floating point dtype, got ${x.dtype}`);
  if (!(Number.isInteger(bins) && bins > 0))
    throw new ArgumentRangeError(`histc: expected a positive number of bins, got ${bins}`);
  const flat = ravel(x);
  const isWhole = min === max && min === 0 && flat.numel() > 0;
  let [low, high] = isWhole ? [flat.amin().item(), amax(flat).item()] : [min, max];
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) {
    throw new ArgumentRangeError(`histc: expected finite min <= max, got ${low} and ${high}`);
  }
  if (low === high) [low, high] = [low - 1, high + 1];
  const inside = maskedSelect(flat, bitwiseAnd(ge(flat, low), le(flat, high)));
  const position = inside
    .sub(low)
    .mul(bins)
    .div(high - low)
    .floor()
    .minimum(bins - 1);
  return scatterAdd_(zeros([bins], { dtype: x.dtype }), 0, cast(position, 'int64'), 1);
}

/** Is each element of x among those of `test`? Compares each pair; with `invert`: is it missing? */
export function isin(x: Tensor, test: Tensor | number, { invert = false }: { invert?: boolean } = {}): Tensor {
  const found = test instanceof Tensor ? any(eq(unsqueeze(x, x.ndim), ravel(test)), -1) : eq(x, test);
  return invert ? logicalNot(found) : found;
}
