// SPDX-License-Identifier: MIT

export { logSoftmax, softmax } from '../../ops/softmax.js';
export { gelu, logsigmoid, relu, sigmoid, silu, tanh } from '../../ops.js';
export * from './classification.js';
export { bilinear, type DropoutOptions, dropout, linear } from './layers.js';
