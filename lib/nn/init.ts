// SPDX-License-Identifier: MIT
import { noGrad } from '../autograd.js';
import { scalar } from '../creation.js';
import { ArgumentRangeError, ShapeError } from '../errors.js';
import type { RandomOptions } from '../random.js';
import type { Tensor } from '../tensor.js';

// Each fills its tensor in place, without recording, and returns it. Names and defaults are torch.nn.init's.

/** Whether the variance is kept in the forward or in the backward pass. */
export type FanMode = 'fanIn' | 'fanOut';
/** Functions whose gain is known. */
export type Nonlinearity = 'linear' | 'conv' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';
/** Options of the Kaiming functions. */
export interface KaimingOptions extends RandomOptions {
  /** Slope of leaky ReLU below 0. Default 0. */
  a?: number | undefined;
  /** Default 'fanIn'. */
  mode?: FanMode | undefined;
  /** Default 'leakyRelu'. */
  nonlinearity?: Nonlinearity | undefined;
}
/** Options of the Xavier functions. */
export interface XavierOptions extends RandomOptions {
  /** Scale. Default 1. */
  gain?: number | undefined;
}

const fill = (x: Tensor, body: () => Tensor): Tensor => {
  noGrad(body);
  return x;
};

/** Inputs and outputs of one unit: sizes of dimensions 1 and 0, times the kernel's. */
export function calculateFanInAndFanOut(x: Tensor): { fanIn: number; fanOut: number } {
  if (x.ndim < 2) {
    throw new ShapeError(`init: fan in and fan out need at least 2 dimensions, got shape [${x.shape.join(', ')}]`);
  }
  const kernel = x.shape.slice(2).reduce((n, size) => n * size, 1);
  return { fanIn: x.size(1) * kernel, fanOut: x.size(0) * kernel };
}

/** The factor by which a nonlinearity shrinks the standard deviation, inverted. */
export function calculateGain(nonlinearity: Nonlinearity, a = 0.01): number {
  const gains: Record<Nonlinearity, number> = {
    linear: 1,
    conv: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leakyRelu: Math.sqrt(2 / (1 + a * a)),
    selu: 3 / 4,
  };
  if (!Object.hasOwn(gains, nonlinearity)) {
    throw new ArgumentRangeError(
      `calculateGain: expected one of ${Object.keys(gains).join(', ')}, got ${String(nonlinearity)}`,
    );
  }
  return gains[nonlinearity];
}

/** Uniform in [low, high). */
export function uniform_(x: Tensor, low = 0, high = 1, options: RandomOptions = {}): Tensor {
  return fill(x, () => x.uniform_(low, high, options));
}
/** Normal. */
export function normal_(x: Tensor, mean = 0, std = 1, options: RandomOptions = {}): Tensor {
  return fill(x, () => x.normal_(mean, std, options));
}
/** One value. */
export function constant_(x: Tensor, value: number): Tensor {
  return fill(x, () => x.copy_(value));
}
/** Zeros. */
export function zeros_(x: Tensor): Tensor {
  return constant_(x, 0);
}
/** Ones. */
export function ones_(x: Tensor): Tensor {
  return constant_(x, 1);
}
/** The identity matrix. */
export function eye_(x: Tensor): Tensor {
  if (x.ndim !== 2) throw new ShapeError(`eye_: expected 2 dimensions, got shape [${x.shape.join(', ')}]`);
  return fill(x, () => {
    x.copy_(0);
    return x.diagonal().copy_(1);
  });
}

function xavierStd(x: Tensor, gain: number): number {
  const { fanIn, fanOut } = calculateFanInAndFanOut(x);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}
/** Glorot & Bengio 2010, uniform. */
export function xavierUniform_(x: Tensor, { gain = 1, generator }: XavierOptions = {}): Tensor {
  const bound = Math.sqrt(3) * xavierStd(x, gain);
  return uniform_(x, -bound, bound, { generator });
}
/** Glorot & Bengio 2010, normal. */
export function xavierNormal_(x: Tensor, { gain = 1, generator }: XavierOptions = {}): Tensor {
  return normal_(x, 0, xavierStd(x, gain), { generator });
}

function kaimingStd(x: Tensor, { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' }: KaimingOptions): number {
  const fan = calculateFanInAndFanOut(x)[mode];
  if (fan === undefined)
    throw new ArgumentRangeError(`kaiming: mode: expected 'fanIn' or 'fanOut', got ${String(mode)}`);
  return fan === 0 ? 0 : calculateGain(nonlinearity, a) / Math.sqrt(fan);
}
/** He et al. 2015, uniform. */
export function kaimingUniform_(x: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd(x, options);
  return uniform_(x, -bound, bound, options);
}
/** He et al. 2015, normal. */
export function kaimingNormal_(x: Tensor, options: KaimingOptions = {}): Tensor {
  return normal_(x, 0, kaimingStd(x, options), options);
}
/** Normal, drawn anew where outside [low, high]. */
export function truncNormal_(
  x: Tensor,
  {
    mean = 0,
    std = 1,
    low = -2,
    high = 2,
    generator,
  }: { mean?: number; std?: number; low?: number; high?: number } & RandomOptions = {},
): Tensor {
  if (!(low < high) || !(std > 0)) {
    throw new ArgumentRangeError(`truncNormal_: expected low < high and std > 0, got ${low}, ${high} and ${std}`);
  }
  // the inverse of the normal distribution function between its values at the bounds
  const cdf = (v: number) =>
    (1 +
      scalar((v - mean) / std / Math.SQRT2, 'float64')
        .erf()
        .item()) /
    2;
  return fill(x, () => {
    x.uniform_(2 * cdf(low) - 1, 2 * cdf(high) - 1, { generator });
    const y = x
      .erfinv()
      .mul(std * Math.SQRT2)
      .add(mean);
    return x.copy_(y.maximum(low).minimum(high));
  });
}
