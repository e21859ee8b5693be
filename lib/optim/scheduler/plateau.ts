// SPDX-License-Identifier: MIT
import { ArgumentRangeError } from '../../errors.js';
import { type AnyOptimizer, groupsOf } from './base.js';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Is a lower (default) or a higher metric better? */
  mode?: 'min' | 'max';
  /** The rate's factor, below 1. Default 0.1. */
  factor?: number;
  /** Epochs without an improvement that are put up with. Default 10. */
  patience?: number;
  /** What counts as an improvement, relative (default) or absolute. Default 1e-4. */
  threshold?: number;
  thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction that do not count. Default 0. */
  cooldown?: number;
  /** Lower bound of the rate. Default 0. */
  minLr?: number;
  /** Smaller changes of the rate are left out. Default 1e-8. */
  eps?: number;
}

/** Lowers the rate when a metric has stopped improving. */
export class ReduceLROnPlateau {
  readonly options: Required<ReduceLROnPlateauOptions>;
  best: number;
  numBadEpochs = 0;
  cooldownCounter = 0;

  constructor(
    readonly optimizer: AnyOptimizer,
    options: ReduceLROnPlateauOptions = {},
  ) {
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4 } = options;
    const { thresholdMode = 'rel', cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    groupsOf(optimizer);
    if (!(factor < 1))
      throw new ArgumentRangeError(`ReduceLROnPlateau: factor: expected a number below 1, got ${factor}`);
    if (!['min', 'max'].includes(mode) || !['rel', 'abs'].includes(thresholdMode)) {
      throw new ArgumentRangeError(
        `ReduceLROnPlateau: expected mode 'min' or 'max' and thresholdMode 'rel' or 'abs', got '${mode}' and '${thresholdMode}'`,
      );
    }
    this.options = { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps };
    this.best = mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const sign = mode === 'min' ? -1 : 1;
    const bound = thresholdMode === 'rel' ? this.best * (1 + sign * threshold) : this.best + sign * threshold;
    return mode === 'min' ? metric < bound : metric > bound;
  }
  /** Takes the epoch's metric into account. */
  step(metric: number): void {
    const { patience, cooldown } = this.options;
    if (this.#isBetter(metric)) {
      this.best = metric;
      this.numBadEpochs = 0;
    } else {
      this.numBadEpochs++;
    }
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs <= patience) return;
    this.#reduce();
    this.cooldownCounter = cooldown;
    this.numBadEpochs = 0;
  }
  #reduce(): void {
    const { factor, minLr, eps } = this.options;
    for (const group of groupsOf(this.optimizer)) {
      const lr = Math.max(group.lr * factor, minLr);
      if (group.lr - lr > eps) group.lr = lr;
    }
  }
  /** The rates in use. */
  getLastLr(): number[] {
    return groupsOf(this.optimizer).map(({ lr }) => lr);
  }
}
