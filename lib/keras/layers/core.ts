// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { embedding as lookUp } from '../../nn/functional/embedding.js';
import { cast } from '../../ops/define.js';
import type { Tensor } from '../../tensor.js';
import * as activations from '../activations.js';
import { checkNumber } from '../inputs.js';
import type { Variable } from '../variable.js';
import {
  type ActivationLike,
  configOf,
  type InitializerLike,
  type Recipe,
  type RegularizerLike,
  recipe,
} from './config.js';
import { Layer, type LayerOptions } from './layer.js';
import { checkShape, formatShape, knownSize, type Shape } from './shape.js';

/** @internal A whole number of at least 1. */
export function checkCount(where: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw new ArgumentRangeError(`${where}: expected an integer of at least 1, got ${String(value)}`);
}

/** Says what shape a model's inputs have: the first entry of a sequential model. */
export class InputLayer extends Layer {
  constructor(shape: Shape, options: Pick<LayerOptions, 'name'> = {}) {
    super({ ...options, inputShape: checkShape('input: shape', shape) });
    this.builtShape = [null, ...shape];
  }
  call(inputs: Tensor): Tensor {
    return inputs;
  }
}

/** Options of {@link Dense}. */
export interface DenseOptions extends LayerOptions {
  /** Default: none. */
  activation?: ActivationLike | undefined;
  /** Add a bias? Default true. */
  useBias?: boolean | undefined;
  /** Default `'glorotUniform'`. */
  kernelInitializer?: InitializerLike | undefined;
  /** Default `'zeros'`. */
  biasInitializer?: InitializerLike | undefined;
  kernelRegularizer?: RegularizerLike | undefined;
  biasRegularizer?: RegularizerLike | undefined;
}

/** activation(x · kernel + bias) over the last dimension; the kernel is [in, units]. */
export class Dense extends Layer {
  readonly units: number;
  readonly activation: activations.Activation;
  readonly useBias: boolean;
  kernel: Variable | undefined = undefined;
  bias: Variable | undefined = undefined;
  readonly #kernel: Recipe;
  readonly #bias: Recipe;

  constructor(units: number, options: DenseOptions = {}) {
    super(options);
    this.units = checkCount('dense: units', units);
    this.activation = activations.get(options.activation);
    this.useBias = options.useBias ?? true;
    this.#kernel = recipe(options.kernelInitializer ?? 'glorotUniform', options.kernelRegularizer);
    this.#bias = recipe(options.biasInitializer ?? 'zeros', options.biasRegularizer);
  }
  override build(inputShape: Shape): void {
    if (inputShape.length < 2) {
      throw new ShapeError(
        `${this.name}: expected inputs of at least 2 dimensions, got shape ${formatShape(inputShape)}`,
      );
    }
    this.kernel = this.addWeight('kernel', [knownSize(this.name, inputShape, -1), this.units], this.#kernel);
    if (this.useBias) this.bias = this.addWeight('bias', [this.units], this.#bias);
  }
  call(inputs: Tensor): Tensor {
    const kernel = this.kernel as Variable;
    if (inputs.ndim < 2 || inputs.size(-1) !== kernel.size(0)) {
      throw new ShapeError(
        `${this.name}: expected inputs of shape (None, …, ${kernel.size(0)}), got [${inputs.shape.join(', ')}]`,
      );
    }
    const product = cast(inputs, kernel.dtype).matmul(kernel);
    return this.activation(this.bias ? product.add(this.bias) : product);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape.with(-1, this.units);
  }
  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: configOf.activation(this.activation),
      useBias: this.useBias,
      kernelInitializer: configOf.initializer(this.#kernel.initializer),
      biasInitializer: configOf.initializer(this.#bias.initializer),
      kernelRegularizer: configOf.regularizer(this.#kernel.regularizer),
      biasRegularizer: configOf.regularizer(this.#bias.regularizer),
    };
  }
}

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** Default `'randomUniform'`, between -0.05 and 0.05. */
  embeddingsInitializer?: InitializerLike | undefined;
  embeddingsRegularizer?: RegularizerLike | undefined;
}

/** Rows of a table [inputDim, outputDim] at whole numbers of any shape. */
export class Embedding extends Layer {
  readonly inputDim: number;
  readonly outputDim: number;
  embeddings: Variable | undefined = undefined;
  readonly #recipe: Recipe;

  constructor(inputDim: number, outputDim: number, options: EmbeddingOptions = {}) {
    super(options);
    this.inputDim = checkCount('embedding: inputDim', inputDim);
    this.outputDim = checkCount('embedding: outputDim', outputDim);
    this.#recipe = recipe(options.embeddingsInitializer ?? 'randomUniform', options.embeddingsRegularizer);
  }
  override build(): void {
    this.embeddings = this.addWeight('embeddings', [this.inputDim, this.outputDim], this.#recipe);
  }
  /** @throws RangeError for a number outside [0, inputDim) */
  call(inputs: Tensor): Tensor {
    return lookUp(cast(inputs, 'int64'), this.embeddings as Variable);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return [...inputShape, this.outputDim];
  }
  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      inputDim: this.inputDim,
      outputDim: this.outputDim,
      embeddingsInitializer: configOf.initializer(this.#recipe.initializer),
      embeddingsRegularizer: configOf.regularizer(this.#recipe.regularizer),
    };
  }
}

/** x · scale + offset, for instance `rescaling(1 / 255)` of uint8 images. */
export class Rescaling extends Layer {
  readonly scale: number;
  readonly offset: number;

  constructor(scale: number, { offset = 0, ...options }: LayerOptions & { offset?: number | undefined } = {}) {
    super(options);
    checkNumber('rescaling: scale', scale);
    checkNumber('rescaling: offset', offset);
    this.scale = scale;
    this.offset = offset;
  }
  call(inputs: Tensor): Tensor {
    const scaled = cast(inputs, 'float32').mul(this.scale);
    return this.offset === 0 ? scaled : scaled.add(this.offset);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}
