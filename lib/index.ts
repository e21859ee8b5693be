// SPDX-License-Identifier: MIT
import './methods.js';

export { type AutocastOptions, autocast, isAutocastEnabled } from './autocast.js';
export { enableGrad, type GradOptions, grad, isGradEnabled, noGrad } from './autograd.js';
export type { Explanation, ProgramExplanation } from './compile/explain.js';
export { type Batches, type Compiled, compile, type RunAllOptions, type RunOptions } from './compile.js';
export {
  arange,
  type CreationOptions,
  eye,
  fromBuffer,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  scalar,
  tensor,
  zeros,
  zerosLike,
} from './creation.js';
export { device } from './device.js';
export { type DType, dtypes, isFloatingPoint, itemSize, type TypedArray } from './dtype.js';
export {
  CheckpointError,
  CressetError,
  DataError,
  DeviceError,
  DTypeError,
  GraphError,
  OutOfMemoryError,
  ShapeError,
} from './errors.js';
export { AutogradFunction, FunctionContext, type MaybeTensor } from './function.js';
export * from './gradcheck.js';
export * as linalg from './linalg.js';
export * as nn from './nn/index.js';
export * from './ops/counting.js';
export type { Binary, ReduceOptions, Reduction, Unary } from './ops/define.js';
export * from './ops/differences.js';
export * from './ops/einsum.js';
export * from './ops/extremes.js';
export { imageBatch } from './ops/image.js';
export * from './ops/indexing.js';
export { slice } from './ops/indexing.js';
export { broadcastTensors, cat, hstack, meshgrid, stack, tensorSplit, vstack } from './ops/join.js';
export * from './ops/masked.js';
export * from './ops/matrix.js';
export * from './ops/pointwise.js';
export * from './ops/products.js';
export { bernoulli, multinomial } from './ops/random.js';
export * from './ops/rearrange.js';
export * from './ops/scan.js';
export * from './ops/scatter.js';
export { logSoftmax, softmax } from './ops/softmax.js';
export * from './ops/sort.js';
export * from './ops/statistics.js';
export * from './ops/unique.js';
export * from './ops/view.js';
export { where } from './ops/where.js';
export * from './ops.js';
export * as optim from './optim/index.js';
export {
  defaultGenerator,
  Generator,
  type GeneratorState,
  manualSeed,
  normal,
  type RandomCreationOptions,
  type RandomOptions,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
} from './random.js';
export * from './runtime.js';
export type { BackwardOptions, Device, NestedArray, TensorLike } from './tensor.js';
export { Tensor } from './tensor.js';
