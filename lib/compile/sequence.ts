// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../errors.js';
import type { Handle } from '../raw.js';
import { Tensor } from '../tensor.js';
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

/** Runs of one program that are handed over together. */
class Group<R> {
  readonly #inputs: Handle[] = [];
  readonly #numbers: number[] = [];
  readonly #draws: bigint[] = [];
  length = 0;

  constructor(readonly program: Program<R>) {}

  add(inputs: readonly Handle[]): void {
    const [numbers, draws] = this.program.next();
    this.#inputs.push(...inputs);
    this.#numbers.push(...numbers);
    this.#draws.push(...draws);
    this.length++;
  }
  submit(sequence: RunSequence): Underway<R> {
    const [numbers, draws] = [Float64Array.from(this.#numbers), BigInt64Array.from(this.#draws)];
    return submit(this.program, this.#inputs, numbers, draws, this.length, sequence);
  }
}

class Feeder<A, R> {
  /** Why no more runs are to begin. */
  failure: { reason: unknown } | undefined;
  readonly #prepare: Prepare<A, R>;
  readonly #take: (results: R[]) => void;
  readonly #sequence = new RunSequence();
  readonly #underway: { group: Underway<R>; settled: Promise<void> }[] = [];
  #group: Group<R> | undefined;
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
    const [program, inputs] = this.#prepare(args);
    if (this.#group && this.#group.program !== program) this.#handOver();
    this.#group ??= new Group(program);
    this.#group.add(inputs);
    if (this.#group.length >= this.#runs || this.#underway.length === 0) this.#handOver();
    const [first] = this.#underway;
    return first && this.#underway.length >= mostGroups ? this.until(first.settled) : undefined;
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
    const underway = group.submit(this.#sequence);
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

/** Runs the programs that `prepare` finds for each of `batches`; `take` gets what they return, in order. */
export async function runInSequence<A extends readonly unknown[], R>(
  prepare: Prepare<A, R>,
  batches: Batches<A>,
  take: (results: R[]) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const feeder = new Feeder<A, R>(prepare, take);
  const iterator = open(batches);
  const abort = () => feeder.fail(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  let isOver = false;
  try {
    while (!feeder.failure) {
      isOver = true; // where `next` throws
      const next = iterator.next();
      const item = 'then' in next ? await feeder.until(next) : next;
      isOver = item?.done === true;
      if (!item || item.done || feeder.failure) break;
      const full = feeder.add(checkArguments(item.value));
      if (full) await full;
    }
  } finally {
    await feeder.end();
    signal?.removeEventListener('abort', abort);
    if (!isOver) Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
  if (feeder.failure) throw feeder.failure.reason;
}
