// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError } from '../../errors.js';
import { type AnyOptimizer, groupsOf, initialLr, LRScheduler } from './base.js';

function checkSchedulers(name: string, schedulers: readonly LRScheduler[], optimizer?: AnyOptimizer): void {
  if (!Array.isArray(schedulers) || !schedulers.length || !schedulers.every((s) => s instanceof LRScheduler)) {
    throw new ArgumentTypeError(`${name}: expected an array of learning rate schedules`);
  }
  if (schedulers.some((s) => s.optimizer !== (optimizer ?? (schedulers[0] as LRScheduler).optimizer))) {
    throw new ArgumentTypeError(`${name}: all schedules must have the same optimizer`);
  }
}

/** Several schedules at once: each acts on the rates the others leave. */
export class ChainedScheduler {
  constructor(readonly schedulers: readonly LRScheduler[]) {
    checkSchedulers('ChainedScheduler', schedulers);
  }
  /** On to the next rates. */
  step(): void {
    for (const scheduler of this.schedulers) scheduler.step();
  }
  /** The rates in use. */
  getLastLr(): number[] {
    return (this.schedulers[0] as LRScheduler).getLastLr();
  }
}

/** Schedules one after the other: the next one starts at each of the `milestones`. */
export class SequentialLR {
  lastEpoch = 0;
  readonly schedulers: readonly LRScheduler[];
  readonly milestones: readonly number[];

  constructor(
    readonly optimizer: AnyOptimizer,
    { schedulers, milestones }: { schedulers: readonly LRScheduler[]; milestones: readonly number[] },
  ) {
    checkSchedulers('SequentialLR', schedulers, optimizer);
    if (!Array.isArray(milestones) || milestones.length !== schedulers.length - 1) {
      throw new ArgumentRangeError(
        `SequentialLR: milestones: expected ${schedulers.length - 1} for ${schedulers.length} schedules, got ${milestones?.length}`,
      );
    }
    this.schedulers = schedulers;
    this.milestones = milestones;
    // Making the schedules has moved the rates: the first one starts from the beginning.
    for (const group of groupsOf(optimizer)) group.lr = initialLr(group);
    (schedulers[0] as LRScheduler).restart();
  }
  /** On to the next rates. */
  step(): void {
    this.lastEpoch++;
    const scheduler = this.schedulers[this.milestones.filter((m) => m <= this.lastEpoch).length] as LRScheduler;
    if (this.milestones.includes(this.lastEpoch)) scheduler.restart();
    else scheduler.step();
  }
  /** The rates in use. */
  getLastLr(): number[] {
    return groupsOf(this.optimizer).map(({ lr }) => lr);
  }
}
