// SPDX-License-Identifier: MIT
import { noGrad } from '../../autograd.js';
import { ArgumentRangeError } from '../../errors.js';
import { cast, normalizeDim } from '../../ops/define.js';
import { varMean } from '../../ops/statistics.js';
import type { Tensor } from '../../tensor.js';
import { checkNumber } from '../inputs.js';
import type { Variable } from '../variable.js';
import { configOf, type InitializerLike, type Recipe, type RegularizerLike, recipe } from './config.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';
import { knownSize, type Shape } from './shape.js';

/** Options of the normalisations that learn a scale and a shift. */
export interface AffineOptions extends LayerOptions {
  /** Added to the variance. Default 1e-3. */
  epsilon?: number | undefined;
  /** Learn a shift (beta)? Default true. */
  center?: boolean | undefined;
  /** Learn a scale (gamma)? Default true. */
  scale?: boolean | undefined;
  /** Default `'zeros'`. */
  betaInitializer?: InitializerLike | undefined;
  /** Default `'ones'`. */
  gammaInitializer?: InitializerLike | undefined;
  betaRegularizer?: RegularizerLike | undefined;
  gammaRegularizer?: RegularizerLike | undefined;
}

/** A layer with gamma and beta. */
abstract class Affine extends Layer {
  readonly epsilon: number;
  gamma: Variable | undefined = undefined;
  beta: Variable | undefined = undefined;
  readonly center: boolean;
  readonly scale: boolean;
  readonly #beta: Recipe;
  readonly #gamma: Recipe;

