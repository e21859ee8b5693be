// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError } from '../../errors.js';
import { Optimizer } from '../optimizer.js';

/** Any optimizer. */
// biome-ignore lint/suspicious/noExplicitAny: a schedule only needs the learning rates
export type AnyOptimizer = Optimizer<any>;
type Group = { lr: number; momentum?: number; betas?: readonly [number, number] };

/** The rates before any schedule, shared by all schedules of an optimizer. */
const initialLrs = new WeakMap<object, number>();

/** @internal */
export function groupsOf(optimizer: AnyOptimizer): Group[] {
  if (!(optimizer instanceof Optimizer)) throw new ArgumentTypeError('lrScheduler: expected an Optimizer');
  return optimizer.paramGroups;
}
/** @internal The rate of a group before any schedule. */
export function initialLr(group: Group): number {
  const known = initialLrs.get(group) ?? group.lr;
  initialLrs.set(group, known);
  return known;
}
/** @internal Replaces it. */
export function setInitialLr(group: Group, lr: number): void {
  initialLrs.set(group, lr);
}
/** @internal What a schedule moves against the rate: SGD's momentum, or the first of Adam's betas. */
export function setMomentum(group: Group, value: number): void {
  if (group.betas) group.betas = [value, group.betas[1]];
  else group.momentum = value;
}
/** @internal */
export function checkPositive(name: string, option: string, value: unknown): void {
  if (typeof value === 'number' && value > 0) return;
  throw new ArgumentRangeError(`${name}: ${option}: expected a number above 0, got ${String(value)}`);
}

/**
 * Base of the learning rate schedules: `step()` once an epoch (or batch), after the optimizer's step. Most compute
 * the next rate from the present one, so that several act on one optimizer together. Formulas are PyTorch's.
 */
export abstract class LRScheduler {
  /** Steps taken so far. */
  lastEpoch = 0;
  /** Rates of the groups before any schedule. */
  readonly baseLrs: number[];

  constructor(readonly optimizer: AnyOptimizer) {
    this.baseLrs = groupsOf(optimizer).map(initialLr);
  }
  /** Rates of the groups for `lastEpoch`, given that the groups have those of the step before. */
  protected abstract getLr(): number[];

  /** @internal */
  protected apply(): void {
    const lrs = this.getLr();
    groupsOf(this.optimizer).forEach((group, i) => {
      group.lr = lrs[i] as number;
    });
  }
  /** @internal `rate` of every group's present and first rate. */
  protected map(rate: (lr: number, base: number) => number): number[] {
    return groupsOf(this.optimizer).map((group, i) => rate(group.lr, this.baseLrs[i] as number));
  }
  /** On to the next rates. */
  step(): void {
    this.lastEpoch++;
    this.apply();
  }
  /** Back to the first rates, as if just made. */
  restart(): void {
    groupsOf(this.optimizer).forEach((group, i) => {
      group.lr = this.baseLrs[i] as number;
    });
    this.lastEpoch = 0;
    this.apply();
  }
  /** The rates in use. */
  getLastLr(): number[] {
    return groupsOf(this.optimizer).map(({ lr }) => lr);
  }
  /** The position; rates themselves are in the optimizer's own state. */
  stateDict(): { lastEpoch: number } {
    return { lastEpoch: this.lastEpoch };
  }
  loadStateDict({ lastEpoch }: { lastEpoch: number }): void {
    if (!Number.isSafeInteger(lastEpoch) || lastEpoch < 0) {
      throw new ArgumentRangeError(`loadStateDict: lastEpoch: expected an integer of at least 0, got ${lastEpoch}`);
    }
    this.lastEpoch = lastEpoch;
  }
}
