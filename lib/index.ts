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
export { bincount, histc, isin, oneHot } from './ops/counting.js';
export { type Index, type Slice, slice } from './ops/indexing.js';
export { broadcastTensors, cat, hstack, meshgrid, stack, vstack } from './ops/join.js';
export { type PadOptions } from './ops/rearrange.js';
export { type ScatterReduction } from './ops/scatter.js';
export { bernoulli, multinomial } from './ops/random.js';
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
export type { BackwardOptions, Device, NestedArray, TensorLike } from './tensor.js';
export { Tensor } from './tensor.js';
export * from './runtime.js';
