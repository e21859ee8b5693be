// SPDX-License-Identifier: MIT
import { Callback, type Logs } from './callback.js';

/** What `fit` returns: loss and metrics of each epoch, `history.history.valLoss` for instance. */
export class History extends Callback {
  /** The epochs' numbers, from 0. */
  epoch: number[] = [];
  /** One list a name, one value an epoch. */
  history: Record<string, number[]> = {};

  onTrainBegin(): void {
    this.epoch = [];
    this.history = {};
  }
  onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}
