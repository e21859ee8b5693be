// SPDX-License-Identifier: MIT
import type { DType } from './dtype.js';
import { ArgumentRangeError } from './errors.js';
import {
  type Binary,
  binary,
  cast,
  type ReduceOptions,
  type Reduction,
  reduction,
  type Unary,
  unary,
} from './ops/define.js';
import type { Tensor, TensorLike } from './tensor.js';

// One typed line per row of native/ops/*.def. Every function here is also a method of Tensor, and elementwise
// ones have an in-place form `name_`. Inputs broadcast and promote as in PyTorch.

// unary.def

/** |x|. */
export const abs = unary('abs');
/** -x. */
export const neg = unary('neg');
/** -1, 0 or 1. */
export const sign = unary('sign');
/** 1 / x. */
export const reciprocal = unary('reciprocal');
/** Square root. */
export const sqrt = unary('sqrt');
/** 1 / √x. */
export const rsqrt = unary('rsqrt');
/** e^x. */
export const exp = unary('exp');
/** 2^x. */
export const exp2 = unary('exp2');
/** e^x - 1, exact near 0. */
export const expm1 = unary('expm1');
/** Natural logarithm. */
export const log = unary('log');
/** Logarithm to base 2. */
export const log2 = unary('log2');
/** Logarithm to base 10. */
export const log10 = unary('log10');
/** log(1 + x), exact near 0. */
export const log1p = unary('log1p');
/** Sine of radians. */
export const sin = unary('sin');
/** Cosine of radians. */
export const cos = unary('cos');
/** Tangent of radians. */
export const tan = unary('tan');
/** Inverse sine. */
export const asin = unary('asin');
/** Inverse cosine. */
export const acos = unary('acos');
/** Inverse tangent. */
export const atan = unary('atan');
/** Hyperbolic sine. */
export const sinh = unary('sinh');
/** Hyperbolic cosine. */
export const cosh = unary('cosh');
/** Hyperbolic tangent. */
export const tanh = unary('tanh');
/** Inverse hyperbolic sine. */
export const asinh = unary('asinh');
/** Inverse hyperbolic cosine. */
export const acosh = unary('acosh');
/** Inverse hyperbolic tangent. */
export const atanh = unary('atanh');
/** 1 / (1 + e^-x). */
export const sigmoid = unary('sigmoid');
/** log(sigmoid(x)). */
export const logsigmoid = unary('log_sigmoid');
/** Error function. */
export const erf = unary('erf');
/** 1 - erf(x). */
export const erfc = unary('erfc');
/** Inverse of erf. */
export const erfinv = unary('erfinv');
/** log |Γ(x)|. */
export const lgamma = unary('lgamma');
/** Derivative of lgamma. */
export const digamma = unary('digamma');
/** Derivative of digamma; itself without a gradient. */
export const trigamma = unary('trigamma');
/** sin(πx) / (πx), 1 at 0. */
export const sinc = unary('sinc');
/** Largest integer not above x. */
export const floor = unary('floor');
/** Smallest integer not below x. */
export const ceil = unary('ceil');
/** Towards zero. */
export const trunc = unary('trunc');
/** x - trunc(x). */
export const frac = unary('frac');
/** max(x, 0). */
export const relu = unary('relu');
/** x · sigmoid(x). */
export const silu = unary('silu');
/** Is it NaN? */
export const isnan = unary('isnan');
/** Is it ±∞? */
export const isinf = unary('isinf');
/** Neither NaN nor ±∞? */
export const isfinite = unary('isfinite');
/** Is the sign bit set (also of -0 and NaN)? */
export const signbit = unary('signbit');
/** x == 0. */
export const logicalNot = unary('logical_not');

// binary.def

/** a · b. */
export const mul = binary('mul');
/** Remainder with the sign of a (C's fmod). */
export const fmod = binary('fmod');
/** Remainder with the sign of b (Python's %). */
export const remainder = binary('remainder');
/** ⌊a / b⌋. */
export const floorDivide = binary('floor_divide');
/** The larger; NaN wins. Equal values share the gradient. */
export const maximum = binary('maximum');
/** The smaller; NaN wins. Equal values share the gradient. */
export const minimum = binary('minimum');
/** The larger; NaN loses. */
export const fmax = binary('fmax');
/** The smaller; NaN loses. */
export const fmin = binary('fmin');
/** Angle of the point (b, a). */
export const atan2 = binary('atan2');
/** √(a² + b²). */
export const hypot = binary('hypot');
/** |a| with the sign of b. */
export const copysign = binary('copysign');
/** log(e^a + e^b). */
export const logaddexp = binary('logaddexp');
/** a · log(b), 0 where a is 0. */
export const xlogy = binary('xlogy');
/** a == b. */
export const eq = binary('eq');
/** a != b. */
export const ne = binary('ne');
/** a < b. */
export const lt = binary('lt');
/** a <= b. */
export const le = binary('le');
/** a > b. */
export const gt = binary('gt');
/** a >= b. */
export const ge = binary('ge');
/** Both non-zero? */
export const logicalAnd = binary('logical_and');
/** One non-zero? */
export const logicalOr = binary('logical_or');
/** Exactly one non-zero? */
export const logicalXor = binary('logical_xor');
/** Bits set in both. */
export const bitwiseAnd = binary('bitwise_and');
/** Bits set in one. */
export const bitwiseOr = binary('bitwise_or');
/** Bits set in exactly one. */
export const bitwiseXor = binary('bitwise_xor');
/** a · 2^b. */
export const bitwiseLeftShift = binary('bitwise_left_shift');
/** ⌊a / 2^b⌋. */
export const bitwiseRightShift = binary('bitwise_right_shift');

