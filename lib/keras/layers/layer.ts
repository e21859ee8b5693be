// SPDX-License-Identifier: MIT
import { noGrad } from '../../autograd.js';
import { ArgumentTypeError, ShapeError } from '../../errors.js';
import { cast } from '../../ops/define.js';
import { Tensor } from '../../tensor.js';
import * as initializers from '../initializers/index.js';
import * as regularizers from '../regularizers.js';
import { Variable } from '../variable.js';
import type { InitializerLike, RegularizerLike } from './config.js';
import { automaticName } from './names.js';
import { checkShape, type Shape } from './shape.js';

/** Options of every layer. */
export interface LayerOptions {
  /** Default: the class's name in snake case, numbered (`dense`, `dense_1` …). */
  name?: string | undefined;
  /** Are the weights trained? Default true. */
  trainable?: boolean | undefined;
  /** Shape of one sample, without the batch; on the first layer it lets the model be built at once. */
  inputShape?: Shape | undefined;
}

/** How a layer is called. */
export interface CallOptions {
  /** Training behaviour (dropout …) rather than that of inference. Default false. */
  training?: boolean | undefined;
}

/** How {@link Layer.addWeight} makes a variable. */
export interface WeightOptions {
  /** Default `'glorotUniform'`. */
  initializer?: InitializerLike | undefined;
  /** Added to the loss in training. */
  regularizer?: RegularizerLike | undefined;
  /** Default true. */
  trainable?: boolean | undefined;
}

/**
 * Base of all layers and models, as in Keras: `build` makes the weights once the shape of the inputs is known, `call`
 * computes. A layer of your own overrides `call`, `build` where it has weights (`this.addWeight`), and
 * `computeOutputShape` where the shape changes. Layers among its own properties are found by themselves.
 */
export abstract class Layer {
  readonly name: string;
  /** Shape of one sample as given to the constructor. */
  readonly givenInputShape: Shape | undefined;
  /** Shape the layer was built for, with the batch's dimension; undefined before. */
  builtShape: Shape | undefined = undefined;
  #trainable: boolean;
  readonly #weights: Variable[] = [];
  readonly #regularizers = new Map<Variable, regularizers.Regularizer>();

  constructor({ name, trainable = true, inputShape }: LayerOptions = {}) {
    if (name !== undefined && (typeof name !== 'string' || name === '' || name.includes('/'))) {
      throw new ArgumentTypeError(`${this.constructor.name}: name: expected a text without '/', got ${String(name)}`);
    }
    this.name = name ?? automaticName(this.constructor.name);
    this.#trainable = Boolean(trainable);
    if (inputShape !== undefined) this.givenInputShape = checkShape(`${this.name}: inputShape`, inputShape);
  }

  /** The computation on a batch. Use `apply`, which also builds the layer. */
  abstract call(inputs: Tensor, options: CallOptions): Tensor;

  /** Makes the weights for inputs of this shape (the batch included); nothing by default. */
  build(_inputShape: Shape): void {}

  /** The shape of the outputs for inputs of this shape; the same by default. */
  computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  /** Have the weights been made? */
  get built(): boolean {
    return this.builtShape !== undefined;
  }

  /** @internal Builds the layer unless it has been. */
  buildFor(inputShape: Shape): void {
    if (this.built) return;
    this.build(inputShape);
    this.builtShape = inputShape;
  }

  /** Builds the layer if need be and calls it. @throws ShapeError for inputs that do not fit */
  apply(inputs: Tensor, options: CallOptions = {}): Tensor {
    if (!(inputs instanceof Tensor)) {
      throw new ArgumentTypeError(
        `${this.name}: inputs: expected a Tensor, got ${inputs === null ? 'null' : typeof inputs}`,
      );
    }
    if (!this.built) this.buildFor([null, ...inputs.shape.slice(1)]);
    return this.call(inputs, options);
  }

  /** Makes a variable that belongs to this layer; for use in `build`. */
  addWeight(
    name: string,
    shape: readonly number[],
    { initializer = 'glorotUniform', regularizer, trainable = true }: WeightOptions = {},
  ): Variable {
    const value = initializers.get(initializer).initialize(shape);
    const variable = new Variable(value, { name, trainable });
    this.#weights.push(variable);
    const penalty = regularizers.get(regularizer);
    if (penalty) this.#regularizers.set(variable, penalty);
    return variable;
  }

  /** The layers among this one's own properties. */
  get layers(): Layer[] {
    return Object.values(this).filter((value): value is Layer => value instanceof Layer);
  }

  /** Are the weights of this layer, and of all below it, trained? */
  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(value: boolean) {
    this.#trainable = Boolean(value);
    for (const layer of this.layers) layer.trainable = value;
  }

  /** All variables: this layer's, then those of the layers below it. */
  get weights(): Variable[] {
    return [...new Set([...this.#weights, ...this.layers.flatMap((layer) => layer.weights)])];
  }
  /** The variables that training changes. */
  get trainableWeights(): Variable[] {
    if (!this.#trainable) return [];
    const own = this.#weights.filter((weight) => weight.trainable);
    return [...new Set([...own, ...this.layers.flatMap((layer) => layer.trainableWeights)])];
  }
  /** The others: frozen ones, and statistics such as a moving mean. */
  get nonTrainableWeights(): Variable[] {
    const trained = new Set(this.trainableWeights);
    return this.weights.filter((weight) => !trained.has(weight));
  }
  /** @internal This layer's own variables. */
  get ownWeights(): readonly Variable[] {
    return this.#weights;
  }

  /** What the regularizers of the trained weights add to the loss, one scalar each. */
  get losses(): Tensor[] {
    const own = this.#trainable ? [...this.#regularizers].map(([weight, regularizer]) => regularizer.call(weight)) : [];
    return [...own, ...this.layers.flatMap((layer) => layer.losses)];
  }

  /** Number of elements of all weights. @throws ShapeError before the layer is built */
  countParams(): number {
    if (!this.built) {
      throw new ShapeError(`${this.name}: countParams: the layer has no weights yet; call build or apply first`);
    }
    return this.weights.reduce((sum, weight) => sum + weight.numel(), 0);
  }

  /** Copies of the weights' values, in the order of `weights`. */
  getWeights(): Tensor[] {
    return noGrad(() => this.weights.map((weight) => weight.clone()));
  }
  /**
   * Gives the weights these values, in the order of `weights`; nothing is changed if something does not fit.
   * @throws ShapeError for another number of values or other shapes
   */
  setWeights(values: readonly Tensor[]): void {
    const { weights } = this;
    if (!Array.isArray(values) || values.length !== weights.length) {
      const got = Array.isArray(values) ? values.length : typeof values;
      throw new ShapeError(`${this.name}: setWeights: expected ${weights.length} tensors, got ${got}`);
    }
    weights.forEach((weight, i) => {
      const value = values[i];
      if (value instanceof Tensor && `${value.shape}` === `${weight.shape}`) return;
      const got = value instanceof Tensor ? `shape [${value.shape.join(', ')}]` : typeof value;
      throw new ShapeError(
        `${this.name}: setWeights: value ${i} (${weight.name}): expected shape [${weight.shape.join(', ')}], got ${got}`,
      );
    });
    weights.forEach((weight, i) => {
      weight.assign(cast(values[i] as Tensor, weight.dtype));
    });
  }

  /** What the layer was made with. */
  getConfig(): Record<string, unknown> {
    return { name: this.name, trainable: this.#trainable };
  }
}
