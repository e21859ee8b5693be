// SPDX-License-Identifier: MIT
import { DataError } from '../errors.js';
import type { Generator } from '../random.js';
import { type Collated, defaultCollate } from './collate.js';
import { nextTurn, turnIsDue } from './event-loop.js';
import type { Recipe } from './recipe.js';

/** Positions in a dataset, as a loader hands them on: a slice of the epoch's order. */
export type Indices = Int32Array;

/**
 * Where the random numbers of a batch's samples come from: for each position in the batch a generator of its own. A
 * loader derives it from its generator, the epoch and the sample's place in the epoch alone, so that what is drawn for a
 * sample does not depend on the batch size, on prefetching, or on whether it is fetched alone or in a batch.
 */
export type Generators = (position: number) => Generator;

/** @internal A dataset's method that gives its {@link Recipe}, if whole batches of it can be prepared natively. */
export const recipeOf: unique symbol = Symbol('cresset.recipe');

/** @internal Are the dataset's samples and batches those of `type`, rather than of a subclass that has its own? */
export function hasOwnSamples(dataset: Samples, { prototype }: { prototype: Samples }): boolean {
  return dataset.get === prototype.get && dataset.getBatch === prototype.getBatch;
}
type Samples = { get: unknown; getBatch: unknown };

/**
 * A dataset whose samples are reached by position.
 *
 * Extend it with `length` and `get`; override `getBatch` where a whole batch costs less than its samples one by one.
 *
 * @typeParam T - one sample, for instance `[image: Tensor, label: number]`
 */
export abstract class Dataset<T> {
  /** Number of samples, at most 2^31 - 1. */
  abstract readonly length: number;

  /**
   * The sample at `index`, from 0 to `length - 1`; it may be a promise.
   *
   * @param generator - where to take random numbers for this visit from; without one, from where the functions do
   */
  abstract get(index: number, generator?: Generator): T | Promise<T>;

  /**
   * The samples at `indices` as one batch, for a `DataLoader` without a `collateFn` of its own. It must give what
   * {@link defaultCollate} makes of the single samples, which is what this default does.
   */
  getBatch(indices: Indices, generators?: Generators): Collated<T> | Promise<Collated<T>> {
    return getSamples(this, indices, generators).then(defaultCollate);
  }

  /** @internal */
  [recipeOf](): Recipe<Collated<T>> | undefined {
    return undefined;
  }
}

/** A dataset that is read from front to back, such as a file or a stream: each iteration of it is one epoch. */
export abstract class IterableDataset<T> implements AsyncIterable<T> {
  abstract [Symbol.asyncIterator](): AsyncIterator<T>;
}

/** @internal Holds an argument against {@link Dataset}. */
export function expectDataset(value: unknown, where: string): void {
  if (!(value instanceof Dataset)) {
    throw new DataError(`${where}: expected a Dataset, got ${value === null ? 'null' : typeof value}`);
  }
}

function nameSample(index: number, cause: unknown): DataError {
  return new DataError(`sample ${index}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

async function getSample<T>(dataset: Dataset<T>, index: number, generator: Generator | undefined): Promise<T> {
  try {
    return await dataset.get(index, generator);
  } catch (cause) {
    throw nameSample(index, cause);
  }
}

/**
 * @internal The samples at `indices`, in this order; asynchronous ones are fetched side by side.
 *
 * @throws DataError that names the sample and holds the cause, when `get` throws or rejects
 */
export async function getSamples<T>(dataset: Dataset<T>, indices: Indices, generators?: Generators): Promise<T[]> {
  const samples: Promise<T>[] = [];
  for (const [position, index] of indices.entries()) {
    const sample = getSample(dataset, index, generators?.(position));
    sample.catch(() => undefined); // reported by Promise.all below, which may come a turn later
    samples.push(sample);
    if (turnIsDue()) await nextTurn();
  }
  return Promise.all(samples);
}

/**
 * @internal Holds an index against a length.
 *
 * @throws DataError when it is no integer from 0 to `length - 1`
 */
export function checkIndex(index: number, length: number, where: string): void {
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw new DataError(`${where}: index ${String(index)}, expected an integer from 0 to ${length - 1}`);
  }
}

/**
 * @internal Numbers from outside as positions.
 *
 * @throws DataError when one is no integer from 0 to 2^31 - 1
 */
export function toIndices(list: Iterable<number>, where: string): Indices {
  return Int32Array.from(list, (index) => {
    if (typeof index === 'number' && index === index >>> 0 && index < 2 ** 31) return index;
    throw new DataError(`${where}: index ${String(index)}, expected an integer from 0 to 2^31 - 1`);
  });
}
