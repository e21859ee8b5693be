// SPDX-License-Identifier: MIT

/** A map of pixel values: `(x / 255 - mean) / std`. */
export interface Scaling {
  readonly mean: number;
  readonly std: number;
}

/** What `toTensor` does to a uint8 image, apart from its shape. */
export const plain: Scaling = { mean: 0, std: 1 };

/** Transforms of a uint8 image that do no more than this to its pixels: a whole batch can be had in one native pass. */
const ofImages = new WeakMap<object, Scaling>();
/** Those of a float tensor, which go on from `toTensor`. */
const ofTensors = new WeakMap<object, Scaling>();

export function markImageTransform(transform: object, scaling: Scaling): void {
  ofImages.set(transform, scaling);
}

export function markTensorTransform(transform: object, scaling: Scaling): void {
  ofTensors.set(transform, scaling);
}

/** What transforms do as a whole, if they are known: `toTensor` and at most one `normalize` of a single channel. */
export function recognise(chain: readonly object[]): Scaling | undefined {
  const [first, second] = chain;
  const start = first && ofImages.get(first);
  if (!start || !second) return start;
  return start === plain && chain.length === 2 ? ofTensors.get(second) : undefined;
}
