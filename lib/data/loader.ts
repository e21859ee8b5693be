// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { type RowBatches, rowBatches } from '../compile/sequence.js';
import { DataError } from '../errors.js';
import { defaultGenerator, type Generator } from '../random.js';
import { type Collated, defaultCollate } from './collate.js';
import { Dataset, type Generators, getSamples, type Indices, recipeOf, toIndices } from './dataset.js';
import { nextTurn, turnIsDue } from './event-loop.js';
import { Ahead, type Recipe, readAhead } from './recipe.js';
import { BatchSampler, isIterable, RandomSampler, Sampler, SequentialSampler, type Sized } from './sampler.js';
import { Visits } from './visits.js';

/** What a loader reads: a `Dataset`, or anything that can be iterated sample by sample. */
// biome-ignore lint/suspicious/noExplicitAny: the sample's type is inferred from the source.
export type DataSource = Dataset<any> | AsyncIterable<any> | Iterable<any>;

/** The type of one sample of a source. */
export type SampleOf<D> = D extends { get(index: number): infer T }
  ? Awaited<T>
  : D extends AsyncIterable<infer T>
    ? T
    : D extends Iterable<infer T>
      ? Awaited<T>
      : never;

/** How a {@link DataLoader} orders samples and makes batches of them. */
export interface DataLoaderOptions<T, B> {
  /** Samples in a batch. Default: 1. */
  batchSize?: number;
  /** Visit the samples in a new random order each epoch. Default: false. */
  shuffle?: boolean;
  /** Leave out a last batch that is not full. Default: false. */
  dropLast?: boolean;
  /** The order of the samples; not together with `shuffle`. */
  sampler?: Iterable<number>;
  /** The batches themselves, as lists of indices; not together with the four options above. */
  batchSampler?: Iterable<Iterable<number>>;
  /** Makes a batch of samples. Default: {@link defaultCollate}, or the dataset's own `getBatch`. */
  collateFn?: (samples: T[]) => B | Promise<B>;
  /**
   * Where `shuffle` and the samples' random transforms take their random numbers from; by default the generator that
   * `manualSeed` seeds.
   */
  generator?: Generator;
  /**
   * Batches prepared ahead while the current one is in use, for datasets that wait for files or networks; no more than
   * these are ever read from a stream. Default: 0.
   */
  prefetch?: number;
}

type Settings = DataLoaderOptions<never, unknown>;

const optionNames = new Set<string>([
  'batchSize',
  'shuffle',
  'dropLast',
  'sampler',
  'batchSampler',
  'collateFn',
  'generator',
  'prefetch',
] satisfies (keyof Settings)[]);

const isSource = (value: unknown): value is DataSource =>
  value instanceof Dataset ||
  isIterable(value) ||
  (typeof value === 'object' && value !== null && Symbol.asyncIterator in value);

function checkInteger(name: string, value: unknown, least: number): void {
  if (value !== undefined && (!Number.isInteger(value) || (value as number) < least)) {
    throw new DataError(`DataLoader: ${name}: ${String(value)}, expected an integer >= ${least}`);
  }
}

function refuseTogether(options: Settings, name: keyof Settings, others: (keyof Settings)[]): void {
  const other = others.find((key) => options[key] !== undefined && options[key] !== false);
  if (options[name] !== undefined && other)
    throw new DataError(`DataLoader: ${name} cannot be used together with ${other}`);
}

