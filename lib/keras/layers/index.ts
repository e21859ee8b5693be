// SPDX-License-Identifier: MIT
import * as activation_ from './activation.js';
import * as core from './core.js';
import type { LayerOptions } from './layer.js';
import * as normalization from './normalization.js';
import * as regularization from './regularization.js';
import * as reshaping from './reshaping.js';
import type { Shape } from './shape.js';

export * from './activation.js';
export * from './core.js';
export { type CallOptions, Layer, type LayerOptions, type WeightOptions } from './layer.js';
export * from './normalization.js';
export * from './regularization.js';
export * from './reshaping.js';
export type { Shape } from './shape.js';

// Each layer as a function too, so that a model reads as a list: `layers.dense(10, { activation: 'softmax' })`.

/** {@link core.InputLayer}: the shape of one sample. */
export const input = (shape: Shape, options?: Pick<LayerOptions, 'name'>) => new core.InputLayer(shape, options);
/** {@link core.Dense}: activation(x · kernel + bias). */
export const dense = (units: number, options?: core.DenseOptions) => new core.Dense(units, options);
/** {@link core.Embedding}: rows of a table at whole numbers. */
export const embedding = (inputDim: number, outputDim: number, options?: core.EmbeddingOptions) =>
  new core.Embedding(inputDim, outputDim, options);
/** {@link core.Rescaling}: x · scale + offset. */
export const rescaling = (scale: number, options?: ConstructorParameters<typeof core.Rescaling>[1]) =>
  new core.Rescaling(scale, options);
/** {@link reshaping.Flatten}: samples as vectors. */
export const flatten = (options?: LayerOptions) => new reshaping.Flatten(options);
/** {@link reshaping.Reshape}: samples in another shape. */
export const reshape = (targetShape: readonly number[], options?: LayerOptions) =>
  new reshaping.Reshape(targetShape, options);
/** {@link reshaping.Permute}: the dimensions of samples, counted from 1, in another order. */
export const permute = (dims: readonly number[], options?: LayerOptions) => new reshaping.Permute(dims, options);
/** {@link reshaping.RepeatVector}: each sample n times. */
export const repeatVector = (n: number, options?: LayerOptions) => new reshaping.RepeatVector(n, options);
/** {@link activation_.Activation}: an activation by name or function. */
export const activation = (...args: ConstructorParameters<typeof activation_.Activation>) =>
  new activation_.Activation(...args);
/** {@link activation_.ReLU}: max(x, 0). */
export const reLU = (...args: ConstructorParameters<typeof activation_.ReLU>) => new activation_.ReLU(...args);
/** {@link activation_.LeakyReLU}: x, or a part of it below 0. */
export const leakyReLU = (...args: ConstructorParameters<typeof activation_.LeakyReLU>) =>
  new activation_.LeakyReLU(...args);
/** {@link activation_.Softmax}: e^x / Σ e^x. */
export const softmax = (...args: ConstructorParameters<typeof activation_.Softmax>) => new activation_.Softmax(...args);
/** {@link regularization.Dropout}: zeroes a part of the elements in training. */
export const dropout = (rate: number, options?: regularization.DropoutOptions) =>
  new regularization.Dropout(rate, options);
/** {@link regularization.GaussianNoise}: adds noise in training. */
export const gaussianNoise = (stddev: number, options?: regularization.RandomLayerOptions) =>
  new regularization.GaussianNoise(stddev, options);
/** {@link regularization.GaussianDropout}: multiplies by noise in training. */
export const gaussianDropout = (rate: number, options?: regularization.RandomLayerOptions) =>
  new regularization.GaussianDropout(rate, options);
/** {@link normalization.BatchNormalization}: normalises channels over the batch. */
export const batchNormalization = (options?: normalization.BatchNormalizationOptions) =>
  new normalization.BatchNormalization(options);
/** {@link normalization.LayerNormalization}: normalises each sample. */
export const layerNormalization = (options?: normalization.LayerNormalizationOptions) =>
  new normalization.LayerNormalization(options);