  constructor(where: string, options: AffineOptions) {
    super(options);
    const {
      epsilon = 1e-3,
      center = true,
      scale = true,
      betaInitializer = 'zeros',
      gammaInitializer = 'ones',
    } = options;
    checkNumber(`${where}: epsilon`, epsilon, 0);
    this.epsilon = epsilon;
    this.center = Boolean(center);
    this.scale = Boolean(scale);
    this.#beta = recipe(betaInitializer, options.betaRegularizer);
    this.#gamma = recipe(gammaInitializer, options.gammaRegularizer);
  }
  protected buildAffine(shape: readonly number[]): void {
    if (this.scale) this.gamma = this.addWeight('gamma', shape, this.#gamma);
    if (this.center) this.beta = this.addWeight('beta', shape, this.#beta);
  }
  /** (x - mean) / √(variance + ε) · gamma + beta, with all of them broadcast. */
  protected normalize(x: Tensor, mean: Tensor, variance: Tensor, shape: readonly number[]): Tensor {
    const spread = variance.add(this.epsilon).rsqrt();
    const scaled = x.sub(mean).mul(this.gamma ? spread.mul(this.gamma.reshape(shape)) : spread);
    return this.beta ? scaled.add(this.beta.reshape(shape)) : scaled;
  }
  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: configOf.initializer(this.#beta.initializer),
      gammaInitializer: configOf.initializer(this.#gamma.initializer),
      betaRegularizer: configOf.regularizer(this.#beta.regularizer),
      gammaRegularizer: configOf.regularizer(this.#gamma.regularizer),
    };
  }
}

/** Options of {@link BatchNormalization}. */
export interface BatchNormalizationOptions extends AffineOptions {
  /** The dimension that is kept, that of the channels. Default -1. */
  axis?: number | undefined;
  /** Weight of the old value in the moving statistics. Default 0.99. */
  momentum?: number | undefined;
  /** Default `'zeros'`. */
  movingMeanInitializer?: InitializerLike | undefined;
  /** Default `'ones'`. */
  movingVarianceInitializer?: InitializerLike | undefined;
}

/**
 * Normalises each channel with the batch's statistics in training, and with moving ones otherwise or when the layer is
 * frozen (Ioffe & Szegedy 2015). The moving variance follows the batch's biased one, as in Keras 3.
 */
export class BatchNormalization extends Affine {
  readonly axis: number;
  readonly momentum: number;
  movingMean: Variable | undefined = undefined;
  movingVariance: Variable | undefined = undefined;
  readonly #movingMean: Recipe;
  readonly #movingVariance: Recipe;

  constructor(options: BatchNormalizationOptions = {}) {
    super('batchNormalization', options);
    const { axis = -1, momentum = 0.99 } = options;
    if (!Number.isInteger(axis)) {
      throw new ArgumentRangeError(`batchNormalization: axis: expected an integer, got ${String(axis)}`);
    }
    checkNumber('batchNormalization: momentum', momentum, 0, 1);
    this.axis = axis;
    this.momentum = momentum;
    this.#movingMean = recipe(options.movingMeanInitializer ?? 'zeros');
    this.#movingVariance = recipe(options.movingVarianceInitializer ?? 'ones');
  }
  override build(inputShape: Shape): void {
    const axis = normalizeDim(this.name, this.axis, inputShape.length);
    const shape = [knownSize(this.name, inputShape, axis)];
    this.buildAffine(shape);
    this.movingMean = this.addWeight('moving_mean', shape, { ...this.#movingMean, trainable: false });
    this.movingVariance = this.addWeight('moving_variance', shape, { ...this.#movingVariance, trainable: false });
  }
  call(inputs: Tensor, { training = false }: CallOptions): Tensor {
    const x = inputs.isFloatingPoint() ? inputs : cast(inputs, 'float32');
    const axis = normalizeDim(this.name, this.axis, x.ndim);
    const [movingMean, movingVariance] = [this.movingMean as Variable, this.movingVariance as Variable];
    const shape = x.shape.map((size, dim) => (dim === axis ? size : 1));
    if (!training || !this.trainable) {
      return this.normalize(x, movingMean.reshape(shape), movingVariance.reshape(shape), shape);
    }
    const dim = x.shape.map((_, i) => i).filter((i) => i !== axis);
    const [variance, mean] = varMean(x, { dim, correction: 0, keepdim: true });
    this.#follow(movingMean, mean);
    this.#follow(movingVariance, variance);
    return this.normalize(x, mean, variance, shape);
  }
  #follow(moving: Variable, batch: Tensor): void {
    noGrad(() => {
      const news = batch
        .detach()
        .reshape(moving.shape)
        .mul(1 - this.momentum);
      moving.assign(moving.mul(this.momentum).add(news));
    });
  }
  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      movingMeanInitializer: configOf.initializer(this.#movingMean.initializer),
      movingVarianceInitializer: configOf.initializer(this.#movingVariance.initializer),
    };
  }
}

/** Options of {@link LayerNormalization}. */
export interface LayerNormalizationOptions extends AffineOptions {
  /** The dimensions that are normalised together. Default -1. */
  axis?: number | readonly number[] | undefined;
}

/** Normalises each sample over the dimensions `axis` (Ba et al. 2016). */
export class LayerNormalization extends Affine {
  readonly axis: readonly number[];

  constructor(options: LayerNormalizationOptions = {}) {
    super('layerNormalization', options);
    const { axis = -1 } = options;
    this.axis = typeof axis === 'number' ? [axis] : [...axis];
    if (this.axis.length === 0 || !this.axis.every(Number.isInteger)) {
      throw new ArgumentRangeError(`layerNormalization: axis: expected integers, got ${JSON.stringify(axis)}`);
    }
  }
  #dims(ndim: number): number[] {
    return this.axis.map((axis) => normalizeDim(this.name, axis, ndim)).sort((a, b) => a - b);
  }
  override build(inputShape: Shape): void {
    this.buildAffine(this.#dims(inputShape.length).map((dim) => knownSize(this.name, inputShape, dim)));
  }
  call(inputs: Tensor): Tensor {
    const x = inputs.isFloatingPoint() ? inputs : cast(inputs, 'float32');
    const dim = this.#dims(x.ndim);
    const [variance, mean] = varMean(x, { dim, correction: 0, keepdim: true });
    const shape = x.shape.map((size, i) => (dim.includes(i) ? size : 1));
    return this.normalize(x, mean, variance, shape);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}
