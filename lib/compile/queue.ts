// SPDX-License-Identifier: MIT
import { type Handle, type RecipeHandle, rawFunction } from '../raw.js';
import { whileRunning } from './places.js';
import type { Program, ProgramHandle } from './program.js';

type Queue = { readonly __queue: unique symbol };
type SequenceHandle = { readonly __sequence: unique symbol };
type Settle = (id: number, error: Error | null, failedSite: number, results: Handle[] | null) => void;

const rawOpenQueue = rawFunction<(settle: Settle) => Queue>('openQueue');
const rawSubmit =
  rawFunction<
    (
      program: ProgramHandle,
      inputs: Handle[],
      numbers: Float64Array,
      draws: BigInt64Array,
      count: number,
      queue: Queue,
      id: number,
      sequence?: SequenceHandle,
      recipe?: RecipeHandle,
      rows?: Int32Array,
    ) => void
  >('submitRuns');
const rawCancel = rawFunction<(queue: Queue, id: number) => boolean>('cancelRuns');

const rawOpenSequence = rawFunction<() => SequenceHandle>('openSequence');
const rawStop = rawFunction<(sequence: SequenceHandle) => void>('stopSequence');

const waiting = new Map<number, Settle>();
let queue: Queue | undefined;
let next = 0;

/** Runs on their way to the executor's thread, or on it. */
export interface Underway<R> {
  /** Each run's, in order. */
  readonly results: Promise<R[]>;
  /** Takes them back if none has begun; were they? Then `results` stays open. */
  cancel(): boolean;
}

/** Runs that are handed over part by part: after one that fails none begins. */
export class RunSequence {
  readonly handle = rawOpenSequence();

  /** Lets no run begin any more. */
  stop(): void {
    rawStop(this.handle);
  }
}

/** What runs of one program take. */
export interface Calls {
  count: number;
  /** The tensors of each, one run after the other. */
  inputs: Handle[];
  numbers: Float64Array;
  draws: BigInt64Array;
  /** The rows that the runs beyond those of `inputs` gather, each as many. */
  rows?: { recipe: RecipeHandle; rows: Int32Array } | undefined;
}

/** Has the executor's thread run `program` after all runs before. */
export function submit<R>(program: Program<R>, calls: Calls, sequence?: RunSequence): Underway<R> {
  const { count, inputs, numbers, draws, rows } = calls;
  queue ??= rawOpenQueue((...outcome) => waiting.get(outcome[0])?.(...outcome));
  const open = queue;
  const id = next++;
  rawSubmit(program.handle, inputs, numbers, draws, count, open, id, sequence?.handle, rows?.recipe, rows?.rows);
  const results = new Promise<R[]>((resolve, reject) => {
    waiting.set(id, (_, error, failedSite, results) => {
      waiting.delete(id);
      if (error) reject(whileRunning(error, program.places.at(failedSite)));
      else resolve(program.wrapAll(results as Handle[], count));
    });
  });
  const cancel = () => rawCancel(open, id) && waiting.delete(id);
  return { results, cancel };
}

/** One run, with its result. */
export function runInBackground<R>(program: Program<R>, inputs: Handle[], signal: AbortSignal | undefined): Promise<R> {
  const [numbers, draws] = program.next();
  const { results, cancel } = submit(program, { count: 1, inputs, numbers, draws });
  const result = results.then(([only]) => only as R);
  if (!signal) return result;
  return new Promise((resolve, reject) => {
    const abort = () => {
      if (cancel()) reject(signal.reason); // else it has begun: it ends as a whole
    };
    signal.addEventListener('abort', abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
