// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../errors.js';
import { unrecorded } from '../recording.js';
import type { Tensor } from '../tensor.js';
import type { Logs } from './callbacks/callback.js';
import * as losses from './losses/index.js';
import * as metrics from './metrics/index.js';
import * as optimizers from './optimizers/index.js';

/** A loss's name, the object, or a function of targets and predictions. */
export type LossLike = Parameters<typeof losses.get>[0];
/** A metric's name, the object, or a function of targets and predictions. */
export type MetricLike = Parameters<typeof metrics.get>[0];
/** An optimizer's name, or the object. */
export type OptimizerLike = Parameters<typeof optimizers.get>[0];

/** What a model is trained with. */
export interface CompileOptions {
  /** Default `'rmsprop'`, as in Keras. */
  optimizer?: OptimizerLike | undefined;
  loss: LossLike;
  /** Default: none. */
  metrics?: readonly MetricLike[] | undefined;
  /** Runs the layers' code at every step, so that it may read values; slower. Default false: it is compiled. */
  runEagerly?: boolean | undefined;
}

/** @internal Optimizer, loss and metrics of a compiled model. */
export class Compiled {
  readonly optimizer: optimizers.Optimizer;
  readonly loss: losses.Loss;
  /** The mean of the batches' losses, weighted by their size. */
  readonly lossTracker = new metrics.Mean({ name: 'loss' });
  readonly runEagerly: boolean;
  readonly #asked: readonly MetricLike[];
  #metrics: metrics.Metric[] | undefined;

  constructor({ optimizer = 'rmsprop', loss, metrics: asked = [], runEagerly = false }: CompileOptions) {
    if (!Array.isArray(asked)) throw new ArgumentTypeError(`compile: metrics: expected an array, got ${typeof asked}`);
    this.optimizer = optimizers.get(optimizer);
    this.loss = losses.get(loss);
    this.#asked = asked;
    this.runEagerly = runEagerly;
    // 'accuracy' is told by the shapes; everything else can be held against the names now.
    for (const metric of asked) metrics.get(metric);
  }

  /** Takes in a batch's loss and predictions. */
  update(loss: Tensor, y: Tensor, yPred: Tensor): void {
    const shapes = { targetShape: y.shape, outputShape: yPred.shape };
    this.#metrics ??= unrecorded(() => this.#asked.map((metric) => metrics.get(metric, shapes)));
    this.lossTracker.updateState(loss, yPred.size(0));
    for (const metric of this.#metrics) metric.updateState(y, yPred);
  }
  /** The loss, and the metrics once a batch has told their form. */
  get trackers(): metrics.Metric[] {
    return [this.lossTracker, ...(this.#metrics ?? [])];
  }
  reset(): void {
    for (const tracker of this.trackers) tracker.resetState();
  }
  /** Loss and metrics so far, in the order of their names as in Keras; each is read when it is asked for. */
  liveLogs(): Logs {
    const logs: Logs = {};
    for (const tracker of this.trackers.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      Object.defineProperty(logs, tracker.name, { get: () => read(tracker), enumerable: true, configurable: true });
    }
    return logs;
  }
  /** Loss and metrics so far, as values. */
  readLogs(): Logs {
    return { ...this.liveLogs() };
  }
}

function read(tracker: metrics.Metric): number {
  const result = tracker.result();
  return result.ndim === 0 ? result.item() : (result.tolist() as unknown as number);
}
