// SPDX-License-Identifier: MIT
import '../methods.js';

export { Tensor } from '../tensor.js';
export * as activations from './activations.js';
export * as callbacks from './callbacks/index.js';
export type { CompileOptions } from './compiled.js';
export type { ArrayData, Batch, ClassWeight } from './data/batch.js';
export type { BatchStream } from './data/streams.js';
export * as datasets from './datasets.js';
export type { EvaluateArrayOptions, EvaluateOptions, FitArrayOptions, FitOptions, RunOptions } from './fit.js';
export * as initializers from './initializers/index.js';
export * as layers from './layers/index.js';
export { input } from './layers/index.js';
export * as losses from './losses/index.js';
export * as metrics from './metrics/index.js';
export { Model } from './model.js';
export * as optimizers from './optimizers/index.js';
export * as regularizers from './regularizers.js';
export { Sequential, sequential } from './sequential.js';
export type { SummaryOptions } from './summary.js';
export * as utils from './utils.js';
export { Variable, type VariableOptions } from './variable.js';
