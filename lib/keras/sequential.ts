// SPDX-License-Identifier: MIT
import { ArgumentTypeError, ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { InputLayer } from './layers/core.js';
import { type CallOptions, Layer, type LayerOptions } from './layers/layer.js';
import { checkShape, fits, formatShape, type Shape } from './layers/shape.js';
import { Model } from './model.js';

/**
 * Layers one after the other. Where the first one tells its `inputShape` (or an `input` stands before it), the weights
 * are made at once; else by `build`, or by the first batch.
 */
export class Sequential extends Model {
  #layers: Layer[] = [];
  #input: InputLayer | undefined;

  /** @throws TypeError for what is no layer or has the name of another one */
  constructor(layers: readonly Layer[] = [], options: Pick<LayerOptions, 'name' | 'trainable'> = {}) {
    super(options);
    if (!Array.isArray(layers))
      throw new ArgumentTypeError(`Sequential: layers: expected an array, got ${typeof layers}`);
    for (const layer of layers) this.#append(layer);
    this.#rebuild();
  }

  override get layers(): Layer[] {
    return [...this.#layers];
  }
  /** Shape of one sample, where it is known before `build`. */
  get inputShape(): Shape | undefined {
    const [first] = this.#layers;
    const own = first instanceof Sequential ? first.inputShape : first?.givenInputShape;
    return this.#input?.givenInputShape ?? own;
  }

  /** Adds a layer at the end. */
  add(layer: Layer): void {
    this.#append(layer);
    this.#rebuild();
  }
  /** Takes the last layer away and returns it. */
  pop(): Layer | undefined {
    const layer = this.#layers.pop();
    this.#rebuild();
    return layer;
  }
  #append(layer: Layer): void {
    if (!(layer instanceof Layer)) throw new ArgumentTypeError(`${this.name}: expected a Layer, got ${typeof layer}`);
    if (layer instanceof InputLayer) {
      if (this.#input || this.#layers.length) throw new ArgumentTypeError(`${this.name}: an input can only come first`);
      this.#input = layer;
      return;
    }
    if (this.#layers.some((other) => other.name === layer.name)) {
      throw new ArgumentTypeError(`${this.name}: there is a layer named '${layer.name}' already; pass another name`);
    }
    this.#layers.push(layer);
  }
  #rebuild(): void {
    this.builtShape = undefined;
    const shape = this.inputShape;
    if (shape && this.#layers.length) this.buildFor([null, ...shape]);
  }

  /** Makes the weights of all layers for inputs of this shape, the batch (null) included. */
  override build(inputShape: Shape): void {
    let shape = checkShape(`${this.name}: build: inputShape`, inputShape);
    if (!this.#layers.length) throw new ShapeError(`${this.name}: build: the model has no layers`);
    for (const layer of this.#layers) {
      layer.buildFor(shape);
      shape = layer.computeOutputShape(shape);
    }
    this.builtShape = [...inputShape];
  }
  call(inputs: Tensor, options: CallOptions): Tensor {
    let x = this.#adjust(inputs);
    for (const layer of this.#layers) x = layer.apply(x, options);
    return x;
  }
  /** Inputs of the shape the model was built for; a last dimension of size 1 may be missing or too many, as in Keras. */
  #adjust(inputs: Tensor): Tensor {
    const expected = this.builtShape as Shape;
    if (fits(expected, inputs.shape)) return inputs;
    if (expected.at(-1) === 1 && fits(expected, [...inputs.shape, 1])) return inputs.unsqueeze(-1);
    if (inputs.ndim > 1 && inputs.size(-1) === 1 && fits(expected, inputs.shape.slice(0, -1)))
      return inputs.squeeze(-1);
    throw new ShapeError(
      `${this.name}: expected inputs of shape ${formatShape(expected)}, got [${inputs.shape.join(', ')}]`,
    );
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return this.#layers.reduce((shape, layer) => layer.computeOutputShape(shape), inputShape);
  }
  /** Of the outputs; undefined before the model is built. */
  get outputShape(): Shape | undefined {
    return this.builtShape && this.computeOutputShape(this.builtShape);
  }
  override getConfig(): Record<string, unknown> {
    const layers = this.#layers.map((layer) => ({ className: layer.constructor.name, config: layer.getConfig() }));
    return { ...super.getConfig(), inputShape: this.inputShape ?? null, layers };
  }
}

/** A {@link Sequential} model of these layers. */
export function sequential(layers?: readonly Layer[], options?: Pick<LayerOptions, 'name' | 'trainable'>): Sequential {
  return new Sequential(layers, options);
}