function checkOptions(options: Settings, indexed: boolean): void {
  const unknown = Object.keys(options).find((key) => !optionNames.has(key));
  if (unknown)
    throw new DataError(`DataLoader: unknown option ${unknown}, expected one of ${[...optionNames].join(', ')}`);
  checkInteger('batchSize', options.batchSize, 1);
  checkInteger('prefetch', options.prefetch, 0);
  for (const name of ['sampler', 'batchSampler'] as const) {
    if (options[name] !== undefined && !isIterable(options[name])) {
      throw new DataError(`DataLoader: ${name}: expected an iterable, got ${typeof options[name]}`);
    }
  }
  if (options.collateFn !== undefined && typeof options.collateFn !== 'function') {
    throw new DataError(`DataLoader: collateFn: expected a function, got ${typeof options.collateFn}`);
  }
  refuseTogether(options, 'sampler', ['shuffle']);
  refuseTogether(options, 'batchSampler', ['batchSize', 'shuffle', 'sampler', 'dropLast']);
  const misplaced = (['shuffle', 'sampler', 'batchSampler'] as const).find((key) => options[key]);
  if (!indexed && misplaced)
    throw new DataError(`DataLoader: ${misplaced} needs a Dataset; this source is only iterable`);
}

const done = { done: true, value: undefined } as const;

/**
 * Batches of a dataset, one epoch per iteration:
 *
 * ```ts
 * const loader = new DataLoader(dataset, { batchSize: 64, shuffle: true });
 * for await (const [images, labels] of loader) { … }
 * ```
 *
 * The order is drawn when an iteration begins and depends on the generator alone; so does what random transforms draw for
 * each sample, whatever the batch size and `prefetch`. Where the dataset gathers batches natively (tensors, known
 * transforms), a thread of our own prepares two ahead, or the compiled function that reads a batch gathers it. Iterations
 * are independent of each other. Whenever 5 ms have passed, the event loop gets a turn before the next batch. Leaving the
 * loop, by `break` or by an error, closes the source.
 *
 * @typeParam D - the dataset, or an iterable of samples
 * @typeParam B - one batch: `Collated` of the sample's type, or what `collateFn` returns
 */
export class DataLoader<D extends DataSource, B = Collated<SampleOf<D>>> implements AsyncIterable<B> {
  readonly dataset: D;
  /** The lists of indices that make the batches; null for a source that is only iterable. */
  readonly batchSampler: Iterable<Iterable<number>> | null;
  readonly #batchSize: number;
  readonly #dropLast: boolean;
  readonly #prefetch: number;
  readonly #generator: Generator;
  readonly #collate: ((samples: SampleOf<D>[]) => B | Promise<B>) | undefined;

  /** @throws DataError for options that are unknown, out of range or at odds with each other */
  constructor(dataset: D, options: DataLoaderOptions<SampleOf<D>, B> = {}) {
    if (!isSource(dataset))
      throw new DataError(`DataLoader: dataset: expected a Dataset or an iterable, got ${typeof dataset}`);
    checkOptions(options as Settings, dataset instanceof Dataset);
    const {
      batchSize = 1,
      shuffle = false,
      dropLast = false,
      generator = defaultGenerator,
      sampler,
      batchSampler,
      prefetch = 0,
    } = options;
    this.dataset = dataset;
    this.#batchSize = batchSize;
    this.#dropLast = dropLast;
    this.#prefetch = prefetch;
    this.#generator = generator;
    this.#collate = options.collateFn;
    this.batchSampler = null;
    if (dataset instanceof Dataset) {
      const order = sampler ?? (shuffle ? new RandomSampler(dataset, { generator }) : new SequentialSampler(dataset));
      this.batchSampler = batchSampler ?? new BatchSampler(order, batchSize, dropLast);
    }
  }

  /**
   * Number of batches in an epoch.
   *
   * @throws DataError when the source, or the given sampler, does not tell its length
   */
  get length(): number {
    const { length } = (this.batchSampler ?? {}) as Partial<Sized>;
    if (typeof length !== 'number')
      throw new DataError('DataLoader: length: the source or sampler does not tell its own');
    return length;
  }

