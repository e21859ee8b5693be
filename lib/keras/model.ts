// SPDX-License-Identifier: MIT
import { ArgumentTypeError, CressetError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import type { Logs } from './callbacks/callback.js';
import type { History } from './callbacks/history.js';
import { Compiled, type CompileOptions } from './compiled.js';
import { type ArrayData, type Batch, type ClassWeight, checkBatch, weighClasses } from './data/batch.js';
import { type Given, resolveData } from './data/resolve.js';
import type { BatchStream } from './data/streams.js';
import * as runs from './fit.js';
import { Layer } from './layers/layer.js';
import type { Loss } from './losses/index.js';
import type { Metric } from './metrics/index.js';
import type { Optimizer } from './optimizers/index.js';
import { type SummaryOptions, summarize } from './summary.js';
import { predictStep, Steps } from './train-step.js';

/** Options of `trainOnBatch`. */
export interface BatchOptions {
  /** A factor of the loss for each sample. */
  sampleWeight?: ArrayData | undefined;
  /** How much the samples of each class count. */
  classWeight?: ClassWeight | undefined;
}

/**
 * A layer that can be trained: `compile` it, then `fit`, `evaluate` and `predict`. Extend it with layers as properties
 * and a `call`, or take a {@link Sequential}.
 */
export abstract class Model extends Layer {
  /** Set it in a callback: training ends after this batch. */
  stopTraining = false;
  /** Of the latest `fit`. */
  history: History | undefined = undefined;
  #compiled: Compiled | undefined;
  #steps = new Steps(this, undefined);
  #isFitting = false;

  /**
   * Sets optimizer, loss and metrics, by name or as objects.
   * @throws RangeError for an unknown name, with those that are known
   */
  compile(options: CompileOptions): void {
    if (typeof options !== 'object' || options === null) {
      throw new ArgumentTypeError(`compile: expected { optimizer, loss, metrics }, got ${String(options)}`);
    }
    this.#compiled = new Compiled(options);
    this.#steps = new Steps(this, this.#compiled);
  }
  #compiledFor(where: string): Compiled {
    if (this.#compiled) return this.#compiled;
    throw new CressetError(`${where}: call compile first: model.compile({ optimizer: 'adam', loss: … })`);
  }
  /** Has `compile` been called? */
  get compiled(): boolean {
    return this.#compiled !== undefined;
  }
  /** @throws CressetError before `compile` */
  get optimizer(): Optimizer {
    return this.#compiledFor('optimizer').optimizer;
  }
  /** @throws CressetError before `compile` */
  get loss(): Loss {
    return this.#compiledFor('loss').loss;
  }
  /** The mean loss, and the metrics once a batch has told their form. */
  get metrics(): Metric[] {
    return this.#compiled?.trackers ?? [];
  }
  get metricsNames(): string[] {
    return this.metrics.map((metric) => metric.name);
  }
  resetMetrics(): void {
    this.#compiled?.reset();
  }

  /**
   * Trains the model. The steps are compiled and run on a thread of their own; the event loop stays free. With
   * `runEagerly` they run as they are written, and timers and I/O get a turn whenever 5 ms have passed.
   *
   * @param x - samples: a tensor, a typed array or nested arrays; or, without `y`, a stream of batches `[x, y]`,
   * `[x, y, sampleWeight]` or `{ x, y }`: any iterable, sync or async, a `DataLoader`, a Node or web stream. A stream is
   * read one batch ahead at most, and closed when training ends for whatever reason
   * @param y - targets
   * @returns loss and metrics of each epoch; names of validation begin with `val`: `valLoss`
   * @throws the signal's reason after an abort; a second `fit` then goes on with the optimizer's state
   */
  fit(x: ArrayData, y: ArrayData, options?: runs.FitArrayOptions): Promise<History>;
  fit(batches: BatchStream, options?: runs.FitOptions): Promise<History>;
  async fit(x: unknown, second?: unknown, third?: runs.FitArrayOptions): Promise<History> {
    const compiled = this.#compiledFor('fit');
    const { y, options } = readArguments<runs.FitArrayOptions>('fit', second, third);
    const given = resolveData('fit', x, y, options.sampleWeight);
    if (this.#isFitting) throw new CressetError('fit: the model is being trained already; await the first call');
    this.#isFitting = true;
    try {
      return await runs.fit(this, this.#steps, compiled, given, options);
    } finally {
      this.#isFitting = false;
    }
  }
  /** Loss and metrics by name, of data as `fit` takes them: `{ loss, accuracy }`. */
  evaluate(x: ArrayData, y: ArrayData, options?: runs.EvaluateArrayOptions): Promise<Logs>;
  evaluate(batches: BatchStream, options?: runs.EvaluateOptions): Promise<Logs>;
  async evaluate(x: unknown, second?: unknown, third?: runs.EvaluateArrayOptions): Promise<Logs> {
    const compiled = this.#compiledFor('evaluate');
    const { y, options } = readArguments<runs.EvaluateArrayOptions>('evaluate', second, third);
    return runs.evaluate(this, this.#steps, compiled, resolveData('evaluate', x, y, options.sampleWeight), options);
  }
  /** The model's outputs for all samples, batch by batch; targets that a stream gives are left aside. */
  async predict(x: ArrayData | BatchStream, options: runs.EvaluateOptions = {}): Promise<Tensor> {
    return runs.predict(this, this.#steps, resolveData('predict', x, undefined), options ?? {});
  }

  /** One step of training. @returns the running loss and metrics since `resetMetrics`, as in Keras */
  trainOnBatch(x: ArrayData, y: ArrayData, { sampleWeight, classWeight }: BatchOptions = {}): Logs {
    const compiled = this.#compiledFor('trainOnBatch');
    const batch = weighClasses(batchOf('trainOnBatch', x, y, sampleWeight), classWeight, 'trainOnBatch');
    if (!this.built) predictStep(this, batch); // makes the weights
    this.#steps.train(this.trainableWeights)(batch);
    return compiled.readLogs();
  }
  /** Loss and metrics of one batch. @returns the running ones since `resetMetrics`, as in Keras */
  testOnBatch(x: ArrayData, y: ArrayData, { sampleWeight }: Omit<BatchOptions, 'classWeight'> = {}): Logs {
    const compiled = this.#compiledFor('testOnBatch');
    const batch = batchOf('testOnBatch', x, y, sampleWeight);
    if (!this.built) predictStep(this, batch); // makes the weights
    this.#steps.test(batch);
    return compiled.readLogs();
  }
  /** The outputs for one batch. */
  predictOnBatch(x: ArrayData): Tensor {
    const batch = batchOf('predictOnBatch', x, undefined);
    if (!this.built) return predictStep(this, batch); // makes the weights
    return this.#steps.predict(batch);
  }

  /** Prints the layers with their shapes and numbers of weights as Keras does. */
  summary({ printFn = console.log, ...options }: SummaryOptions = {}): void {
    printFn(summarize(this, options));
  }

  /** Writes all weights as a safetensors file, whole or not at all; names such as `dense_1/kernel`. */
  async saveWeights(path: string | URL, options: { signal?: AbortSignal } = {}): Promise<void> {
    const weights = await import('./weights.js');
    await weights.saveWeights(this, path, options);
  }
  /**
   * Reads weights that `saveWeights` wrote; nothing is changed if a name or shape differs.
   * @throws CheckpointError that lists what does not fit
   */
  async loadWeights(path: string | URL, options: { signal?: AbortSignal } = {}): Promise<void> {
    const weights = await import('./weights.js');
    await weights.loadWeights(this, path, options);
  }
}

/** `(x, y, options)`, or `(batches, options)`. */
function readArguments<O extends object>(
  where: string,
  second: unknown,
  third: O | undefined,
): { y: unknown; options: O } {
  const isOptions =
    typeof second === 'object' && second !== null && Object.getPrototypeOf(second) === Object.prototype && !third;
  const options = (isOptions ? second : third) ?? {};
  if (typeof options !== 'object')
    throw new ArgumentTypeError(`${where}: options: expected an object, got ${typeof options}`);
  return { y: isOptions ? undefined : second, options: options as O };
}

function batchOf(where: string, x: ArrayData, y: ArrayData | undefined, sampleWeight?: ArrayData): Batch {
  const given: Given = resolveData(where, x, y, sampleWeight);
  if (!('data' in given)) throw new ArgumentTypeError(`${where}: x: expected a tensor or arrays of numbers`);
  return checkBatch(given.data, where);
}
