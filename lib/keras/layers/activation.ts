// SPDX-License-Identifier: MIT
import { cast } from '../../ops/define.js';
import type { Tensor } from '../../tensor.js';
import * as activations from '../activations.js';
import { checkNumber } from '../inputs.js';
import { type ActivationLike, configOf } from './config.js';
import { Layer, type LayerOptions } from './layer.js';

const floats = (x: Tensor) => (x.isFloatingPoint() ? x : cast(x, 'float32'));

/** An activation as a layer of its own. */
export class Activation extends Layer {
  readonly activation: activations.Activation;

  constructor(activation: ActivationLike, options: LayerOptions = {}) {
    super(options);
    this.activation = activations.get(activation);
  }
  call(inputs: Tensor): Tensor {
    return this.activation(floats(inputs));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), activation: configOf.activation(this.activation) };
  }
}

/** max(x, 0), and what `activations.relu` does with its options. */
export class ReLU extends Layer {
  readonly #options: activations.ReluOptions;

  constructor({ maxValue, negativeSlope = 0, threshold = 0, ...options }: LayerOptions & activations.ReluOptions = {}) {
    super(options);
    if (maxValue !== undefined) checkNumber('reLU: maxValue', maxValue, 0);
    checkNumber('reLU: negativeSlope', negativeSlope, 0);
    checkNumber('reLU: threshold', threshold, 0);
    this.#options = { maxValue, negativeSlope, threshold };
  }
  call(inputs: Tensor): Tensor {
    return activations.relu(floats(inputs), this.#options);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#options };
  }
}

/** x, or `negativeSlope` · x below 0 (Maas et al. 2013). */
export class LeakyReLU extends Layer {
  readonly negativeSlope: number;

  /** @param options `negativeSlope`: default 0.3 */
  constructor({ negativeSlope = 0.3, ...options }: LayerOptions & { negativeSlope?: number | undefined } = {}) {
    super(options);
    checkNumber('leakyReLU: negativeSlope', negativeSlope, 0);
    this.negativeSlope = negativeSlope;
  }
  call(inputs: Tensor): Tensor {
    return activations.leakyRelu(floats(inputs), { negativeSlope: this.negativeSlope });
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), negativeSlope: this.negativeSlope };
  }
}

/** e^x / Σ e^x along one axis, the last by default. */
export class Softmax extends Layer {
  readonly axis: number;

  constructor({ axis = -1, ...options }: LayerOptions & { axis?: number | undefined } = {}) {
    super(options);
    checkNumber('softmax: axis', axis);
    this.axis = axis;
  }
  call(inputs: Tensor): Tensor {
    return activations.softmax(floats(inputs), { axis: this.axis });
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}
