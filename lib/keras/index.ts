// SPDX-License-Identifier: MIT
import '../methods.js';

export { Tensor } from '../tensor.js';
export * as activations from './activations.js';
export * as datasets from './datasets.js';
export * as initializers from './initializers/index.js';
export * as losses from './losses/index.js';
export * as metrics from './metrics/index.js';
export * as optimizers from './optimizers/index.js';
export * as regularizers from './regularizers.js';
export { Variable, type VariableOptions } from './variable.js';