  [Symbol.asyncIterator](): AsyncGenerator<B, undefined> {
    const recipe = this.#recipe();
    return recipe
      ? readAhead(() => new Ahead(this.batchSampler as BatchSampler, recipe, new Visits(this.#generator)))
      : this.#read();
  }

  /** @internal An epoch's batches as rows that compiled functions gather; undefined where they cannot. */
  [rowBatches](): RowBatches<B> | undefined {
    const isOwn = this[Symbol.asyncIterator] === DataLoader.prototype[Symbol.asyncIterator];
    const rows = isOwn ? this.#recipe()?.rows : undefined;
    if (!rows) return undefined;
    new Visits(this.#generator); // draws what an iteration draws
    const lists = (this.batchSampler as BatchSampler)[Symbol.iterator]();
    const next = () => {
      const list = lists.next();
      return list.done ? undefined : rows.locate(list.value);
    };
    return { recipe: rows.recipe, count: rows.count, next, make: (found) => rows.make(found) };
  }

  async *#read(): AsyncGenerator<B, undefined> {
    const batches = this.dataset instanceof Dataset ? this.#indexedBatches(this.dataset) : this.#streamedBatches();
    const ahead: Promise<IteratorResult<B, undefined>>[] = [];
    try {
      for (;;) {
        while (ahead.length <= this.#prefetch) {
          if (turnIsDue()) await nextTurn();
          const batch = batches.next();
          batch.catch(() => undefined); // thrown by the await below when its turn comes
          ahead.push(batch);
        }
        const result = await (ahead.shift() as Promise<IteratorResult<B, undefined>>);
        if (result.done) return;
        yield result.value;
      }
    } finally {
      await batches.return(undefined);
    }
  }

  /** What prepares batches natively, where nothing can tell that they are ahead: their order is known from the start. */
  #recipe(): Recipe<B> | undefined {
    const { batchSampler, dataset } = this;
    const isOwn =
      batchSampler instanceof BatchSampler && Object.getPrototypeOf(batchSampler) === BatchSampler.prototype;
    if (!isOwn || !(batchSampler.sampler instanceof Sampler) || this.#collate) return undefined;
    return dataset instanceof Dataset ? (dataset[recipeOf]() as Recipe<B> | undefined) : undefined;
  }

  /** Batches by index: `next` may be called again before an earlier batch is ready, and they are prepared side by side. */
  #indexedBatches(dataset: Dataset<SampleOf<D>>) {
    const visits = new Visits(this.#generator);
    const lists = (this.batchSampler as Iterable<Iterable<number>>)[Symbol.iterator]();
    const next = async (): Promise<IteratorResult<B, undefined>> => {
      const list = lists.next();
      if (list.done) return done;
      const indices = list.value instanceof Int32Array ? list.value : toIndices(list.value, 'DataLoader: batchSampler');
      return { done: false, value: await this.#makeBatch(dataset, indices, visits.next(indices.length)) };
    };
    return { next, return: async (value: undefined) => lists.return?.(value) };
  }

  async #makeBatch(dataset: Dataset<SampleOf<D>>, indices: Indices, generators: Generators): Promise<B> {
    if (this.#collate) return this.#collate(await getSamples(dataset, indices, generators));
    return dataset.getBatch(indices, generators) as B | Promise<B>;
  }

  /** Batches of an iterable. Reading ahead needs no care here: a generator queues the calls of `next` by itself. */
  #streamedBatches() {
    const source = this.dataset as AsyncIterable<SampleOf<D>>;
    const reading = { isOver: false };
    const batches = this.#readBatches(source, reading);
    const close = async () => {
      reading.isOver = true;
      if (source instanceof Readable) source.destroy(); // its pending read may never end
      await batches.return(undefined);
    };
    return { next: () => batches.next(), return: close };
  }

  /** @param reading - what was asked for ahead and is no longer wanted is not read any more */
  async *#readBatches(source: AsyncIterable<SampleOf<D>>, reading: { isOver: boolean }): AsyncGenerator<B, undefined> {
    const collate = this.#collate ?? (defaultCollate as unknown as (samples: SampleOf<D>[]) => B);
    let samples: SampleOf<D>[] = [];
    for await (const sample of source) {
      if (reading.isOver) return;
      if (turnIsDue()) await nextTurn();
      if (samples.push(sample) < this.#batchSize) continue;
      yield await collate(samples);
      if (reading.isOver) return;
      samples = [];
    }
    if (samples.length > 0 && !this.#dropLast) yield await collate(samples);
  }
}
