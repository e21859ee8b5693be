// SPDX-License-Identifier: MIT
import type { DType } from '../dtype.js';
import { DTypeError } from '../errors.js';
import type { SumOptions } from '../ops.js';
import type { Tensor } from '../tensor.js';
import { normalizeDim, type ReduceOptions, type Reduction, reduceArgs } from './define.js';
import { where } from './where.js';

// Reductions made of sums and extremes. They take `dim` and `keepdim` as `sum` does.

type Dims = number | readonly number[];

/** Options of `std` and `var`. */
export interface SpreadOptions extends ReduceOptions {
  /** Degrees of freedom taken from the count. Default 1 (Bessel's correction). */
  correction?: number | undefined;
}

function asOptions<O extends ReduceOptions>(options: Dims | O | undefined): O {
  const isOptions = typeof options === 'object' && !Array.isArray(options);
  return (isOptions ? options : { dim: options }) as O;
}

/** How many elements each result is made of. */
function countOf(op: string, x: Tensor, options: Dims | ReduceOptions | undefined): number {
  const [dims = x.shape.map((_, i) => i)] = reduceArgs(options);
  return dims.reduce((n, dim) => n * (x.shape[normalizeDim(op, dim, x.ndim)] ?? 1), 1);
}

function expectFloat(op: string, x: Tensor, dtype: DType | undefined): Tensor {
  const y = dtype ? x.to(dtype) : x;
  if (!y.isFloatingPoint())
    throw new DTypeError(`${op}: expected a floating dtype, got ${y.dtype}; pass a dtype or convert first`);
  return y;
}

/** Integers and bool as float32. */
function asFloat(x: Tensor): Tensor {
  return x.isFloatingPoint() ? x : x.to('float32');
}

/** Arithmetic mean. @throws DTypeError for integers without `dtype` */
export const mean: Reduction<SumOptions> = (x, options) => {
  const y = expectFloat('mean', x, asOptions<SumOptions>(options).dtype);
  return y.sum(options).div(countOf('mean', x, options));
};

/** The variance and the mean it was taken around. */
export function varMean(x: Tensor, options?: Dims | SpreadOptions): [Tensor, Tensor] {
  const { dim, keepdim = false, correction = 1 } = asOptions<SpreadOptions>(options);
  const y = expectFloat('var', x, undefined);
  const centre = mean(y, { dim, keepdim: true });
  const freedom = Math.max(0, countOf('var', y, { dim }) - correction);
  const variance = y.sub(centre).square().sum({ dim, keepdim }).div(freedom);
  return [variance, keepdim ? centre : centre.reshape(variance.shape)];
}
function variance(x: Tensor, options?: Dims | SpreadOptions): Tensor {
  return varMean(x, options)[0];
}

/** Sum of squared deviations from the mean over (count - correction). */
export { variance as var };

/** Standard deviation and mean. */
export function stdMean(x: Tensor, options?: Dims | SpreadOptions): [Tensor, Tensor] {
  const [squared, centre] = varMean(x, options);
  return [safeSqrt(squared), centre];
}
/** Square root of the variance. */
export function std(x: Tensor, options?: Dims | SpreadOptions): Tensor {
  return stdMean(x, options)[0];
}

/** √x whose gradient at 0 is 0 rather than infinite, as PyTorch's norms and `std` have it. */
function safeSqrt(x: Tensor): Tensor {
  if (!x.requiresGrad) return x.sqrt();
  const zero = x.eq(0);
  return where(zero, x, where(zero, 1, x).sqrt());
}

/** Sum with NaN counted as 0. */
export const nansum: Reduction<SumOptions> = (x, options) => where(x.isnan(), 0, x).sum(options);
/** Mean of the elements that are not NaN. */
export const nanmean: Reduction<SumOptions> = (x, options) => {
  const y = expectFloat('nanmean', x, asOptions<SumOptions>(options).dtype);
  const count = y.isnan().logicalNot().sum(asOptions<ReduceOptions>(options));
  return nansum(y, options).div(count);
};
/** How many elements are not 0, as int64. */
export function countNonzero(x: Tensor, dim?: Dims | { dim?: Dims | undefined }): Tensor {
  return x.ne(0).sum(dim);
}

