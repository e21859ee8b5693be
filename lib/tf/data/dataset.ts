// SPDX-License-Identifier: MIT
import type { Collated } from '../../data/collate.js';
import { ArgumentRangeError, ArgumentTypeError, DataError } from '../../errors.js';
import type { Tensor } from '../../index.js';
import { repeated, shuffled, strided, taken } from './indices.js';
import { Orders } from './order.js';
import { countRows, type Rows, rowsOf, type Slices, toTensors } from './slices.js';
import * as stream from './stream.js';

/** What a function of an element gets: the parts of a tuple one by one, anything else as it is. */
export type Parts<T> = T extends readonly unknown[] ? T : [T];

/** Options of {@link Dataset.shuffle}. */
export interface ShuffleOptions {
  /** The order of every iteration follows from it alone. Default: from the global seed. */
  seed?: number | bigint | undefined;
  /** Another order in each iteration? Default true. */
  reshuffleEachIteration?: boolean | undefined;
}
/** Options of {@link Dataset.map}. */
export interface MapOptions {
  /** Calls of an async function under way at a time; the order stays. Default 1. */
  numParallelCalls?: number | undefined;
}
/** Options of {@link Dataset.interleave}. */
export interface InterleaveOptions {
  /** Datasets open at a time. */
  cycleLength: number;
  /** Elements taken from each in turn. Default 1. */
  blockLength?: number | undefined;
}

interface Source<T> {
  stream: stream.Stream<T>;
  /** How many elements: undefined if unknown. */
  cardinality: number | undefined;
  /** Given while elements are rows of tensors that nothing has looked at. */
  rows?: Rows<T> | undefined;
}

function checkCount(op: string, name: string, value: unknown, least: number): number {
  if (Number.isInteger(value) && (value as number) >= least) return value as number;
  throw new ArgumentRangeError(
    `Dataset.${op}: ${name}: expected an integer of at least ${least}, got ${String(value)}`,
  );
}
function checkFunction(op: string, fn: unknown): void {
  if (typeof fn !== 'function') throw new ArgumentTypeError(`Dataset.${op}: expected a function, got ${typeof fn}`);
}
function checkDataset(op: string, x: unknown): Dataset<unknown> {
  if (x instanceof Dataset) return x;
  throw new ArgumentTypeError(`Dataset.${op}: expected a Dataset, got ${x === null ? 'null' : typeof x}`);
}
/** Calls `fn` with the parts of a tuple, or with the element. */
const spread =
  <T, U>(fn: (...parts: Parts<T>) => U) =>
  (element: T): U =>
    Array.isArray(element) ? fn(...(element as Parts<T>)) : fn(...([element] as Parts<T>));

const secret = Symbol('cresset.tf.data');

/**
 * An input pipeline: `for await (const [x, y] of Dataset.fromTensorSlices([xs, ys]).shuffle(10000).batch(32))`. Each
 * method gives a new dataset; nothing is read before an iteration asks, and never more than its buffers hold. Every
 * iteration starts anew. While the elements are rows of tensors, whole batches are gathered natively.
 */
export class Dataset<T> implements AsyncIterable<T> {
  readonly #source: Source<T>;

  /** @internal */
  constructor(key: symbol, source: Source<T>) {
    if (key !== secret) throw new ArgumentTypeError('Dataset: use Dataset.fromTensorSlices() … to make one');
    this.#source = source;
  }

