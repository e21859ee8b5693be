// SPDX-License-Identifier: MIT
import { type DType, isDType } from '../dtype.js';
import { DataError } from '../errors.js';
import type { Transform } from './basic-transforms.js';
import * as color from './color.js';
import * as geometry from './geometry.js';
import { expectNumber, expectOneOf, expectSize, type Size } from './image-ops.js';
import { describeTransform } from './recognised.js';

// Transforms without random numbers. Images are [..., H, W]; wrong options are refused before the first image.

/** A transform that cuts out the middle; what the image does not have is 0. */
export function centerCrop(size: Size): Transform {
  expectSize(size, 'centerCrop');
  return (image) => geometry.centerCrop(image, size);
}

/**
 * A transform that resizes: to height and width, or to the length of the shorter side. `'bilinear'` (default) averages
 * over all that an output pixel covers, as torchvision does with `antialias=True`.
 */
export function resize(
  size: Size,
  { interpolation = 'bilinear' }: { interpolation?: geometry.Interpolation } = {},
): Transform {
  expectSize(size, 'resize');
  expectOneOf(interpolation, ['nearest', 'bilinear'], 'resize: interpolation');
  return (image) => geometry.resize(image, size, { interpolation });
}

/** A transform that puts a border around the image: of one width, `[leftRight, topBottom]` or `[left, top, right, bottom]`. */
export function pad(padding: geometry.Padding, { fill = 0, mode = 'constant' }: geometry.PadOptions = {}): Transform {
  const sides = geometry.expectPadding(padding, 'pad');
  expectNumber(fill, 'pad: fill');
  expectOneOf(mode, geometry.paddingModes, 'pad: mode');
  const transform: Transform = (image) => geometry.pad(image, padding, { fill, mode });
  return describeTransform(transform, [{ kind: 'pad', padding: sides, border: { fill, mode } }]);
}

/** A transform of an image `[..., C, H, W]` that takes its colours away, leaving one channel or three equal ones. */
export function grayscale({ channels = 1 }: { channels?: 1 | 3 } = {}): Transform {
  if (channels !== 1 && channels !== 3)
    throw new DataError(`grayscale: channels: ${String(channels)}, expected 1 or 3`);
  return (image) => color.grayscale(image, channels);
}

/** A transform to another dtype, white staying white: floats from 0 to 1, integers from 0 to their largest value. */
export function convertDtype(dtype: DType = 'float32'): Transform {
  if (!isDType(dtype)) throw new DataError(`convertDtype: dtype: ${String(dtype)}, expected a dtype`);
  return (image) => color.convertDtype(image, dtype);
}
