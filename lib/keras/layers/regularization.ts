// SPDX-License-Identifier: MIT
import { ones } from '../../creation.js';
import { ArgumentRangeError } from '../../errors.js';
import { dropout as dropOut } from '../../nn/functional/layers.js';
import { cast } from '../../ops/define.js';
import { Generator, normal } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { checkNumber } from '../inputs.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';

/** Options of layers that draw random numbers. */
export interface RandomLayerOptions extends LayerOptions {
  /** Seed of numbers of the layer's own; by default they come from the generator that `manualSeed` seeds. */
  seed?: number | undefined;
}

const generatorOf = (seed: number | undefined) => (seed === undefined ? undefined : new Generator(seed));
const floats = (x: Tensor) => (x.isFloatingPoint() ? x : cast(x, 'float32'));

/** Options of {@link Dropout}. */
export interface DropoutOptions extends RandomLayerOptions {
  /** Shape of the mask, which broadcasts against the inputs; null stands for the inputs' size. */
  noiseShape?: readonly (number | null)[] | undefined;
}

/** In training, zeroes elements with probability `rate` and divides the others by 1 - rate (Srivastava et al. 2014). */
export class Dropout extends Layer {
  readonly rate: number;
  readonly noiseShape: readonly (number | null)[] | undefined;
  readonly #seed: number | undefined;
  readonly #generator: Generator | undefined;

  constructor(rate: number, { seed, noiseShape, ...options }: DropoutOptions = {}) {
    super(options);
    checkNumber('dropout: rate', rate, 0, 1);
    this.rate = rate;
    this.noiseShape = noiseShape && [...noiseShape];
    this.#seed = seed;
    this.#generator = generatorOf(seed);
  }
  call(inputs: Tensor, { training = false }: CallOptions): Tensor {
    if (!training || this.rate === 0) return inputs;
    const [x, how] = [floats(inputs), { p: this.rate, generator: this.#generator }];
    if (!this.noiseShape) return dropOut(x, how);
    const shape = this.noiseShape.map((size, i) => size ?? x.size(i));
    return x.mul(dropOut(ones(shape, { dtype: x.dtype }), how));
  }
  override getConfig(): Record<string, unknown> {
    const { rate, noiseShape = null } = this;
    return { ...super.getConfig(), rate, noiseShape, seed: this.#seed ?? null };
  }
}

/** Base of the layers that add or multiply normal noise in training. */
abstract class Gaussian extends Layer {
  readonly #seed: number | undefined;
  readonly #generator: Generator | undefined;

  constructor({ seed, ...options }: RandomLayerOptions) {
    super(options);
    this.#seed = seed;
    this.#generator = generatorOf(seed);
  }
  protected noise(x: Tensor, mean: number, std: number): Tensor {
    return normal(mean, std, x.shape, { dtype: x.dtype, generator: this.#generator });
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), seed: this.#seed ?? null };
  }
}

/** In training, adds normal noise of mean 0. */
export class GaussianNoise extends Gaussian {
  readonly stddev: number;

  constructor(stddev: number, options: RandomLayerOptions = {}) {
    super(options);
    checkNumber('gaussianNoise: stddev', stddev, 0);
    this.stddev = stddev;
  }
  call(inputs: Tensor, { training = false }: CallOptions): Tensor {
    const x = floats(inputs);
    return training && this.stddev > 0 ? x.add(this.noise(x, 0, this.stddev)) : x;
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), stddev: this.stddev };
  }
}

/** In training, multiplies by normal noise of mean 1 and standard deviation √(rate / (1 - rate)). */
export class GaussianDropout extends Gaussian {
  readonly rate: number;

  constructor(rate: number, options: RandomLayerOptions = {}) {
    super(options);
    if (!(typeof rate === 'number' && rate >= 0 && rate < 1)) {
      throw new ArgumentRangeError(`gaussianDropout: rate: expected a probability in [0, 1), got ${String(rate)}`);
    }
    this.rate = rate;
  }
  call(inputs: Tensor, { training = false }: CallOptions): Tensor {
    const x = floats(inputs);
    if (!training || this.rate === 0) return x;
    return x.mul(this.noise(x, 1, Math.sqrt(this.rate / (1 - this.rate))));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), rate: this.rate };
  }
}
