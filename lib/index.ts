// SPDX-License-Identifier: MIT
import './methods.js';

export * from './autograd.js';
export {
  arange,
  type CreationOptions,
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
export * from './gradcheck.js';
export * as nn from './nn/index.js';
export { bincount, histc, isin, oneHot } from './ops/counting.js';
export { imageBatch } from './ops/image.js';
export { type Index, type Slice, slice } from './ops/indexing.js';
export { broadcastTensors, cat, hstack, meshgrid, stack, vstack } from './ops/join.js';
export { bernoulli, multinomial } from './ops/random.js';
export type { PadOptions } from './ops/rearrange.js';
export type { ScatterReduction } from './ops/scatter.js';
export { logSoftmax, softmax } from './ops/softmax.js';
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
