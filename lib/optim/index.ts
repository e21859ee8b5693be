// SPDX-License-Identifier: MIT
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { Optimizer, type OptimizerStateDict, type ParamGroup, type ParamState, type ParamsInput } from './optimizer.js';
export * as lrScheduler from './scheduler/index.js';
export { SGD, type SGDOptions } from './sgd.js';
