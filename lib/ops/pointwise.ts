// SPDX-License-Identifier: MIT
import type { DType } from '../dtype.js';
import { DTypeError } from '../errors.js';
import type { Tensor, TensorLike } from '../tensor.js';
import { unary } from './define.js';
import { where } from './where.js';

// Elementwise functions made of rows.

const logitRow = unary('logit');

/** At least `min`. The gradient is 0 at a bound given as a number; a bound given as a tensor shares it half and half. */
export function clampMin(x: Tensor, min: TensorLike): Tensor {
  const plain = typeof min === 'object' || !x.requiresGrad;
  return plain ? x.maximum(min) : where(x.gt(min), x, x.detach().maximum(min));
}
/** At most `max`; see `clampMin`. */
export function clampMax(x: Tensor, max: TensorLike): Tensor {
  const plain = typeof max === 'object' || !x.requiresGrad;
  return plain ? x.minimum(max) : where(x.lt(max), x, x.detach().minimum(max));
}
/** Within [min, max]; either may be left out. Where min > max, the result is max. See `clampMin` for gradients. */
export function clamp(x: Tensor, min?: TensorLike, max?: TensorLike): Tensor {
  const above = min === undefined ? x : clampMin(x, min);
  return max === undefined ? above : clampMax(above, max);
}

/** a + weight · (end - a). */
export function lerp(a: Tensor, end: Tensor, weight: TensorLike): Tensor {
  return a.add(end.sub(a).mul(weight));
}
/** x + value · a · b. */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, { value = 1 }: { value?: number } = {}): Tensor {
  return x.add(a.mul(b), { alpha: value });
}
/** x + value · a / b. */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, { value = 1 }: { value?: number } = {}): Tensor {
  return x.add(a.div(b), { alpha: value });
}
/** other - alpha · x. */
export function rsub(x: Tensor, other: TensorLike, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  return (alpha === 1 ? x : x.mul(alpha)).neg().add(other);
}
/** x itself. @throws DTypeError for bool */
export function positive(x: Tensor): Tensor {
  if (x.dtype === 'bool') throw new DTypeError('positive: expected numbers, got dtype bool');
  return x;
}
/** log(x / (1 - x)); with `eps`, of x clamped to [eps, 1 - eps]. */
export function logit(x: Tensor, { eps }: { eps?: number | undefined } = {}): Tensor {
  return logitRow(eps === undefined ? x : clamp(x, eps, 1 - eps));
}

const largest: Partial<Record<DType, number>> = {
  float64: Number.MAX_VALUE,
  float32: 3.4028234663852886e38,
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
};
/** NaN and ±∞ replaced: by default with 0 and the dtype's largest finite numbers. */
export function nanToNum(
  x: Tensor,
  {
    nan = 0,
    posinf,
    neginf,
  }: { nan?: number | undefined; posinf?: number | undefined; neginf?: number | undefined } = {},
): Tensor {
  const limit = largest[x.dtype];
  if (limit === undefined) return x.clone();
  const finite = where(x.eq(Infinity), posinf ?? limit, where(x.eq(-Infinity), neginf ?? -limit, x));
  return where(x.isnan(), nan, finite);
}
/** Degrees as radians. */
export function deg2rad(x: Tensor): Tensor {
  return x.mul(Math.PI / 180);
}
/** Radians as degrees. */
export function rad2deg(x: Tensor): Tensor {
  return x.mul(180 / Math.PI);
}
/** a^b in float64. */
export function floatPower(a: Tensor, b: TensorLike): Tensor {
  return a.to('float64').pow(typeof b === 'object' ? b.to('float64') : b);
}

/** How far apart counts as equal: |a - b| <= atol + rtol · |b|. */
export interface CloseOptions {
  /** Default 1e-5. */
  rtol?: number;
  /** Default 1e-8. */
  atol?: number;
  /** Is NaN close to NaN? Default false. */
  equalNan?: boolean;
}
/** Where a and b are equal up to `atol + rtol · |b|`. @throws DTypeError unless both have one dtype */
export function isclose(
  a: Tensor,
  b: Tensor,
  { rtol = 1e-5, atol = 1e-8, equalNan = false }: CloseOptions = {},
): Tensor {
  if (a.dtype !== b.dtype) throw new DTypeError(`isclose: expected one dtype, got ${a.dtype} and ${b.dtype}`);
  const [x, y] = a.isFloatingPoint() ? [a, b] : [a.to('float64'), b.to('float64')];
  const distance = x.sub(y).abs();
  const near = distance.le(y.abs().mul(rtol).add(atol)).logicalAnd(distance.isfinite());
  const same = a.eq(b).logicalOr(near);
  return equalNan ? same.logicalOr(a.isnan().logicalAnd(b.isnan())) : same;
}
/** Is `isclose` true everywhere? */
export function allclose(a: Tensor, b: Tensor, options: CloseOptions = {}): boolean {
  return Boolean(isclose(a, b, options).all().item());
}
/** Same shape and equal elements? */
export function equal(a: Tensor, b: Tensor): boolean {
  return `${a.shape}` === `${b.shape}` && Boolean(a.eq(b).all().item());
}
