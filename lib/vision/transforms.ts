// SPDX-License-Identifier: MIT
export { compose, lambda, normalize, type Transform, toTensor } from './basic-transforms.js';
export * as functional from './functional.js';
export type { Interpolation, Padding, PaddingMode, PadOptions, RotateOptions } from './geometry.js';
export type { Size } from './image-ops.js';
export { centerCrop, convertDtype, grayscale, pad, resize } from './image-transforms.js';
export * from './random-transforms.js';
