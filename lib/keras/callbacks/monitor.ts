// SPDX-License-Identifier: MIT
import { ArgumentRangeError } from '../../errors.js';
import { checkNumber } from '../inputs.js';
import { Callback, type Logs } from './callback.js';

/** Is less or more better? `auto` knows it of losses and of Keras' own metrics. */
export type MonitorMode = 'auto' | 'min' | 'max';

/** Options of callbacks that watch a value. */
export interface MonitorOptions {
  /** Name in the logs. Default `'valLoss'`. */
  monitor?: string | undefined;
  /** Default `'auto'`. */
  mode?: MonitorMode | undefined;
  /** A smaller change does not count as better. Default 0. */
  minDelta?: number | undefined;
  /** 1 prints what the callback does. Default 0. */
  verbose?: 0 | 1 | undefined;
}

/** Classes of metrics of which more is better, and of which less is. */
const upwards = /Accuracy$|^AUC$|^Precision|^Recall|Score$|^True|^CosineSimilarity$/;
const downwards = /Error$|Crossentropy$|Hinge$|^KLDivergence$|^Poisson$|^False/;

/** `valLoss` as `loss`. */
const ownName = (monitor: string) => monitor.replace(/^val([A-Z])/, (_, letter: string) => letter.toLowerCase());

/** Base of the callbacks that watch whether a value gets better. */
export abstract class MonitorCallback extends Callback {
  readonly monitor: string;
  readonly mode: MonitorMode;
  readonly minDelta: number;
  /** The best value so far. */
  best: number | undefined;
  protected readonly verbose: boolean;

  constructor({ monitor = 'valLoss', mode = 'auto', minDelta = 0, verbose = 0 }: MonitorOptions) {
    super();
    const name = new.target.name;
    if (!['auto', 'min', 'max'].includes(mode)) {
      throw new ArgumentRangeError(`${name}: mode: expected 'auto', 'min' or 'max', got ${String(mode)}`);
    }
    checkNumber(`${name}: minDelta`, minDelta);
    this.monitor = String(monitor);
    this.mode = mode;
    this.minDelta = Math.abs(minDelta);
    this.verbose = verbose > 0;
  }

  /** The watched value; a warning where the logs lack it. */
  protected watched(logs: Logs): number | undefined {
    const value = logs[this.monitor];
    if (value === undefined) {
      const names = Object.keys(logs).join(', ');
      process.emitWarning(`${this.constructor.name}: '${this.monitor}' is not in the logs, which have ${names}`);
    }
    return value;
  }
  /** Is `value` better than `reference`, by more than `minDelta`? Anything is better than nothing. */
  protected isBetter(value: number, reference: number | undefined): boolean {
    if (reference === undefined) return true;
    return this.#moreIsBetter() ? value - this.minDelta > reference : value + this.minDelta < reference;
  }
  #moreIsBetter(): boolean {
    if (this.mode !== 'auto') return this.mode === 'max';
    const name = ownName(this.monitor);
    if (name === 'loss') return false;
    const kind = this.model.metrics.find((metric) => metric.name === name)?.constructor.name ?? '';
    if (upwards.test(kind)) return true;
    if (downwards.test(kind)) return false;
    throw new ArgumentRangeError(
      `${this.constructor.name}: cannot tell whether less or more of '${this.monitor}' is better; pass mode: 'min' or 'max'`,
    );
  }
  protected tell(epoch: number, message: string): void {
    if (this.verbose) console.log(`Epoch ${epoch + 1}: ${message}`);
  }
}
