// SPDX-License-Identifier: MIT
import type { RandomOptions } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { checkProbability, dropout } from '../functional/layers.js';
import { Module } from '../module.js';
import { pyFloat } from '../repr.js';

/** The input as it is. */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}

/** Dimensions startDim … endDim as one; by default all but the batch. */
export class Flatten extends Module {
  constructor(
    readonly startDim = 1,
    readonly endDim = -1,
  ) {
    super();
  }
  forward(x: Tensor): Tensor {
    return x.flatten(this.startDim, this.endDim);
  }
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** One dimension split into several. */
export class Unflatten extends Module {
  constructor(
    readonly dim: number,
    readonly unflattenedSize: readonly number[],
  ) {
    super();
  }
  forward(x: Tensor): Tensor {
    return x.unflatten(this.dim, this.unflattenedSize);
  }
  override extraRepr(): string {
    const sizes = this.unflattenedSize.join(', ');
    return `dim=${this.dim}, unflattened_size=(${sizes}${this.unflattenedSize.length === 1 ? ',' : ''})`;
  }
}

/** While training, zeroes elements with probability `p` and scales the rest by 1 / (1 - p). */
export class Dropout extends Module {
  #options: RandomOptions;

  constructor(
    readonly p = 0.5,
    options: RandomOptions = {},
  ) {
    super();
    checkProbability('Dropout', p);
    this.#options = options;
  }
  forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training, generator: this.#options.generator });
  }
  override extraRepr(): string {
    return `p=${pyFloat(this.p)}, inplace=False`;
  }
}
