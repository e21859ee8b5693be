// SPDX-License-Identifier: MIT
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';

const rawImageBatch = raw('image_batch', 'images: Tensor, index: Tensor, mean: float, std: float -> Tensor');

/**
 * Chosen images as floats, `(images[index] / 255 - mean) / std`, gathered and converted in one parallel pass. Every step
 * is rounded to float32, so the bits are those of `indexSelect`, `to`, `div`, `sub` and `div` one after the other.
 *
 * @param images - uint8 of shape `[N, ...]`
 * @param index - int64 of shape `[B]`, each from 0 to `N - 1`
 * @returns float32 of shape `[B, ...]`; no gradient
 * @throws DTypeError, ShapeError, or a RangeError for an index outside
 */
export function imageBatch(
  images: Tensor,
  index: Tensor,
  { mean = 0, std = 1 }: { mean?: number; std?: number } = {},
): Tensor {
  return fromHandle(
    rawImageBatch(handleOf(images, 'imageBatch: images'), handleOf(index, 'imageBatch: index'), mean, std),
  );
}
