// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../errors.js';
import { type Handle, rawFunction } from '../raw.js';
import { type Recording, withRecording } from '../recording.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { Places, whileRecording, whileRunning } from './places.js';
import { flatten, replaceTensors } from './signature.js';

/** A recorded function in native code; opaque here. */
export type ProgramHandle = { readonly __program: unique symbol };

const rawStart = rawFunction<(locate: () => number) => void>('startRecording');
const rawAddInput = rawFunction<(like: Handle) => Handle>('addInput');
const rawAddNumbers = rawFunction<(n: number) => Handle>('addNumbers');
const rawPause = rawFunction<(paused: boolean) => void>('pauseRecording');
const rawFinish = rawFunction<(outputs?: Handle[]) => ProgramHandle>('finishRecording');
const rawAccepts = rawFunction<(program: ProgramHandle, inputs: Handle[]) => boolean>('accepts');
const rawReplay =
  rawFunction<(program: ProgramHandle, inputs: Handle[], numbers: Float64Array, draws: BigInt64Array) => Handle[]>(
    'replay',
  );
const rawFailedSite = rawFunction<() => number>('failedSite');

const stackDepth = 64;

/** @throws TypeError for a promise */
export function checkSynchronous<R>(result: R): R {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return result;
  throw new ArgumentTypeError('compile: the function returned a promise; it must be synchronous');
}

/** A function recorded for one signature. */
export class Program<R> {
  readonly #numbers: Float64Array;
  readonly #draws: BigInt64Array;

  private constructor(
    readonly key: string,
    readonly handle: ProgramHandle,
    readonly places: Places,
    private readonly recording: Recording,
    private readonly result: R,
  ) {
    this.#numbers = new Float64Array(recording.numbers.reduce((n, { count }) => n + count, 0));
    this.#draws = new BigInt64Array(2 * recording.draws.length);
  }

  /** Runs `fn` once on stand-ins of `inputs`: its calls are taken down, and nothing happens. */
  static record<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: A,
    key: string,
    inputs: readonly Tensor[],
  ): Program<R> {
    const places = new Places();
    const recording: Recording = {
      draws: [],
      numbers: [],
      guards: [],
      pause: rawPause,
      standIn: (n) => (n ? rawAddNumbers(n) : fromHandle(rawAddNumbers(0))),
    };
    const depth = Error.stackTraceLimit;
    Error.stackTraceLimit = Math.max(depth, stackDepth);
    rawStart(places.take);
    let handle: ProgramHandle | undefined;
    try {
      const standIns = inputs.map((x) => fromHandle(rawAddInput(handleOf(x, 'compile'))))[Symbol.iterator]();
      const result = withRecording(recording, () => fn(...replaceTensors(args, () => standIns.next().value as Tensor)));
      checkSynchronous(result);
      handle = rawFinish(flatten(result).tensors.map((x) => handleOf(x, 'compile: result')));
      return new Program(key, handle, places, recording, result);
    } catch (error) {
      throw whileRecording(error);
    } finally {
      if (!handle) rawFinish();
      Error.stackTraceLimit = depth;
    }
  }

  /** Does it serve these arguments, in the present state of what was recorded? */
  accepts(key: string, inputs: Handle[]): boolean {
    return key === this.key && this.recording.guards.every((holds) => holds()) && rawAccepts(this.handle, inputs);
  }
  /** The numbers and the random positions of the next run, which are used up by asking; valid until then. */
  next(): [numbers: Float64Array, draws: BigInt64Array] {
    let at = 0;
    for (const { count, read } of this.recording.numbers) {
      this.#numbers.set(read(), at);
      at += count;
    }
    this.recording.draws.forEach(({ reserve, count }, i) => {
      const [seed, offset] = reserve(count);
      this.#draws[2 * i] = seed;
      this.#draws[2 * i + 1] = BigInt(offset);
    });
    return [this.#numbers, this.#draws];
  }
  replay(inputs: Handle[]): R {
    const next = this.next();
    try {
      return this.wrap(rawReplay(this.handle, inputs, ...next));
    } catch (error) {
      throw whileRunning(error, this.places.at(rawFailedSite()));
    }
  }
  /** What the function returned, with the tensors of `results` from `first` on. */
  wrap(results: readonly Handle[], first = 0): R {
    let i = first;
    return replaceTensors(this.result, () => fromHandle(results[i++] as Handle));
  }
  /** The same for each of `count` runs. */
  wrapAll(results: readonly Handle[], count: number): R[] {
    return Array.from({ length: count }, (_, run) => this.wrap(results, (run * results.length) / count));
  }
}
