// SPDX-License-Identifier: MIT
export * as datasets from './datasets.js';
export { type IdxSource, readIdx } from './idx.js';
export { ImageDataset, type ImageTransforms } from './image-dataset.js';
export type { Transform } from './transforms.js';
export * as transforms from './transforms.js';
