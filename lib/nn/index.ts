// SPDX-License-Identifier: MIT
export * as functional from './functional/index.js';
export type { ForwardHook, ForwardPreHook, RemovableHandle } from './hooks.js';
export * as init from './init.js';
export * from './layers/activations.js';
export * from './layers/attention.js';
export * from './layers/basic.js';
export * from './layers/classification.js';
export * from './layers/containers.js';
export * from './layers/embedding.js';
export * from './layers/linear.js';
export * from './layers/losses.js';
export * from './layers/normalization.js';
export * from './layers/parametric.js';
export * from './layers/recurrent.js';
export * from './layers/transformer.js';
export { type LoadResult, Module, type StateDict } from './module.js';
export { Parameter } from './parameter.js';
export * as utils from './utils.js';
