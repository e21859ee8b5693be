// SPDX-License-Identifier: MIT
import { type ConvOptions, type ConvTransposeOptions, convNd, convTransposeNd } from '../../ops/conv.js';
import type { Tensor } from '../../tensor.js';

export type { ConvOptions, ConvTransposeOptions } from '../../ops/conv.js';

/**
 * Cross-correlation of [N, C, L] (or [C, L]) with a weight [out, C / groups, kernel] and bias [out]:
 * y[n, o, i] = bias[o] + Σ w[o, c, k] x[n, c, i · stride + k · dilation - padding].
 * @throws ShapeError if shapes do not fit, DTypeError for different dtypes
 */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvOptions = {}): Tensor {
  return convNd('conv1d', 1, x, weight, bias, options);
}
/** `conv1d` for images: [N, C, H, W] with a weight [out, C / groups, kernel height, kernel width]. */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvOptions = {}): Tensor {
  return convNd('conv2d', 2, x, weight, bias, options);
}
/** `conv1d` for volumes: [N, C, D, H, W] with a weight [out, C / groups, kernel …]. */
export function conv3d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvOptions = {}): Tensor {
  return convNd('conv3d', 3, x, weight, bias, options);
}

/**
 * The transpose (gradient of the input) of `conv1d`: [N, C, L] with a weight [C, out / groups, kernel] gives
 * (L - 1) · stride - 2 · padding + dilation · (kernel - 1) + outputPadding + 1 positions.
 * @throws ShapeError if shapes do not fit, DTypeError for different dtypes
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions = {},
): Tensor {
  return convTransposeNd('convTranspose1d', 1, x, weight, bias, options);
}
/** `convTranspose1d` for images [N, C, H, W]. */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions = {},
): Tensor {
  return convTransposeNd('convTranspose2d', 2, x, weight, bias, options);
}
/** `convTranspose1d` for volumes [N, C, D, H, W]. */
export function convTranspose3d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTransposeOptions = {},
): Tensor {
  return convTransposeNd('convTranspose3d', 3, x, weight, bias, options);
}
