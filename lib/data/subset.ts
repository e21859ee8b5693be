// SPDX-License-Identifier: MIT
import { DataError } from '../errors.js';
import { defaultGenerator, type Generator } from '../random.js';
import type { Collated } from './collate.js';
import {
  checkIndex,
  Dataset,
  expectDataset,
  type Generators,
  hasOwnSamples,
  type Indices,
  recipeOf,
  toIndices,
} from './dataset.js';
import type { Recipe } from './recipe.js';
import { permutation } from './sampler.js';

/** Some samples of another dataset, in the order of `indices`. */
export class Subset<T> extends Dataset<T> {
  readonly dataset: Dataset<T>;
  readonly indices: Indices;

  /** @throws DataError when an index is not one of `dataset` */
  constructor(dataset: Dataset<T>, indices: Iterable<number>) {
    super();
    expectDataset(dataset, 'Subset: dataset');
    this.dataset = dataset;
    this.indices = toIndices(indices, 'Subset');
    for (const index of this.indices) checkIndex(index, dataset.length, 'Subset');
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number, generator?: Generator): T | Promise<T> {
    checkIndex(index, this.length, 'Subset');
    return this.dataset.get(this.indices[index] as number, generator);
  }

  override getBatch(indices: Indices, generators?: Generators): Collated<T> | Promise<Collated<T>> {
    return this.dataset.getBatch(this.#inDataset(indices), generators);
  }

  /** @internal */
  override [recipeOf](): Recipe<Collated<T>> | undefined {
    const recipe = hasOwnSamples(this, Subset) ? this.dataset[recipeOf]() : undefined;
    if (!recipe) return undefined;
    const { rows } = recipe;
    return {
      start: (indices, visits) => recipe.start(this.#inDataset(indices), visits),
      rows: rows && {
        recipe: rows.recipe,
        count: rows.count,
        locate: (indices) => rows.locate(this.#inDataset(indices)),
        make: (found) => rows.make(found),
      },
    };
  }

  #inDataset(indices: Indices): Indices {
    return indices.map((index) => {
      checkIndex(index, this.length, 'Subset');
      return this.indices[index] as number;
    });
  }
}

/** Datasets one after the other. */
export class ConcatDataset<T> extends Dataset<T> {
  readonly datasets: readonly Dataset<T>[];
  /** For each dataset the index behind its last sample. */
  readonly cumulativeSizes: readonly number[];

  /** @throws DataError when there is no dataset */
  constructor(datasets: Iterable<Dataset<T>>) {
    super();
    this.datasets = [...datasets];
    for (const [i, dataset] of this.datasets.entries()) expectDataset(dataset, `ConcatDataset: datasets[${i}]`);
    if (this.datasets.length === 0) throw new DataError('ConcatDataset: datasets: expected at least one');
    let end = 0;
    this.cumulativeSizes = this.datasets.map((dataset) => (end += dataset.length));
  }

  get length(): number {
    return this.cumulativeSizes.at(-1) as number;
  }

  get(index: number, generator?: Generator): T | Promise<T> {
    checkIndex(index, this.length, 'ConcatDataset');
    const which = this.cumulativeSizes.findIndex((end) => index < end);
    const begin = this.cumulativeSizes[which - 1] ?? 0;
    return (this.datasets[which] as Dataset<T>).get(index - begin, generator);
  }
}

/** Fractions as numbers of samples: rounded down, and what is left over goes to the first parts, one each. */
function countsOf(fractions: readonly number[], length: number): number[] {
  const counts = fractions.map((fraction) => Math.floor(length * fraction));
  const left = length - counts.reduce((sum, count) => sum + count, 0);
  for (let i = 0; i < left; i++) counts[i % counts.length] = (counts[i % counts.length] as number) + 1;
  return counts;
}

function splitCounts(parts: readonly number[], length: number): number[] {
  if (!Array.isArray(parts) || parts.some((part) => typeof part !== 'number' || !(part >= 0))) {
    throw new DataError(`randomSplit: parts: [${parts}], expected lengths or fractions >= 0`);
  }
  const sum = parts.reduce((total, part) => total + part, 0);
  if (Math.abs(sum - 1) < 1e-9 && length !== 1) return countsOf(parts, length);
  if (sum === length && parts.every(Number.isInteger)) return [...parts];
  throw new DataError(`randomSplit: parts: [${parts}] sum to ${sum}, expected ${length} (lengths) or 1 (fractions)`);
}

/**
 * Splits a dataset at random into parts that share no sample.
 *
 * @param parts - lengths that sum to `dataset.length`, or fractions that sum to 1
 * @throws DataError when they do not
 */
export function randomSplit<T>(
  dataset: Dataset<T>,
  parts: readonly number[],
  { generator = defaultGenerator }: { generator?: Generator } = {},
): Subset<T>[] {
  expectDataset(dataset, 'randomSplit: dataset');
  const counts = splitCounts(parts, dataset.length);
  const order = permutation(dataset.length, generator);
  let begin = 0;
  return counts.map((count) => {
    begin += count;
    return new Subset(dataset, order.subarray(begin - count, begin));
  });
}
