// SPDX-License-Identifier: MIT
import { DataError } from '../../errors.js';
import type { Batch } from './batch.js';

/** What an iterator gives: a result, or a promise of one where the data are asynchronous. */
export type Step = IteratorResult<Batch, undefined> | Promise<IteratorResult<Batch, undefined>>;

/** One pass over the batches. */
export interface BatchIterator {
  next(): Step;
  /** Lets go of files and connections; harmless after the end. */
  close(): void;
}

/** Where batches come from, pass after pass. */
export interface BatchSource {
  /** Batches of one pass, where that is known. */
  readonly steps: number | undefined;
  /** Can it be read only once, as a generator or a stream? */
  readonly once: boolean;
  open(): BatchIterator;
}

/** The value or the promise's outcome, or the signal's reason as soon as it is aborted. */
function untilAborted<T>(value: T | Promise<T>, signal: AbortSignal | undefined): T | Promise<T> {
  if (!signal || !(value instanceof Promise)) return value;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * @internal The batches of one epoch after the other. Without `stepsPerEpoch` an epoch is one pass; with it a pass goes
 * on from epoch to epoch, and a new one begins where it ends. A batch is read when it is asked for.
 */
export class Epochs {
  #iterator: BatchIterator | undefined;
  /** Has the pass given a batch? */
  #begun = false;

  constructor(
    private readonly source: BatchSource,
    private readonly where: string,
    private readonly stepsPerEpoch: number | undefined,
  ) {}

  /** Batches of an epoch, where that is known. */
  get steps(): number | undefined {
    return this.stepsPerEpoch ?? this.source.steps;
  }

  /**
   * The next batch of the epoch, of which `step` have been given; undefined at its end.
   * @throws the signal's reason, or DataError for an epoch without any
   */
  async next(step: number, signal: AbortSignal | undefined): Promise<Batch | undefined> {
    signal?.throwIfAborted();
    if (this.stepsPerEpoch !== undefined && step >= this.stepsPerEpoch) return undefined;
    const batch = await this.#read(signal);
    if (batch) return batch;
    const again = step === 0 && this.#begun && !this.source.once;
    this.close();
    if (again) return this.next(step, signal);
    if (step === 0) {
      const why = this.source.once ? 'a generator or stream can be read only once' : 'it is empty';
      throw new DataError(`${this.where}: the data gave no batch for this epoch: ${why}`);
    }
    if (this.stepsPerEpoch !== undefined) {
      process.emitWarning(`${this.where}: the data ended after ${step} of the epoch's ${this.stepsPerEpoch} steps`);
    }
    return undefined;
  }

  async #read(signal: AbortSignal | undefined): Promise<Batch | undefined> {
    this.#iterator ??= this.source.open();
    const result = await untilAborted(this.#iterator.next(), signal);
    if (!result.done) this.#begun = true;
    return result.value;
  }

  /** Begins a new pass, where the data can be read again. */
  restart(): void {
    if (!this.source.once) this.close();
  }
  /** Closes the pass under way. */
  close(): void {
    this.#iterator?.close();
    this.#iterator = undefined;
    this.#begun = false;
  }
}
