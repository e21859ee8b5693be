// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../../errors.js';
import { checkNumber } from '../inputs.js';
import { Callback, type Logs } from './callback.js';
import { MonitorCallback, type MonitorOptions } from './monitor.js';

/** Sets the learning rate at the beginning of each epoch to `schedule(epoch, learningRate)`. */
export class LearningRateScheduler extends Callback {
  constructor(
    readonly schedule: (epoch: number, learningRate: number) => number,
    readonly options: { verbose?: 0 | 1 | undefined } = {},
  ) {
    super();
    if (typeof schedule !== 'function') {
      throw new ArgumentTypeError(`LearningRateScheduler: schedule: expected a function, got ${typeof schedule}`);
    }
  }
  onEpochBegin(epoch: number): void {
    const { optimizer } = this.model;
    const rate = this.schedule(epoch, optimizer.learningRate);
    checkNumber("LearningRateScheduler: the schedule's value", rate);
    optimizer.learningRate = rate;
    if (this.options?.verbose)
      console.log(`Epoch ${epoch + 1}: LearningRateScheduler sets the learning rate to ${rate}`);
  }
  onEpochEnd(_epoch: number, logs: Logs): void {
    logs.learningRate = this.model.optimizer.learningRate;
  }
}

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** The learning rate is multiplied by this. Default 0.1. */
  factor?: number | undefined;
  /** Epochs without a better value before that. Default 10. */
  patience?: number | undefined;
  /** Epochs to wait after it. Default 0. */
  cooldown?: number | undefined;
  /** Lowest learning rate. Default 0. */
  minLr?: number | undefined;
}

/** Lowers the learning rate when a value no longer gets better (by `minDelta`, default 1e-4). */
export class ReduceLROnPlateau extends MonitorCallback {
  readonly factor: number;
  readonly patience: number;
  readonly cooldown: number;
  readonly minLr: number;
  #wait = 0;
  #cooling = 0;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    super({ minDelta: 1e-4, ...options });
    const { factor = 0.1, patience = 10, cooldown = 0, minLr = 0 } = options;
    checkNumber('ReduceLROnPlateau: factor', factor, 0, 1 - Number.EPSILON);
    checkNumber('ReduceLROnPlateau: patience', patience, 0);
    checkNumber('ReduceLROnPlateau: cooldown', cooldown, 0);
    checkNumber('ReduceLROnPlateau: minLr', minLr, 0);
    this.factor = factor;
    this.patience = patience;
    this.cooldown = cooldown;
    this.minLr = minLr;
  }
  onTrainBegin(): void {
    this.best = undefined;
    this.#wait = 0;
    this.#cooling = 0;
  }
  onEpochEnd(epoch: number, logs: Logs): void {
    logs.learningRate = this.model.optimizer.learningRate;
    const current = this.watched(logs);
    if (current === undefined) return;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#wait = 0;
    }
    if (this.isBetter(current, this.best)) {
      this.best = current;
      this.#wait = 0;
    } else if (this.#cooling === 0 && ++this.#wait >= this.patience) {
      this.#reduce(epoch);
    }
  }
  #reduce(epoch: number): void {
    const { optimizer } = this.model;
    const rate = optimizer.learningRate;
    if (rate <= this.minLr) return;
    optimizer.learningRate = Math.max(rate * this.factor, this.minLr);
    this.tell(epoch, `ReduceLROnPlateau reduces the learning rate to ${optimizer.learningRate}`);
    this.#cooling = this.cooldown;
    this.#wait = 0;
  }
}
