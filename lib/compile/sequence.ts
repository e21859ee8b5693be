// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../errors.js';
import type { Handle, RecipeHandle } from '../raw.js';
import { handleOf, Tensor } from '../tensor.js';
import type { Program } from './program.js';
import { RunSequence, submit, type Underway } from './queue.js';

// A compiled function's runs over a sequence of arguments, handed to the executor many at once: between them no thread
// waits for JavaScript.

/** Arguments one after the other: batches of a loader, an array of them, a generator's. */
export type Batches<A> = Iterable<A> | AsyncIterable<A>;

/** The program for a call's arguments, and their tensors. */
type Prepare<A, R> = (args: A) => [Program<R>, Handle[]];

/** So many runs are handed over together, at most, and so many milliseconds of them. */
const mostRuns = 64;
const mostMilliseconds = 8;
/** One that runs and one that follows. */
const mostGroups = 2;

/** @internal Batches that a run can gather by itself: rows of tensors. */
export interface RowBatches<A> {
  readonly recipe: RecipeHandle;
  /** Rows go from 0 to `count - 1`; `make` refuses others. */
  readonly count: number;
  /** The rows of the next batch; undefined at the end. */
  next(): Int32Array | undefined;
  /** The batch of rows, and its tensors in the recipe's order. */
  make(rows: Int32Array): { batch: A; tensors: readonly Tensor[] };
}
/** @internal Gives the {@link RowBatches} of an iterable, if there are any; they begin a pass like its iterator. */
export const rowBatches: unique symbol = Symbol('cresset.rowBatches');

/** Runs of one program that are handed over together. */
class Group<R> {
  length = 0;
  /** A batch of so many rows can be added by its rows alone. */
  rowCount: number | undefined;
  readonly #inputs: Handle[] = [];
  readonly #numbers: number[] = [];
  readonly #draws: bigint[] = [];
  readonly #rows: Int32Array[] = [];

  constructor(readonly program: Program<R>) {}