  /** One element for each row of the tensors; arrays and records of tensors give elements of the same form. */
  static fromTensorSlices<const S>(tensors: S): Dataset<Slices<S>> {
    const structure = toTensors('fromTensorSlices', tensors);
    const count = countRows('fromTensorSlices', structure);
    return ofRows(rowsOf<Slices<S>>(structure, count), count);
  }
  /** One element: the tensors as they are. */
  static fromTensors<const S>(tensors: S): Dataset<Slices<S>> {
    const element = toTensors('fromTensors', tensors) as Slices<S>;
    return make(() => stream.fromIterable(() => [element]), 1);
  }
  /** What a function that is called for each iteration iterates: a generator (async or not), an array … */
  static fromGenerator<U>(generator: () => Iterable<U> | AsyncIterable<U>): Dataset<U> {
    checkFunction('fromGenerator', generator);
    return make(() => stream.fromIterable(() => checkIterable(generator())), undefined);
  }
  /** Whole numbers as int64 scalars: `range(stop)`, `range(start, stop, step)`. */
  static range(start: number, stop?: number, step = 1): Dataset<Tensor> {
    const [from, to] = stop === undefined ? [0, start] : [start, stop];
    for (const n of [from, to, step]) checkCount('range', 'start, stop, step', n, Number.MIN_SAFE_INTEGER);
    if (step === 0) throw new ArgumentRangeError('Dataset.range: step is 0');
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (count >= 2 ** 31) throw new ArgumentRangeError(`Dataset.range: ${count} elements are more than 2^31 - 1`);
    const number = (i: number) => BigInt(from + i * step);
    const { indices } = rowsOf<Tensor>([], count);
    const one = (i: number) => toTensors('range', number(i)) as Tensor;
    const many = (at: Int32Array) => toTensors('range', BigInt64Array.from(at, number));
    return ofRows<Tensor>({ indices, one, many }, count);
  }
  /** Elements of several datasets side by side, as long as all have some. */
  static zip<const D extends readonly Dataset<unknown>[]>(
    ...datasets: D | [D]
  ): Dataset<{ -readonly [K in keyof D]: D[K] extends Dataset<infer U> ? U : never }> {
    const list = (datasets.flat() as Dataset<unknown>[]).map((x) => checkDataset('zip', x));
    if (list.length === 0) throw new DataError('Dataset.zip: expected at least one dataset');
    const sizes = list.map((x) => x.cardinality());
    const size = sizes.includes(undefined) ? undefined : Math.min(...(sizes as number[]));
    const streams = list.map((x) => x.#source.stream);
    return make(() => stream.zipped(streams), size) as never;
  }

  /** Each element's image; the parts of a tuple are arguments of their own. `fn` may be async. */
  map<U>(fn: (...parts: Parts<T>) => U, { numParallelCalls = 1 }: MapOptions = {}): Dataset<Awaited<U>> {
    checkFunction('map', fn);
    const parallel = checkCount('map', 'numParallelCalls', numParallelCalls, 1);
    const { stream: source, cardinality } = this.#source;
    return make(() => stream.mapped(source, spread(fn), parallel) as AsyncIterable<Awaited<U>>, cardinality);
  }
  /** The elements for which `predicate` (which may be async) gives true, or a tensor that holds it. */
  filter(predicate: (...parts: Parts<T>) => boolean | Tensor | Promise<boolean | Tensor>): Dataset<T> {
    checkFunction('filter', predicate);
    const { stream: source } = this.#source;
    return make(() => stream.filtered(source, spread(predicate)), undefined);
  }
  /** The elements of the datasets (or iterables) that `fn` makes of the elements, one after the other. */
  flatMap<U>(fn: (...parts: Parts<T>) => AsyncIterable<U> | Iterable<U>): Dataset<U> {
    return this.#interleave('flatMap', fn, 1, 1);
  }
  /** As `flatMap`, blocks of `blockLength` elements in turn from `cycleLength` of the datasets at a time. */
  interleave<U>(
    fn: (...parts: Parts<T>) => AsyncIterable<U> | Iterable<U>,
    { cycleLength, blockLength = 1 }: InterleaveOptions,
  ): Dataset<U> {
    const cycle = checkCount('interleave', 'cycleLength', cycleLength, 1);
    return this.#interleave('interleave', fn, cycle, checkCount('interleave', 'blockLength', blockLength, 1));
  }
  #interleave<U>(op: string, fn: (...parts: Parts<T>) => unknown, cycle: number, block: number): Dataset<U> {
    checkFunction(op, fn);
    const { stream: source } = this.#source;
    const call = spread(fn);
    const open = (element: T) => stream.fromIterable(() => checkIterable<U>(call(element)));
    return make(() => stream.interleaved(() => stream.mapped(source, open, 1), cycle, block), undefined);
  }

