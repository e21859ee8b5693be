// SPDX-License-Identifier: MIT
export { Dataset, type InterleaveOptions, type MapOptions, type Parts, type ShuffleOptions } from './dataset.js';
export type { Slices } from './slices.js';
