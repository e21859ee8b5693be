// SPDX-License-Identifier: MIT
import { type Handle, rawFunction } from '../raw.js';
import { whileRunning } from './places.js';
import type { Program, ProgramHandle } from './program.js';

type Queue = { readonly __queue: unique symbol };
type Settle = (id: number, error: Error | null, failedSite: number, results: Handle[] | null) => void;

const rawOpenQueue = rawFunction<(settle: Settle) => Queue>('openQueue');
const rawSubmit =
  rawFunction<
    (
      program: ProgramHandle,
      inputs: Handle[],
      numbers: Float64Array,
      draws: BigInt64Array,
      queue: Queue,
      id: number,
    ) => void
  >('submitRun');
const rawCancel = rawFunction<(queue: Queue, id: number) => boolean>('cancelRun');

const waiting = new Map<number, Settle>();
let queue: Queue | undefined;
let count = 0;

/** Runs `program` on the executor's thread, after all runs before it. */
export function runInBackground<R>(program: Program<R>, inputs: Handle[], signal: AbortSignal | undefined): Promise<R> {
  return new Promise((resolve, reject) => {
    queue ??= rawOpenQueue((...outcome) => waiting.get(outcome[0])?.(...outcome));
    const open = queue;
    const id = count++;
    const abort = () => {
      if (!rawCancel(open, id)) return; // has begun: it ends as a whole
      waiting.delete(id);
      reject(signal?.reason);
    };
    rawSubmit(program.handle, inputs, ...program.next(), open, id);
    signal?.addEventListener('abort', abort, { once: true });
    waiting.set(id, (_, error, failedSite, results) => {
      waiting.delete(id);
      signal?.removeEventListener('abort', abort);
      if (error) reject(whileRunning(error, program.places.at(failedSite)));
      else resolve(program.wrap(results as Handle[]));
    });
  });
}
