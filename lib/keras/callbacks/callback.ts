// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../../errors.js';
import type { Model } from '../model.js';

/**
 * Loss and metrics by name. Values of a batch are the running ones of the epoch and are read from the tensors when
 * asked for: ask inside the hook, or not at all. A metric with several values gives them as an array.
 */
export type Logs = Record<string, number>;

/** What `setParams` tells. */
export interface CallbackParams {
  epochs: number;
  /** Batches of an epoch, where that is known. */
  steps: number | undefined;
  verbose: 0 | 1 | 2 | 'auto';
}

type Awaitable = void | Promise<void>;

/** What may happen around training, testing and predicting. A hook that returns a promise is awaited. */
export interface CallbackHooks {
  onTrainBegin?(logs: Logs): Awaitable;
  onTrainEnd?(logs: Logs): Awaitable;
  onEpochBegin?(epoch: number, logs: Logs): Awaitable;
  /** `logs` belong to all callbacks: what one adds, the next ones and the history see. */
  onEpochEnd?(epoch: number, logs: Logs): Awaitable;
  onTrainBatchBegin?(batch: number, logs: Logs): Awaitable;
  onTrainBatchEnd?(batch: number, logs: Logs): Awaitable;
  onTestBegin?(logs: Logs): Awaitable;
  onTestEnd?(logs: Logs): Awaitable;
  onTestBatchBegin?(batch: number, logs: Logs): Awaitable;
  onTestBatchEnd?(batch: number, logs: Logs): Awaitable;
  onPredictBegin?(logs: Logs): Awaitable;
  onPredictEnd?(logs: Logs): Awaitable;
  onPredictBatchBegin?(batch: number, logs: Logs): Awaitable;
  onPredictBatchEnd?(batch: number, logs: Logs): Awaitable;
}

/** Hooks, and what else a callback may want to know; any object with some of these is one. */
export interface CallbackLike extends CallbackHooks {
  /**
   * Whether its hooks for batches are called for each one, between two steps. Default true. With false they are called
   * ten times a second, for the last batch by then, and if all are content with that, steps follow each other without
   * waiting for JavaScript: an epoch of short ones takes three quarters of the time.
   */
  everyBatch?: boolean;
  setModel?(model: Model): void;
  setParams?(params: CallbackParams): void;
}

/** Base of callbacks: overrides hooks of {@link CallbackHooks} and finds the model in `this.model`. */
export abstract class Callback implements CallbackLike {
  #model: Model | undefined;
  #params: CallbackParams | undefined;

  /** The model that is trained. @throws TypeError outside of a run */
  get model(): Model {
    if (this.#model) return this.#model;
    throw new ArgumentTypeError(`${this.constructor.name}: the callback has no model; pass it to fit`);
  }
  get params(): CallbackParams {
    return this.#params ?? { epochs: 1, steps: undefined, verbose: 0 };
  }
  setModel(model: Model): void {
    this.#model = model;
  }
  setParams(params: CallbackParams): void {
    this.#params = params;
  }
}

/** A callback made of functions: `new LambdaCallback({ onEpochEnd: (epoch, logs) => … })`. */
export class LambdaCallback extends Callback {
  constructor(hooks: CallbackHooks) {
    super();
    for (const [name, hook] of Object.entries(hooks ?? {})) {
      if (!hookNames.has(name) || typeof hook !== 'function') {
        throw new ArgumentTypeError(
          `LambdaCallback: expected functions named ${[...hookNames].join(', ')}, got ${name}: ${typeof hook}`,
        );
      }
    }
    Object.assign(this, hooks);
  }
}

const hookNames = new Set<string>([
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onTestBegin',
  'onTestEnd',
  'onTestBatchBegin',
  'onTestBatchEnd',
  'onPredictBegin',
  'onPredictEnd',
  'onPredictBatchBegin',
  'onPredictBatchEnd',
] satisfies (keyof CallbackHooks)[]);

const isCallback = (value: unknown): value is CallbackLike =>
  typeof value === 'object' &&
  value !== null &&
  (value instanceof Callback || [...hookNames].some((name) => name in value));

/** @internal Calls the hooks of several callbacks in their order, each after the one before is done. */
export class CallbackList {
  constructor(readonly callbacks: readonly CallbackLike[]) {
    for (const [i, callback] of callbacks.entries()) {
      if (!isCallback(callback))
        throw new ArgumentTypeError(`callbacks[${i}]: expected a Callback or an object with hooks`);
    }
  }
  start(model: Model, params: CallbackParams): void {
    for (const callback of this.callbacks) {
      callback.setModel?.(model);
      callback.setParams?.(params);
    }
  }
  /** Does a callback have this hook that is `everyBatch`, or is not? */
  has(hook: keyof CallbackHooks, everyBatch: boolean): boolean {
    return this.callbacks.some((callback) => callback[hook] && (callback.everyBatch ?? true) === everyBatch);
  }
  async call<K extends keyof CallbackHooks>(
    hook: K,
    ...args: Parameters<NonNullable<CallbackHooks[K]>>
  ): Promise<void> {
    for (const callback of this.callbacks) {
      const method = callback[hook] as ((...args: unknown[]) => Awaitable) | undefined;
      if (method) await method.apply(callback, args);
    }
  }
}
