// SPDX-License-Identifier: MIT
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { NAdam, type NAdamOptions, RAdam, type RAdamOptions } from './adam-variants.js';
export * from './adaptive.js';
export * from './classic.js';
export { Muon, type MuonOptions } from './muon.js';
export { Optimizer, type OptimizerStateDict, type ParamGroup, type ParamState, type ParamsInput } from './optimizer.js';
export * as lrScheduler from './scheduler/index.js';
export { SGD, type SGDOptions } from './sgd.js';
