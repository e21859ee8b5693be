// SPDX-License-Identifier: MIT
// What the tests reach beside the public entries; no entry of the package.

export { recipeOf } from './data/dataset.js';
export { gradientsOf, recordTape } from './keras/recording.js';
export { Variable } from './keras/variable.js';
export { native } from './native.js';
export { asStrided } from './ops/view.js';
export { boundSignatures, type Handle } from './raw.js';
export { fromHandle, handleOf } from './tensor.js';
export { download } from './vision/download.js';
