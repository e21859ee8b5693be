// SPDX-License-Identifier: MIT
export { oneHot } from '../../ops/counting.js';
export { type PadOptions, pad } from '../../ops/rearrange.js';
export { logSoftmax, softmax } from '../../ops/softmax.js';
export { gelu, logsigmoid, relu, sigmoid, silu, tanh } from '../../ops.js';
export * from './activations.js';
export * from './attention.js';
export * from './classification.js';
export * from './conv.js';
export * from './distance.js';
export * from './embedding.js';
export * from './interpolate.js';
export { bilinear, type DropoutOptions, dropout, linear } from './layers.js';
export * from './losses.js';
export * from './normalization.js';
export * from './pooling.js';
export * from './shuffles.js';
export * from './windows.js';
