// SPDX-License-Identifier: MIT
import { fromBuffer, type Tensor } from '../index.js';

/**
 * Transforms whose result at a pixel depends on that pixel alone: `image` ones begin with a uint8 image, `tensor` ones
 * go on from its float form. Such a chain is a table of 256 numbers, with which a whole batch is mapped at once.
 */
const pixelwise = new WeakMap<object, 'image' | 'tensor'>();

/** Says of a transform that it works pixel by pixel. */
export function markPixelwise(transform: object, kind: 'image' | 'tensor'): void {
  pixelwise.set(transform, kind);
}

/** What a chain of transforms begins with, if all of it works pixel by pixel. */
export function pixelwiseChain(chain: readonly object[]): 'image' | 'tensor' | undefined {
  const [first, ...rest] = chain.map((transform) => pixelwise.get(transform));
  return rest.every((kind) => kind === 'tensor') ? first : undefined;
}

/**
 * What a transform makes of each of the 256 pixel values, float32 of shape `[256]`; undefined for a transform that is not
 * known to work pixel by pixel. The transform itself fills the table, so a mapped batch has its very bits.
 */
export function pixelTable(transform: ((image: Tensor) => unknown) | undefined): Tensor | undefined {
  if (!transform || pixelwise.get(transform) !== 'image') return undefined;
  const values = Uint8Array.from({ length: 256 }, (_, i) => i);
  return (transform(fromBuffer(values, { dtype: 'uint8', shape: [16, 16] })) as Tensor).reshape([256]);
}