/** Smallest and largest element, along `dim` or of all. */
export function aminmax(x: Tensor, options?: number | ReduceOptions): { min: Tensor; max: Tensor } {
  return { min: x.amin(options), max: x.amax(options) };
}

/** log(Σ e^x), without overflow. */
export function logsumexp(x: Tensor, options?: Dims | ReduceOptions): Tensor {
  const { dim, keepdim = false } = asOptions<ReduceOptions>(options);
  const y = asFloat(x);
  if (countOf('logsumexp', y, options) === 0) return y.exp().sum({ dim, keepdim }).log();
  const peak = y.detach().amax({ dim, keepdim: true });
  const shift = where(peak.isfinite(), peak, 0);
  const total = y.sub(shift).exp().sum({ dim, keepdim }).log();
  return total.add(shift.reshape(total.shape));
}

/** Options of `vectorNorm` and `matrixNorm`. */
export interface NormOptions extends ReduceOptions {
  /** Which norm. Default 2 for vectors, 'fro' for matrices. */
  ord?: number | 'fro' | undefined;
}

/** (Σ |x|^p)^(1/p); gradients are 0 where x is 0, also where the power's would be infinite. */
function powerNorm(x: Tensor, p: number, reduce: ReduceOptions): Tensor {
  const zero = x.eq(0);
  const total = where(zero, p > 0 ? 0 : Infinity, where(zero, 1, x.abs()).pow(p)).sum(reduce);
  const empty = total.eq(0);
  return where(empty, total, where(empty, 1, total).pow(1 / p));
}

/**
 * Norm of the elements along `dim` (default: of all). `ord` 2 Euclid, 1 sum of magnitudes, ±∞ largest or smallest magnitude,
 * 0 number of non-zero elements, else (Σ |x|^ord)^(1/ord). The gradient at 0 is 0.
 */
export function vectorNorm(x: Tensor, options?: Dims | (ReduceOptions & { ord?: number | undefined })): Tensor {
  const { ord = 2, dim, keepdim } = asOptions<ReduceOptions & { ord?: number }>(options);
  const y = expectFloat('vectorNorm', x, undefined);
  const reduce = { dim, keepdim };
  if (ord === 2) return safeSqrt(y.square().sum(reduce));
  if (ord === 1) return y.abs().sum(reduce);
  if (ord === 0) return y.ne(0).sum(reduce).to(y.dtype);
  if (ord === Infinity) return y.abs().amax(reduce);
  if (ord === -Infinity) return y.abs().amin(reduce);
  return powerNorm(y, ord, reduce);
}

/**
 * Norm of the matrices in two dimensions. `ord` 'fro' Frobenius, ±1 largest or smallest column sum of magnitudes, ±∞ row sum.
 */
export function matrixNorm(
  x: Tensor,
  options: NormOptions & { dim?: readonly [number, number] | undefined } = {},
): Tensor {
  const { ord = 'fro', dim: [rows, cols] = [-2, -1], keepdim = false } = options;
  if (ord === 'fro') return vectorNorm(x, { dim: [rows, cols], keepdim });
  if (Math.abs(ord) !== 1 && Math.abs(ord) !== Infinity) {
    throw new RangeError(`matrixNorm: ord: expected 'fro', 1, -1, Infinity or -Infinity, got ${ord}`);
  }
  const [summed, kept] = Math.abs(ord) === 1 ? [rows, cols] : [cols, rows];
  const y = expectFloat('matrixNorm', x, undefined).abs().sum({ dim: summed, keepdim: true });
  const norm = ord > 0 ? y.amax({ dim: kept, keepdim: true }) : y.amin({ dim: kept, keepdim: true });
  return keepdim ? norm : norm.squeeze([rows, cols]);
}

/** Norm of all elements, or along `dim`: of vectors, or of matrices if `p` is 'fro' and there are two dims. */
export function norm(
  x: Tensor,
  { p = 'fro', dim, keepdim }: ReduceOptions & { p?: number | 'fro' | undefined } = {},
): Tensor {
  return vectorNorm(x, { ord: p === 'fro' ? 2 : p, dim, keepdim });
}

/** p-norm of a - b. */
export function dist(a: Tensor, b: Tensor, { p = 2 }: { p?: number | undefined } = {}): Tensor {
  return vectorNorm(a.sub(b), { ord: p });
}
