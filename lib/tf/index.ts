// SPDX-License-Identifier: MIT

import '../methods.js';

// TensorFlow's way: its names and semantics on the core's tensors, which keep their methods.

export { type Device, type DType, type NestedArray, Tensor, type TypedArray } from '../index.js';
export * as datasets from '../keras/datasets.js';
export * as initializers from '../keras/initializers/index.js';
export * as losses from '../keras/losses/index.js';
export * as metrics from '../keras/metrics/index.js';
export * as optimizers from '../keras/optimizers/index.js';
export { Variable, type VariableOptions, type VariableValue } from '../keras/variable.js';
export * from './array.js';
export * from './clip.js';
export type { Operand } from './convert.js';
export * from './create.js';
export * as data from './data/index.js';
export type { AxisOr, Binary, ReduceOptions, Reduction, Unary } from './define.js';
export * from './function.js';
export * as linalg from './linalg.js';
export { einsum, matmul, matvec, norm, tensordot } from './linalg.js';
export * from './math.js';
export * as math from './math.js';
export * as nn from './nn.js';
export * as random from './random.js';
export type { Structure } from './structure.js';
export * from './tape.js';