// reduce.def

/** Largest element; equal ones share the gradient. */
export const amax = reduction('amax');
/** Smallest element; equal ones share the gradient. */
export const amin = reduction('amin');
/** Index of the largest element (the first of equals; NaN wins) as int64; without `dim` into the flattened tensor. */
export const argmax = reduction('argmax');
/** Index of the smallest element. */
export const argmin = reduction('argmin');
/** Is one element non-zero? */
export const any = reduction('any');
/** Are all elements non-zero? */
export const all = reduction('all');

// rows with options

const squareRow = unary('square');
const powRow = binary('pow');
const addRow = binary('add');
const subRow = binary('sub');
const divRow = binary('div');
const sumRow = reduction('sum');
const prodRow = reduction('prod');
const roundRow = unary('round');
const geluRow = unary('gelu');
const geluTanhRow = unary('gelu_tanh');
const bitwiseNotRow = unary('bitwise_not');

/** x²; bool counts as int64. */
export const square: Unary = (x) => squareRow(x.dtype === 'bool' ? cast(x, 'int64') : x);
/** a^b. Integers wrap. */
export const pow: Binary = (a, b) => (typeof b === 'boolean' && a.dtype === 'bool' ? logicalOr(a, !b) : powRow(a, b));
/** a + alpha · b. */
export function add(a: Tensor, b: TensorLike, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  return addRow(a, alpha === 1 ? b : scaled(b, alpha));
}
/** a - alpha · b. */
export function sub(a: Tensor, b: TensorLike, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  return subRow(a, alpha === 1 ? b : scaled(b, alpha));
}
function scaled(b: TensorLike, alpha: number): TensorLike {
  return typeof b === 'object' ? mul(b, alpha) : Number(b) * alpha;
}
/** a / b; integers give floats unless `roundingMode` is `'floor'` or `'trunc'`. */
export function div(a: Tensor, b: TensorLike, { roundingMode }: { roundingMode?: 'floor' | 'trunc' } = {}): Tensor {
  if (roundingMode === undefined) return divRow(a, b);
  if (roundingMode === 'floor') return floorDivide(a, b);
  if (roundingMode !== 'trunc') {
    throw new ArgumentRangeError(`div: roundingMode: expected 'floor' or 'trunc', got ${String(roundingMode)}`);
  }
  const quotient = trunc(divRow(a, b));
  const isFloat = a.isFloatingPoint() || (typeof b === 'object' ? b.isFloatingPoint() : !Number.isInteger(Number(b)));
  return isFloat ? quotient : cast(quotient, floorDivide(a, b).dtype);
}

/** Options of sum and prod. */
export interface SumOptions extends ReduceOptions {
  /** Convert to this dtype first. Default: as it is; bool and integers give int64. */
  dtype?: DType | undefined;
}
function reduceAs(row: Reduction, x: Tensor, options: number | readonly number[] | SumOptions | undefined): Tensor {
  const dtype = options && typeof options === 'object' && 'dtype' in options ? options.dtype : undefined;
  return dtype ? cast(row(cast(x, dtype), options), dtype) : row(x, options);
}
/** Sum of the elements. */
export const sum: Reduction<SumOptions> = (x, options) => reduceAs(sumRow, x, options);
/** Product of the elements. */
export const prod: Reduction<SumOptions> = (x, options) => reduceAs(prodRow, x, options);

/** Nearest integer, ties to even; with `decimals`, to that many decimal places. */
export function round(x: Tensor, { decimals = 0 }: { decimals?: number } = {}): Tensor {
  if (decimals === 0) return roundRow(x);
  const factor = 10 ** Math.abs(decimals);
  return decimals > 0 ? divRow(roundRow(mul(x, factor)), factor) : mul(roundRow(divRow(x, factor)), factor);
}
/** x · Φ(x); with `approximate: 'tanh'` the tanh form (Hendrycks & Gimpel 2016). */
export function gelu(x: Tensor, { approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): Tensor {
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw new ArgumentRangeError(`gelu: approximate: expected 'none' or 'tanh', got ${String(approximate)}`);
  }
  return approximate === 'tanh' ? geluTanhRow(x) : geluRow(x);
}
/** All bits flipped; logical not for bool. */
export function bitwiseNot(x: Tensor): Tensor {
  return x.dtype === 'bool' ? logicalNot(x) : bitwiseNotRow(x);
}
