// SPDX-License-Identifier: MIT
import { isAutocastEnabled } from './autocast.js';
import { isGradEnabled } from './autograd.js';
import { type Explanation, explainPrograms } from './compile/explain.js';
import { checkSynchronous, Program } from './compile/program.js';
import { runInBackground } from './compile/queue.js';
import { type Batches, runInSequence } from './compile/sequence.js';
import { flatten } from './compile/signature.js';
import { ArgumentTypeError } from './errors.js';
import type { Handle } from './raw.js';
import { activeRecording, tapesRecording } from './recording.js';
import { handleOf, Tensor } from './tensor.js';

export type { Batches };

/** Options of a compiled function's `run` and `runAll`. */
export interface RunOptions {
  /** Takes runs back that have not begun; one that has begun ends as a whole. */
  signal?: AbortSignal | undefined;
}

/** Options of a compiled function's `runAll`. */
export interface RunAllOptions<R> extends RunOptions {
  /** Is told the results as they come, in order, some milliseconds' worth at a time: for a progress bar, or a log. */
  onResults?: ((results: readonly R[]) => void) | undefined;
}

/** A function made by {@link compile}. */
export interface Compiled<A extends readonly unknown[], R> {
  /** Runs it now. */
  (...args: A): R;
  /**
   * Runs it on a thread of its own and leaves the event loop free. Runs follow each other in the order of the calls,
   * those of all compiled functions; other operations on a tensor that a run still uses wait for it. With 64 runs on
   * their way a further call waits for one to end.
   *
   * The promise is settled when the results are there. A step whose rest is short (less than a millisecond) may still be
   * changing parameters then; who reads or changes them waits for it, and memory that it asks for in vain is an error of
   * the next call.
   * @throws (as a rejection) what the function's operations throw; the signal's reason if it was taken back
   */
  run(...args: A | [...A, RunOptions]): Promise<R>;
  /**
   * Runs it for each of `batches`, in order, as a loop of awaited `run`s would, with the same bits; but the runs are handed
   * over many at once, so that a short step does not wait for JavaScript. A whole epoch:
   *
   * ```ts
   * const losses = await step.runAll(loader);
   * ```
   * Batches are read some milliseconds of work ahead, and closed when the sequence ends early. A learning rate that
   * is changed meanwhile counts for the batches not yet read.
   * @param batches - arguments of the function, one array after the other: a loader, an array, a generator
   * @returns what the function returned, of each batch
   * @throws (as a rejection) what a run throws, after which none begins; what the source throws, after the batches before
   *   it; what `onResults` throws; the signal's reason, within one run
   */
  runAll(batches: Batches<A>, options?: RunAllOptions<R>): Promise<R[]>;
}

/** Recordings that are kept for one function; the one not used for longest goes first. */
const mostPrograms = 64;

/** Splits off the options of `run`. */
function takeOptions(args: readonly unknown[]): [unknown[], RunOptions] {
  const last = args.at(-1);
  const isOptions =
    typeof last === 'object' &&
    last !== null &&
    !(last instanceof Tensor) &&
    Object.keys(last).join() === 'signal' &&
    [undefined, AbortSignal].includes((last as RunOptions).signal?.constructor as undefined);
  return isOptions ? [args.slice(0, -1), last as RunOptions] : [[...args], {}];
}

class Step<A extends readonly unknown[], R> {
  #programs: Program<R>[] = [];
  constructor(readonly fn: (...args: A) => R) {}

  /** The program for these arguments, recorded now if need be, and their tensors. */
  prepare(args: A): [Program<R>, Handle[]] {
    const { key: structure, tensors } = flatten(args);
    const key = `${isGradEnabled() ? '' : 'noGrad '}${isAutocastEnabled() ? 'autocast ' : ''}${structure}`;
    const handles = tensors.map((x) => handleOf(x, 'compile: argument'));
    const at = this.#programs.findIndex((program) => program.accepts(key, handles));
    const program = (at < 0 ? undefined : this.#programs[at]) ?? Program.record(this.fn, args, key, tensors);
    if (at > 0) this.#programs.splice(at, 1);
    if (at !== 0) this.#programs = [program, ...this.#programs].slice(0, mostPrograms);
    return [program, handles];
  }
  get programs(): readonly Program<R>[] {
    return this.#programs;
  }
}

const steps = new WeakMap<object, Step<readonly unknown[], unknown>>();

/**
 * Makes a function fast: it is recorded once for each signature of its arguments, then its calls are replayed natively,
 * without JavaScript, allocation or waiting in between, and with the same bits as before.
 *
 * ```ts
 * const step = compile((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = criterion.forward(model.forward(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * for await (const [x, y] of loader) await step.run(x, y);
 * ```
 * Arguments and the result are tensors, numbers and other constants, nested in arrays and records. Shapes and dtypes of
 * tensors, all constants, the modules' training mode and whether leaves require or have gradients are the signature.
 * All other tensors the function uses are bound by identity and change in place: parameters, buffers, optimizer state.
 * Inside another compiled function, or while a GradientTape records, the function is called as it is. Learning rates may
 * change between calls; random numbers are those that would be drawn without `compile`. Returned
 * tensors have no history.
 *
 * JavaScript inside the function (logging, counters) runs while it is recorded only, and values cannot be read there.
 * @throws GraphError that names the operation and the line where a value is read or a shape depends on values;
 *   TypeError for a function that returns a promise
 */
export function compile<A extends readonly unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  if (typeof fn !== 'function') throw new ArgumentTypeError(`compile: expected a function, got ${typeof fn}`);
  const step = new Step(fn);
  const call = (...args: A): R => {
    if (activeRecording() || tapesRecording() > 0) return checkSynchronous(fn(...args)); // part of what is around it
    const [program, inputs] = step.prepare(args);
    return program.replay(inputs);
  };
  const run = (...given: A | [...A, RunOptions]): Promise<R> => {
    try {
      if (activeRecording())
        throw new ArgumentTypeError('compile: run() inside a compiled function; call the inner one');
      const [args, { signal }] = takeOptions(given);
      if (signal?.aborted) return Promise.reject(signal.reason);
      return runInBackground(...step.prepare(args as unknown as A), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  };
  const runAll = async (batches: Batches<A>, { signal, onResults }: RunAllOptions<R> = {}): Promise<R[]> => {
    if (activeRecording())
      throw new ArgumentTypeError('compile: runAll() inside a compiled function; call the inner one');
    const all: R[] = [];
    const take = (results: R[]) => {
      all.push(...results);
      onResults?.(results);
    };
    await runInSequence((args: A) => step.prepare(args), batches, take, signal);
    return all;
  };
  const compiled = Object.assign(call, { run, runAll });
  steps.set(compiled, step as unknown as Step<readonly unknown[], unknown>);
  return compiled;
}

/** The calls of a compiled function's recordings, what was fused, and memory before and after. Printable. */
compile.explain = (compiled: Compiled<never, unknown>): Explanation => {
  const step = steps.get(compiled);
  if (!step) throw new ArgumentTypeError('compile.explain: expected a function made by compile()');
  return explainPrograms(step.programs);
};
