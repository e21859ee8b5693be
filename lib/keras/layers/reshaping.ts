// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { checkCount } from './core.js';
import { Layer, type LayerOptions } from './layer.js';
import { countOf, formatShape, type Shape } from './shape.js';

/** Samples as vectors: [batch, …] becomes [batch, elements]. */
export class Flatten extends Layer {
  call(inputs: Tensor): Tensor {
    const [batch = 1, ...rest] = inputs.shape;
    return inputs.reshape([batch, rest.reduce((n, size) => n * size, 1)]);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return [inputShape[0] ?? null, countOf(inputShape.slice(1))];
  }
}

/** Samples in another shape; one size may be -1 and follows from the others. */
export class Reshape extends Layer {
  readonly targetShape: readonly number[];

  constructor(targetShape: readonly number[], options: LayerOptions = {}) {
    super(options);
    const isShape = Array.isArray(targetShape) && targetShape.every((n) => Number.isSafeInteger(n) && n >= -1);
    if (!isShape || targetShape.filter((n) => n === -1).length > 1) {
      throw new ArgumentRangeError(
        `reshape: targetShape: expected sizes of which at most one is -1, got ${JSON.stringify(targetShape)}`,
      );
    }
    this.targetShape = [...targetShape];
  }
  call(inputs: Tensor): Tensor {
    return inputs.reshape([inputs.size(0), ...(this.#resolve(inputs.shape) as number[])]);
  }
  #resolve(inputShape: Shape): (number | null)[] {
    const count = countOf(inputShape.slice(1));
    const known = this.targetShape.reduce((n, size) => (size === -1 ? n : n * size), 1);
    const open = this.targetShape.includes(-1);
    if (count === null) return this.targetShape.map((size) => (size === -1 ? null : size));
    if (open ? known === 0 || count % known !== 0 : count !== known) {
      throw new ShapeError(
        `${this.name}: cannot reshape samples of ${formatShape(inputShape)} to [${this.targetShape.join(', ')}]`,
      );
    }
    return this.targetShape.map((size) => (size === -1 ? count / known : size));
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return [inputShape[0] ?? null, ...this.#resolve(inputShape)];
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), targetShape: this.targetShape };
  }
}

/** The dimensions of samples in another order; they count from 1: `permute([2, 1])` transposes. */
export class Permute extends Layer {
  readonly dims: readonly number[];

  constructor(dims: readonly number[], options: LayerOptions = {}) {
    super(options);
    if (!Array.isArray(dims) || `${[...dims].sort((a, b) => a - b)}` !== `${dims.map((_, i) => i + 1)}`) {
      throw new ArgumentRangeError(
        `permute: dims: expected the numbers from 1 in some order, got ${JSON.stringify(dims)}`,
      );
    }
    this.dims = [...dims];
  }
  call(inputs: Tensor): Tensor {
    return inputs.permute([0, ...this.dims]);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    if (inputShape.length !== this.dims.length + 1) {
      throw new ShapeError(
        `${this.name}: expected inputs of ${this.dims.length + 1} dimensions, got shape ${formatShape(inputShape)}`,
      );
    }
    return [0, ...this.dims].map((dim) => inputShape[dim] ?? null);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), dims: this.dims };
  }
}

/** Each sample, a vector, n times: [batch, features] becomes [batch, n, features]. */
export class RepeatVector extends Layer {
  readonly n: number;

  constructor(n: number, options: LayerOptions = {}) {
    super(options);
    this.n = checkCount('repeatVector: n', n);
  }
  call(inputs: Tensor): Tensor {
    if (inputs.ndim !== 2) {
      throw new ShapeError(`${this.name}: expected inputs of 2 dimensions, got shape [${inputs.shape.join(', ')}]`);
    }
    const [batch, features] = inputs.shape as [number, number];
    return inputs.unsqueeze(1).expand([batch, this.n, features]);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return [inputShape[0] ?? null, this.n, inputShape[1] ?? null];
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), n: this.n };
  }
}
