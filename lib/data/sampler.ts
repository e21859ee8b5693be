// SPDX-License-Identifier: MIT
import { DataError } from '../errors.js';
import { multinomial, randint, randperm, Tensor, tensor } from '../index.js';
import { defaultGenerator, type Generator } from '../random.js';
import { type Indices, toIndices } from './dataset.js';

/** Anything with a number of samples: a dataset, an array. */
export interface Sized {
  readonly length: number;
}

/** Options of every sampler that draws random numbers. */
export interface SamplerOptions {
  /** Where the random numbers come from; by default the one that `manualSeed` seeds. */
  generator?: Generator;
}

/** The order in which an epoch visits the samples; each iteration is one epoch and draws a new order. */
export abstract class Sampler implements Iterable<number> {
  /** Number of indices an epoch has. */
  abstract readonly length: number;

  /** The indices of one epoch, all at once. */
  abstract indices(): Indices;

  [Symbol.iterator](): Iterator<number> {
    return this.indices().values();
  }
}

/** @internal */
export const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

/** @internal The numbers from 0 to `n - 1` in random order. */
export function permutation(n: number, generator: Generator): Indices {
  return randperm(n, { dtype: 'int32', generator }).toTypedArray() as Int32Array;
}

function expectSized(source: Sized, where: string): Sized {
  if (typeof source !== 'object' || source === null || !Number.isInteger(source.length)) {
    throw new DataError(`${where}: source: expected something with a length, such as a dataset`);
  }
  return source;
}

function checkCount(count: unknown, where: string): number {
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) >= 2 ** 31) {
    throw new DataError(`${where}: ${String(count)}, expected an integer from 1 to 2^31 - 1`);
  }
  return count as number;
}

/** 0, 1, 2 … in order. */
export class SequentialSampler extends Sampler {
  readonly #source: Sized;

  constructor(source: Sized) {
    super();
    this.#source = expectSized(source, 'SequentialSampler');
  }

  get length(): number {
    return this.#source.length;
  }