  /**
   * In random order: each element leaves a buffer of `bufferSize` from a random place, which the next one takes. With a
   * buffer as large as the dataset all orders are equally likely.
   */
  shuffle(bufferSize: number, { seed, reshuffleEachIteration = true }: ShuffleOptions = {}): Dataset<T> {
    const size = checkCount('shuffle', 'bufferSize', bufferSize, 1);
    const orders = new Orders(seed ?? undefined, Boolean(reshuffleEachIteration));
    return this.#reorder(
      (indices) => shuffled(indices, size, orders),
      (source) => stream.shuffledStream(source, size, orders),
      (n) => n,
      (rows) => ({ ...rows, isShuffled: true }),
    );
  }
  /** The first `count` elements; -1: all. */
  take(count: number): Dataset<T> {
    const most = checkCount('take', 'count', count, -1) === -1 ? Number.POSITIVE_INFINITY : count;
    return this.#reorder(
      (indices) => taken(indices, most),
      (source) => stream.takenStream(source, most),
      (n) => Math.min(n, most),
    );
  }
  /** All but the first `count` elements; -1: none is left. */
  skip(count: number): Dataset<T> {
    const first = checkCount('skip', 'count', count, -1) === -1 ? Number.POSITIVE_INFINITY : count;
    return this.#reorder(
      (indices) => strided(indices, first, 1),
      (source) => stream.stridedStream(source, first, 1),
      (n) => (first === Number.POSITIVE_INFINITY ? 0 : Math.max(0, n - first)),
    );
  }
  /** Every `numShards`-th element, from the one numbered `index`. */
  shard(numShards: number, index: number): Dataset<T> {
    const step = checkCount('shard', 'numShards', numShards, 1);
    const first = checkCount('shard', 'index', index, 0);
    if (first >= step) throw new ArgumentRangeError(`Dataset.shard: index ${index} of ${numShards} shards`);
    return this.#reorder(
      (indices) => strided(indices, first, step),
      (source) => stream.stridedStream(source, first, step),
      (n) => Math.max(0, Math.ceil((n - first) / step)),
    );
  }
  /** The whole dataset `count` times, for ever by default. */
  repeat(count = -1): Dataset<T> {
    const times = checkCount('repeat', 'count', count, -1) === -1 ? Number.POSITIVE_INFINITY : count;
    return this.#reorder(
      (indices) => repeated(indices, times),
      (source) => stream.repeatedStream(source, times),
      (n) => (n === 0 || times === 0 ? 0 : n * times),
      (rows) => (rows.isShuffled ? { ...rows, recipe: undefined } : rows),
    );
  }
  /** An operator on the numbers of rows where elements are rows, else on the elements. */
  #reorder(
    ofIndices: (source: () => Iterable<number>) => Iterable<number>,
    ofElements: (source: stream.Stream<T>) => AsyncIterable<T>,
    resize: (n: number) => number,
    change: (rows: Rows<T>) => Rows<T> = (rows) => rows,
  ): Dataset<T> {
    const { rows, stream: source, cardinality } = this.#source;
    const size = cardinality === undefined ? undefined : resize(cardinality);
    if (!rows) return make(() => ofElements(source), size);
    const { indices } = rows;
    return ofRows({ ...change(rows), indices: () => ofIndices(indices) }, size);
  }

  /**
   * `batchSize` consecutive elements as one: tensors of equal shape are stacked, numbers become tensors.
   * @param options dropRemainder: leave out a last batch that is not full. Default false.
   */
  batch(
    batchSize: number,
    { dropRemainder = false }: { dropRemainder?: boolean | undefined } = {},
  ): Dataset<Collated<T>> {
    const size = checkCount('batch', 'batchSize', batchSize, 1);
    const { rows, stream: source, cardinality } = this.#source;
    const batches = dropRemainder ? Math.floor : Math.ceil;
    return make(
      () => (rows ? stream.batchesOf(rows, size, dropRemainder) : stream.batched(source, size, dropRemainder)) as never,
      cardinality === undefined ? undefined : batches(cardinality / size),
    );
  }
  /** The rows of the tensors in each element, one by one. */
  unbatch(): Dataset<T> {
    const { stream: source } = this.#source;
    return make(() => stream.unbatched(source) as AsyncIterable<T>, undefined);
  }
  /** Prepares up to `bufferSize` elements while one is in use. */
  prefetch(bufferSize: number): Dataset<T> {
    const size = checkCount('prefetch', 'bufferSize', bufferSize, 0);
    const { rows, stream: source, cardinality } = this.#source;
    return make(() => stream.prefetched(source, size), cardinality, rows);
  }
  /** Keeps the elements of the first iteration that reaches the end; later ones read them from memory. */
  cache(): Dataset<T> {
    const { rows, stream: source, cardinality } = this.#source;
    if (rows) return ofRows({ ...rows, indices: cachedIndices(rows.indices) }, cardinality);
    let kept: T[] | undefined;
    const record = async function* () {
      const elements: T[] = [];
      for await (const element of source()) {
        elements.push(element);
        yield element;
      }
      kept ??= elements;
    };
    return make(() => (kept ? stream.fromIterable(() => kept as T[]) : record()), cardinality);
  }
  /** The elements of this dataset, then those of another. */
  concatenate<U>(dataset: Dataset<U>): Dataset<T | U> {
    const other = checkDataset('concatenate', dataset) as Dataset<U>;
    const [own, its] = [this.cardinality(), other.cardinality()];
    const size = own === undefined || its === undefined ? undefined : own + its;
    const sources: stream.Stream<T | U>[] = [this.#source.stream, other.#source.stream];
    return make(() => stream.concatenated(sources), size);
  }
  /** Pairs of a number, from `start`, and an element. */
  enumerate(start = 0): Dataset<[number, T]> {
    const first = checkCount('enumerate', 'start', start, Number.MIN_SAFE_INTEGER);
    const { stream: source, cardinality } = this.#source;
    return make(() => stream.numbered(source, first), cardinality);
  }

  /** Number of elements: `Infinity` if it has no end, undefined if it cannot be known. */
  cardinality(): number | undefined {
    return this.#source.cardinality;
  }
  /** Starts an iteration. */
  asIterator(): AsyncIterator<T> {
    return this[Symbol.asyncIterator]();
  }
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return this.#source.stream()[Symbol.asyncIterator]();
  }
}

function make<T>(source: stream.Stream<T>, cardinality: number | undefined, rows?: Rows<T>): Dataset<T> {
  return new Dataset<T>(secret, { stream: source, cardinality, rows });
}
function ofRows<T>(rows: Rows<T>, cardinality: number | undefined): Dataset<T> {
  return make(() => stream.elementsOf(rows), cardinality, rows);
}

function cachedIndices(source: () => Iterable<number>): () => Iterable<number> {
  let kept: Int32Array | undefined;
  const record = function* () {
    const indices: number[] = [];
    for (const index of source()) {
      indices.push(index);
      yield index;
    }
    kept ??= Int32Array.from(indices);
  };
  return () => kept ?? record();
}

function checkIterable<U>(x: unknown): Iterable<U> | AsyncIterable<U> {
  const isIterable = typeof x === 'object' && x !== null && (Symbol.iterator in x || Symbol.asyncIterator in x);
  if (isIterable) return x as Iterable<U>;
  throw new DataError(`Dataset: the function returned ${x === null ? 'null' : typeof x}, expected an iterable`);
}