  add(inputs: readonly Handle[]): void {
    this.#inputs.push(...inputs);
    this.#count();
  }
  addRows(rows: Int32Array): void {
    this.#rows.push(rows);
    this.#count();
  }
  submit(sequence: RunSequence, recipe: RecipeHandle | undefined): Underway<R> {
    const [numbers, draws] = [Float64Array.from(this.#numbers), BigInt64Array.from(this.#draws)];
    const rows = recipe && this.#rows.length > 0 ? { recipe, rows: joined(this.#rows) } : undefined;
    return submit(this.program, { count: this.length, inputs: this.#inputs, numbers, draws, rows }, sequence);
  }
  #count(): void {
    const [numbers, draws] = this.program.next();
    this.#numbers.push(...numbers);
    this.#draws.push(...draws);
    this.length++;
  }
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

class Feeder<A, R> {
  /** Why no more runs are to begin. */
  failure: { reason: unknown } | undefined;
  readonly #prepare: Prepare<A, R>;
  readonly #take: (results: R[]) => void;
  readonly #sequence = new RunSequence();
  readonly #underway: { group: Underway<R>; settled: Promise<void> }[] = [];
  #group: Group<R> | undefined;
  #recipe: RecipeHandle | undefined;
  /** How many runs the next group takes: more while they are short. */
  #runs = 1;
  #idleSince = 0;
  /** Ends a wait. */
  #interrupt = (): void => undefined;

  constructor(prepare: Prepare<A, R>, take: (results: R[]) => void) {
    this.#prepare = prepare;
    this.#take = take;
  }

  /** What the promise gives, or undefined as soon as a run has failed. */
  until<T>(promise: PromiseLike<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#interrupt = () => resolve(undefined);
      promise.then(resolve, reject);
    });
  }

  /** Adds a run; to be called again when the promise, if there is one, is settled. */
  add(args: A): Promise<void> | undefined {
    this.#addTo(...this.#prepare(args));
    return this.#advance();
  }
  /** The same for rows. The first batch of a group is prepared like any other, and stands for those that follow. */
  addRows(source: RowBatches<A>, rows: Int32Array): Promise<void> | undefined {
    this.#recipe = source.recipe;
    if (this.#group?.rowCount === rows.length && rows.every((row) => row >= 0 && row < source.count)) {
      this.#group.addRows(rows);
      return this.#advance();
    }
    const { batch, tensors } = source.make(rows);
    const [program, inputs] = this.#prepare(batch);
    if (this.#group?.rowCount !== undefined) this.#handOver();
    const group = this.#addTo(program, inputs);
    const isSame = inputs.length === tensors.length && tensors.every((x, i) => handleOf(x) === inputs[i]);
    if (isSame) group.rowCount = rows.length;
    return this.#advance();
  }
  #addTo(program: Program<R>, inputs: readonly Handle[]): Group<R> {
    if (this.#group && this.#group.program !== program) this.#handOver();
    this.#group ??= new Group(program);
    this.#group.add(inputs);
    return this.#group;
  }
  #advance(): Promise<void> | undefined {
    if (this.#group && (this.#group.length >= this.#runs || this.#underway.length === 0)) this.#handOver();
    const [first] = this.#underway;
    if (!first || this.#underway.length < mostGroups) return undefined;
    if (this.#group?.rowCount !== undefined) this.#handOver(); // what it was prepared for may change meanwhile
    return this.until(first.settled);
  }

  /** Waits for all that was added. */
  async end(): Promise<void> {
    if (!this.failure) this.#handOver();
    for (let first = this.#underway[0]; first; first = this.#underway[0]) await this.until(first.settled);
  }

  fail(reason: unknown): void {
    if (this.failure) return;
    this.failure = { reason };
    this.#sequence.stop();
    for (let i = this.#underway.length - 1; i >= 0; i--) {
      if (this.#underway[i]?.group.cancel()) this.#underway.splice(i, 1);
    }
    this.#interrupt();
  }

  #handOver(): void {
    const group = this.#group;
    this.#group = undefined;
    if (!group) return;
    const underway = group.submit(this.#sequence, this.#recipe);
    const settled = underway.results.then(
      (results) => {
        this.#underway.shift();
        this.#learn(group.length);
        try {
          this.#take(results);
          if (this.#underway.length === 0 && !this.failure) this.#handOver();
        } catch (error) {
          this.fail(error);
        }
      },
      (reason) => {
        this.#underway.shift();
        this.fail(reason);
      },
    );
    if (this.#underway.push({ group: underway, settled }) === 1) this.#idleSince = performance.now();
  }

  #learn(runs: number): void {
    const now = performance.now();
    const each = (now - this.#idleSince) / runs;
    this.#idleSince = now;
    this.#runs = Math.max(1, Math.min(mostRuns, 2 * this.#runs, Math.floor(mostMilliseconds / each)));
  }
}

function open<A>(batches: Batches<A>): Iterator<A> | AsyncIterator<A> {
  const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = Object(batches);
  const iterator = (async ?? sync)?.call(batches);
  if (iterator) return iterator;
  throw new ArgumentTypeError(`compile: runAll: expected an iterable of arguments, got ${typeof batches}`);
}

function checkArguments<A>(args: A): A {
  if (Array.isArray(args)) return args;
  const got = args instanceof Tensor ? 'a Tensor' : typeof args;
  throw new ArgumentTypeError(`compile: runAll: expected an array of arguments, such as [x, y], got ${got}`);
}

/** Feeds what can be iterated; closes it if it did not come to its end. */
async function feed<A extends readonly unknown[], R>(feeder: Feeder<A, R>, batches: Batches<A>): Promise<void> {
  const iterator = open(batches);
  let isOver = false;
  try {
    while (!feeder.failure) {
      isOver = true; // where `next` throws
      const next = iterator.next();
      const item = 'then' in next ? await feeder.until(next) : next;
      isOver = item?.done === true;
      if (!item || item.done || feeder.failure) break;
      const full = feeder.add(item.value);
      if (full) await full;
    }
  } finally {
    await feeder.end();
    if (!isOver) Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

async function feedRows<A extends readonly unknown[], R>(feeder: Feeder<A, R>, source: RowBatches<A>): Promise<void> {
  try {
    for (let rows = source.next(); rows && !feeder.failure; rows = source.next()) {
      const full = feeder.addRows(source, rows);
      if (full) await full;
    }
  } finally {
    await feeder.end();
  }
}

/** Runs the programs that `prepare` finds for each of `batches`; `take` gets what they return, in order. */
export async function runInSequence<A extends readonly unknown[], R>(
  prepare: Prepare<A, R>,
  batches: Batches<A>,
  take: (results: R[]) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const feeder = new Feeder<A, R>((args) => prepare(checkArguments(args)), take);
  const abort = () => feeder.fail(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const rows = (batches as { [rowBatches]?: () => RowBatches<A> | undefined } | undefined)?.[rowBatches]?.();
  try {
    await (rows ? feedRows(feeder, rows) : feed(feeder, batches));
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  if (feeder.failure) throw feeder.failure.reason;
}