  indices(): Indices {
    const order = new Int32Array(this.length);
    for (let i = 0; i < order.length; i++) order[i] = i;
    return order;
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions extends SamplerOptions {
  /** Draw each index independently, so that samples may repeat. Default: false. */
  replacement?: boolean;
  /** Indices an epoch draws; default: the length of the source. Without replacement, permutations follow one another. */
  numSamples?: number;
}

/** All indices in random order, or random indices with replacement. */
export class RandomSampler extends Sampler {
  readonly #source: Sized;
  readonly #replacement: boolean;
  readonly #numSamples: number | undefined;
  readonly #generator: Generator;

  constructor(
    source: Sized,
    { replacement = false, numSamples, generator = defaultGenerator }: RandomSamplerOptions = {},
  ) {
    super();
    this.#source = expectSized(source, 'RandomSampler');
    this.#replacement = replacement;
    this.#numSamples = numSamples === undefined ? undefined : checkCount(numSamples, 'RandomSampler: numSamples');
    this.#generator = generator;
  }

  get length(): number {
    return this.#numSamples ?? this.#source.length;
  }

  indices(): Indices {
    const n = this.#source.length;
    const generator = this.#generator;
    if (n === 0) return new Int32Array(0);
    if (this.#replacement) return randint(n, [this.length], { dtype: 'int32', generator }).toTypedArray() as Int32Array;
    if (this.length === n) return permutation(n, generator);
    const order = new Int32Array(this.length);
    for (let at = 0; at < order.length; at += n) {
      order.set(permutation(n, generator).subarray(0, order.length - at), at);
    }
    return order;
  }
}

/** The given indices in random order. */
export class SubsetRandomSampler extends Sampler {
  readonly #indices: Indices;
  readonly #generator: Generator;

  constructor(indices: Iterable<number>, { generator = defaultGenerator }: SamplerOptions = {}) {
    super();
    this.#indices = toIndices(indices, 'SubsetRandomSampler');
    this.#generator = generator;
  }

  get length(): number {
    return this.#indices.length;
  }

  indices(): Indices {
    return permutation(this.length, this.#generator).map((i) => this.#indices[i] as number);
  }
}

/** Options of {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions extends SamplerOptions {
  /** Whether an index may be drawn again. Default: true. */
  replacement?: boolean;
}

function checkWeights(weights: Float64Array): Float64Array {
  const wrong = weights.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (wrong >= 0) {
    throw new DataError(`WeightedRandomSampler: weights[${wrong}] is ${weights[wrong]}, expected a finite number >= 0`);
  }
  if (!weights.some((weight) => weight > 0))
    throw new DataError('WeightedRandomSampler: weights: expected one above 0');
  return weights;
}

/** Indices drawn with the given weights, which need not sum to 1. */
export class WeightedRandomSampler extends Sampler {
  readonly length: number;
  readonly #weights: Tensor;
  readonly #replacement: boolean;
  readonly #generator: Generator;

  /** @throws DataError for negative weights, or more samples without replacement than there are weights above 0 */
  constructor(
    weights: Iterable<number> | Tensor,
    numSamples: number,
    { replacement = true, generator = defaultGenerator }: WeightedRandomSamplerOptions = {},
  ) {
    super();
    const given = weights instanceof Tensor ? (weights.to('float64').toTypedArray() as Float64Array) : weights;
    const values = checkWeights(Float64Array.from(given));
    this.#weights = tensor(values);
    this.length = checkCount(numSamples, 'WeightedRandomSampler: numSamples');
    this.#replacement = replacement;
    this.#generator = generator;
    const possible = values.filter((weight) => weight > 0).length;
    if (!replacement && numSamples > possible) {
      throw new DataError(
        `WeightedRandomSampler: numSamples: ${numSamples} without replacement, but ${possible} weights are above 0`,
      );
    }
  }

  indices(): Indices {
    const [replacement, generator] = [this.#replacement, this.#generator];
    const drawn = multinomial(this.#weights, this.length, { replacement, generator });
    return drawn.to('int32').toTypedArray() as Int32Array;
  }
}

/** Groups the indices of another sampler, or of any iterable, into batches. */
export class BatchSampler implements Iterable<Indices> {
  readonly sampler: Iterable<number>;
  readonly batchSize: number;
  readonly dropLast: boolean;

  constructor(sampler: Iterable<number>, batchSize: number, dropLast = false) {
    if (!isIterable(sampler)) throw new DataError(`BatchSampler: sampler: expected an iterable, got ${typeof sampler}`);
    this.sampler = sampler;
    this.batchSize = checkCount(batchSize, 'BatchSampler: batchSize');
    this.dropLast = dropLast;
  }

  /** Number of batches an epoch has; the sampler must know its own length. */
  get length(): number {
    const { length } = this.sampler as Partial<Sized>;
    if (typeof length !== 'number') throw new DataError('BatchSampler: length: the sampler does not tell its own');
    return this.dropLast ? Math.floor(length / this.batchSize) : Math.ceil(length / this.batchSize);
  }

  [Symbol.iterator](): Iterator<Indices> {
    return this.sampler instanceof Sampler ? this.#slices(this.sampler.indices()) : this.#groups(this.sampler);
  }

  *#slices(order: Indices): Iterator<Indices> {
    const end = this.dropLast ? order.length - this.batchSize : order.length - 1;
    for (let at = 0; at <= end; at += this.batchSize) yield order.subarray(at, at + this.batchSize);
  }

  *#groups(sampler: Iterable<number>): Iterator<Indices> {
    let batch: number[] = [];
    for (const index of sampler) {
      if (batch.push(index) < this.batchSize) continue;
      yield toIndices(batch, 'BatchSampler: sampler');
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield toIndices(batch, 'BatchSampler: sampler');
  }
}
