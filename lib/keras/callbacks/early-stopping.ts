// SPDX-License-Identifier: MIT
import type { Tensor } from '../../tensor.js';
import { checkNumber } from '../inputs.js';
import type { Logs } from './callback.js';
import { MonitorCallback, type MonitorOptions } from './monitor.js';

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without a better value before training stops. Default 0. */
  patience?: number | undefined;
  /** Training stops also if the value is never better than this. */
  baseline?: number | undefined;
  /** Go back to the weights of the best epoch? Default false. */
  restoreBestWeights?: boolean | undefined;
  /** Epochs before this one do not count. Default 0. */
  startFromEpoch?: number | undefined;
}

/** Stops training when a value no longer gets better. */
export class EarlyStopping extends MonitorCallback {
  readonly patience: number;
  readonly baseline: number | undefined;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  /** The epoch after which training stopped, from 0; 0 if it did not. */
  stoppedEpoch = 0;
  /** The epoch of the best value, from 0. */
  bestEpoch = 0;
  #wait = 0;
  #bestWeights: Tensor[] | undefined;

  constructor({
    patience = 0,
    baseline,
    restoreBestWeights = false,
    startFromEpoch = 0,
    ...options
  }: EarlyStoppingOptions = {}) {
    super(options);
    checkNumber('EarlyStopping: patience', patience, 0);
    checkNumber('EarlyStopping: startFromEpoch', startFromEpoch, 0);
    if (baseline !== undefined) checkNumber('EarlyStopping: baseline', baseline);
    this.patience = patience;
    this.baseline = baseline;
    this.restoreBestWeights = Boolean(restoreBestWeights);
    this.startFromEpoch = startFromEpoch;
  }

  onTrainBegin(): void {
    this.best = undefined;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.#wait = 0;
    this.#bestWeights = undefined;
  }
  onEpochEnd(epoch: number, logs: Logs): void {
    const current = this.watched(logs);
    if (current === undefined || epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && !this.#bestWeights) this.#keep(epoch);
    this.#wait++;
    if (this.isBetter(current, this.best)) {
      this.best = current;
      this.#keep(epoch);
      if (this.baseline === undefined || this.isBetter(current, this.baseline)) this.#wait = 0;
    } else if (this.#wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }
  #keep(epoch: number): void {
    this.bestEpoch = epoch;
    if (this.restoreBestWeights) this.#bestWeights = this.model.getWeights();
  }
  onTrainEnd(): void {
    if (this.stoppedEpoch > 0) this.tell(this.stoppedEpoch, 'early stopping');
    if (!this.#bestWeights) return;
    this.tell(this.bestEpoch, 'restoring the weights of this epoch, the best');
    this.model.setWeights(this.#bestWeights);
    this.#bestWeights = undefined;
  }
}
