// SPDX-License-Identifier: MIT
import { ArgumentRangeError } from '../errors.js';
import { lt } from '../ops.js';
import { draw, normal, type RandomOptions, randint, uniform } from '../random.js';
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { cast } from './define.js';

// Random ops on a tensor; those whose name ends in `_` fill it in place.

const rawMultinomial = raw(
  'multinomial',
  'weights: Tensor, samples: int, replacement: bool, seed: int, offset: int -> Tensor',
);

/** Draws are made in the tensor's own dtype if it is a float, else in float32. */
const drawnAs = (x: Tensor) => (x.isFloatingPoint() ? x.dtype : 'float32');

/** Fills `x` with uniform random numbers in [low, high). */
export function uniform_(x: Tensor, low = 0, high = 1, { generator }: RandomOptions = {}): Tensor {
  return x.copy_(uniform('uniform_', x.shape, low, high, { dtype: drawnAs(x), generator }));
}
/** Fills `x` with normal random numbers. */
export function normal_(x: Tensor, mean = 0, std = 1, { generator }: RandomOptions = {}): Tensor {
  return x.copy_(normal(mean, std, x.shape, { dtype: drawnAs(x), generator }));
}
/** Fills `x` with random integers in [low, high). */
export function random_(x: Tensor, low: number, high: number, { generator }: RandomOptions = {}): Tensor {
  return x.copy_(randint(low, high, x.shape, { generator }));
}
/** Fills `x` with exponential random numbers of the given rate: -log(1 - u) / rate. */
export function exponential_(x: Tensor, rate = 1, { generator }: RandomOptions = {}): Tensor {
  if (!(rate > 0)) throw new ArgumentRangeError(`exponential_: expected a rate above 0, got ${rate}`);
  const u = uniform('exponential_', x.shape, 0, 1, { dtype: drawnAs(x), generator });
  return x.copy_(u.neg().log1p().div(-rate));
}
/** Fills `x` with 1 with probability `p` (a number or a tensor that broadcasts), else 0. */
export function bernoulli_(x: Tensor, p: number | Tensor = 0.5, { generator }: RandomOptions = {}): Tensor {
  return x.copy_(lt(uniform('bernoulli_', x.shape, 0, 1, { generator }), p));
}
/** 1 with the probability that `x` holds at each place, else 0; in the dtype of `x`, without a gradient. */
export function bernoulli(x: Tensor, { generator }: RandomOptions = {}): Tensor {
  return cast(lt(uniform('bernoulli', x.shape, 0, 1, { generator }), x.detach()), x.dtype);
}
/**
 * Indices of classes drawn with probabilities in proportion to the weights in the last dimension of `x`
 * ([classes] or [rows, classes], floating point). int64 of shape [samples] or [rows, samples].
 * @throws RangeError for negative or non-finite weights, or more samples than classes without replacement
 */
export function multinomial(
  x: Tensor,
  samples: number,
  { replacement = false, generator }: { replacement?: boolean } & RandomOptions = {},
): Tensor {
  const handle = handleOf(x, 'multinomial');
  const classes = x.shape.at(-1) ?? 1;
  const each = replacement ? Math.max(1, Math.floor(samples) || 1) : classes;
  const needed = (x.numel() / Math.max(classes, 1)) * each;
  return fromHandle(rawMultinomial(handle, samples, replacement, ...draw('multinomial', needed, generator)));
}
