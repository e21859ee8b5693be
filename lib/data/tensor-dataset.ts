// SPDX-License-Identifier: MIT
import { DataError } from '../errors.js';
import { fromBuffer, Tensor } from '../index.js';
import type { Collated } from './collate.js';
import { checkIndex, Dataset, hasOwnSamples, type Indices, recipeOf } from './dataset.js';
import { makeRecipe, type Recipe } from './recipe.js';

/** @internal Positions as an int64 tensor of shape `[n]`, as the gathering ops take them. */
export function indexTensor(indices: Indices): Tensor {
  return fromBuffer(indices, { dtype: 'int32' }).to('int64');
}

/** The tuple of `Tensor`s that a sample of a {@link TensorDataset} is. */
export type TensorTuple<Ts extends readonly Tensor[]> = { -readonly [K in keyof Ts]: Tensor };

/**
 * Samples that lie in tensors: sample `i` is row `i` of each. Whole batches are gathered in one native pass a tensor.
 *
 * @throws DataError when there is no tensor, one has no dimension, or their first dimensions differ
 */
export class TensorDataset<Ts extends readonly Tensor[]> extends Dataset<TensorTuple<Ts>> {
  readonly tensors: Ts;
  readonly length: number;

  constructor(...tensors: Ts) {
    super();
    const wrong = tensors.findIndex((t) => !(t instanceof Tensor) || t.ndim === 0);
    if (tensors.length === 0 || wrong >= 0) {
      throw new DataError(`TensorDataset: tensors[${Math.max(wrong, 0)}]: expected a Tensor of at least one dimension`);
    }
    this.tensors = tensors;
    this.length = tensors[0]?.shape[0] as number;
    const other = tensors.findIndex((t) => t.shape[0] !== this.length);
    if (other >= 0) {
      const rows = tensors[other]?.shape[0];
      throw new DataError(
        `TensorDataset: tensors[${other}] has ${rows} rows, expected ${this.length} as in tensors[0]`,
      );
    }
  }

  /** Row `index` of each tensor, as views. */
  get(index: number): TensorTuple<Ts> {
    checkIndex(index, this.length, 'TensorDataset');
    return this.tensors.map((t) => t.select(0, index)) as TensorTuple<Ts>;
  }

  override getBatch(indices: Indices): Collated<TensorTuple<Ts>> {
    const rows = indexTensor(indices);
    return this.tensors.map((t) => t.indexSelect(0, rows)) as unknown as Collated<TensorTuple<Ts>>;
  }

  /** @internal */
  override [recipeOf](): Recipe<Collated<TensorTuple<Ts>>> | undefined {
    if (!hasOwnSamples(this, TensorDataset)) return undefined;
    return makeRecipe([], this.tensors, (tensors) => tensors as unknown as Collated<TensorTuple<Ts>>);
  }
}
