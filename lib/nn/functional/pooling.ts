// SPDX-License-Identifier: MIT
import {
  type AdaptiveMaxPoolOptions,
  type AdaptivePoolOptions,
  type AdaptiveSize,
  type AvgPoolOptions,
  adaptiveAvgPoolNd,
  adaptiveMaxPoolNd,
  avgPoolNd,
  type MaxPoolOptions,
  type MaxPoolResult,
  maxPoolNd,
} from '../../ops/pool.js';
import type { Spatial } from '../../ops/spatial.js';
import type { Tensor } from '../../tensor.js';

export type {
  AdaptiveMaxPoolOptions,
  AdaptivePoolOptions,
  AdaptiveSize,
  AvgPoolOptions,
  MaxPoolOptions,
} from '../../ops/pool.js';

/**
 * The largest element of each window of sequences [N, C, L] (or [C, L]); NaN counts as largest.
 * @returns the values, or with `returnIndices` values and positions
 * @throws ShapeError if the kernel does not fit
 */
export function maxPool1d<O extends MaxPoolOptions>(x: Tensor, kernelSize: Spatial, options?: O): MaxPoolResult<O> {
  return maxPoolNd('maxPool1d', 1, x, kernelSize, options ?? ({} as O));
}
/** The mean of each window of sequences [N, C, L] (or [C, L]). */
export function avgPool1d(x: Tensor, kernelSize: Spatial, options: AvgPoolOptions = {}): Tensor {
  return avgPoolNd('avgPool1d', 1, x, kernelSize, options);
}
/** Means over windows ⌊i n / m⌋ … ⌈(i + 1) n / m⌉ of sequences [N, C, L] (or [C, L]), m = `outputSize`. */
export function adaptiveAvgPool1d(x: Tensor, outputSize: AdaptiveSize, options: AdaptivePoolOptions = {}): Tensor {
  return adaptiveAvgPoolNd('adaptiveAvgPool1d', 1, x, outputSize, options);
}
/** Maxima over the windows of `adaptiveAvgPool1d`. */
export function adaptiveMaxPool1d<O extends AdaptiveMaxPoolOptions>(
  x: Tensor,
  outputSize: AdaptiveSize,
  options?: O,
): MaxPoolResult<O> {
  return adaptiveMaxPoolNd('adaptiveMaxPool1d', 1, x, outputSize, options ?? ({} as O));
}

/**
 * The largest element of each window of images [N, C, H, W]; NaN counts as largest.
 * @returns the values, or with `returnIndices` values and positions
 * @throws ShapeError if the kernel does not fit
 */
export function maxPool2d<O extends MaxPoolOptions>(x: Tensor, kernelSize: Spatial, options?: O): MaxPoolResult<O> {
  return maxPoolNd('maxPool2d', 2, x, kernelSize, options ?? ({} as O));
}
/** The mean of each window of images [N, C, H, W]. */
export function avgPool2d(x: Tensor, kernelSize: Spatial, options: AvgPoolOptions = {}): Tensor {
  return avgPoolNd('avgPool2d', 2, x, kernelSize, options);
}
/** Means over windows ⌊i n / m⌋ … ⌈(i + 1) n / m⌉ of images [N, C, H, W], m = `outputSize`. */
export function adaptiveAvgPool2d(x: Tensor, outputSize: AdaptiveSize, options: AdaptivePoolOptions = {}): Tensor {
  return adaptiveAvgPoolNd('adaptiveAvgPool2d', 2, x, outputSize, options);
}
/** Maxima over the windows of `adaptiveAvgPool2d`. */
export function adaptiveMaxPool2d<O extends AdaptiveMaxPoolOptions>(
  x: Tensor,
  outputSize: AdaptiveSize,
  options?: O,
): MaxPoolResult<O> {
  return adaptiveMaxPoolNd('adaptiveMaxPool2d', 2, x, outputSize, options ?? ({} as O));
}

/**
 * The largest element of each window of volumes [N, C, D, H, W]; NaN counts as largest.
 * @returns the values, or with `returnIndices` values and positions
 * @throws ShapeError if the kernel does not fit
 */
export function maxPool3d<O extends MaxPoolOptions>(x: Tensor, kernelSize: Spatial, options?: O): MaxPoolResult<O> {
  return maxPoolNd('maxPool3d', 3, x, kernelSize, options ?? ({} as O));
}
/** The mean of each window of volumes [N, C, D, H, W]. */
export function avgPool3d(x: Tensor, kernelSize: Spatial, options: AvgPoolOptions = {}): Tensor {
  return avgPoolNd('avgPool3d', 3, x, kernelSize, options);
}
/** Means over windows ⌊i n / m⌋ … ⌈(i + 1) n / m⌉ of volumes [N, C, D, H, W], m = `outputSize`. */
export function adaptiveAvgPool3d(x: Tensor, outputSize: AdaptiveSize, options: AdaptivePoolOptions = {}): Tensor {
  return adaptiveAvgPoolNd('adaptiveAvgPool3d', 3, x, outputSize, options);
}
/** Maxima over the windows of `adaptiveAvgPool3d`. */
export function adaptiveMaxPool3d<O extends AdaptiveMaxPoolOptions>(
  x: Tensor,
  outputSize: AdaptiveSize,
  options?: O,
): MaxPoolResult<O> {
  return adaptiveMaxPoolNd('adaptiveMaxPool3d', 3, x, outputSize, options ?? ({} as O));
}
