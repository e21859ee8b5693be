// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError } from '../../errors.js';
import { type AnyOptimizer, checkPositive, LRScheduler } from './base.js';

/** A factor for each epoch. */
export type LrLambda = (epoch: number) => number;

/** One function for each group. */
function lambdasFor(name: string, lambda: LrLambda | readonly LrLambda[], groups: number): LrLambda[] {
  const list = typeof lambda === 'function' ? Array<LrLambda>(groups).fill(lambda) : [...(lambda ?? [])];
  if (list.length !== groups || list.some((f) => typeof f !== 'function')) {
    throw new ArgumentTypeError(`${name}: expected a function, or one for each of ${groups} parameter groups`);
  }
  return list;
}

/** base · lambda(epoch). */
export class LambdaLR extends LRScheduler {
  readonly lambdas: LrLambda[];
  constructor(optimizer: AnyOptimizer, lambda: LrLambda | readonly LrLambda[]) {
    super(optimizer);
    this.lambdas = lambdasFor('LambdaLR', lambda, this.baseLrs.length);
    this.apply();
  }
  protected getLr(): number[] {
    return this.baseLrs.map((base, i) => base * (this.lambdas[i] as LrLambda)(this.lastEpoch));
  }
}

/** Times lambda(epoch), each step. */
export class MultiplicativeLR extends LRScheduler {
  readonly lambdas: LrLambda[];
  constructor(optimizer: AnyOptimizer, lambda: LrLambda | readonly LrLambda[]) {
    super(optimizer);
    this.lambdas = lambdasFor('MultiplicativeLR', lambda, this.baseLrs.length);
    this.apply();
  }
  protected getLr(): number[] {
    const lrs = this.map((lr) => lr);
    return this.lastEpoch > 0 ? lrs.map((lr, i) => lr * (this.lambdas[i] as LrLambda)(this.lastEpoch)) : lrs;
  }
}

/** Times `gamma`, each `stepSize` epochs. */
export class StepLR extends LRScheduler {
  readonly stepSize: number;
  readonly gamma: number;
  constructor(optimizer: AnyOptimizer, { stepSize, gamma = 0.1 }: { stepSize: number; gamma?: number }) {
    super(optimizer);
    checkPositive('StepLR', 'stepSize', stepSize);
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.apply();
  }
  protected getLr(): number[] {
    const falls = this.lastEpoch > 0 && this.lastEpoch % this.stepSize === 0;
    return this.map((lr) => (falls ? lr * this.gamma : lr));
  }
}

/** Times `gamma` at each of the `milestones`. */
export class MultiStepLR extends LRScheduler {
  readonly milestones: readonly number[];
  readonly gamma: number;
  constructor(optimizer: AnyOptimizer, { milestones, gamma = 0.1 }: { milestones: readonly number[]; gamma?: number }) {
    super(optimizer);
    if (!Array.isArray(milestones)) throw new ArgumentTypeError('MultiStepLR: milestones: expected an array of epochs');
    this.milestones = milestones;
    this.gamma = gamma;
    this.apply();
  }
  protected getLr(): number[] {
    const count = this.milestones.filter((epoch) => epoch === this.lastEpoch).length;
    return this.map((lr) => lr * this.gamma ** count);
  }
}

/** Times `factor` for the first `totalIters` epochs. */
export class ConstantLR extends LRScheduler {
  readonly factor: number;
  readonly totalIters: number;
  constructor(
    optimizer: AnyOptimizer,
    { factor = 1 / 3, totalIters = 5 }: { factor?: number; totalIters?: number } = {},
  ) {
    super(optimizer);
    if (!(factor > 0 && factor <= 1)) {
      throw new ArgumentRangeError(`ConstantLR: factor: expected a number in (0, 1], got ${factor}`);
    }
    this.factor = factor;
    this.totalIters = totalIters;
    this.apply();
  }
  protected getLr(): number[] {
    if (this.lastEpoch === 0) return this.map((lr) => lr * this.factor);
    return this.map((lr) => (this.lastEpoch === this.totalIters ? lr / this.factor : lr));
  }
}

/** Options of {@link LinearLR}. */
export interface LinearLROptions {
  /** Factor at the start, in (0, 1]. Default 1/3. */
  startFactor?: number;
  /** Factor at the end, in [0, 1]. Default 1. */
  endFactor?: number;
  /** Epochs from one to the other. Default 5. */
  totalIters?: number;
}
/** The factor goes from `startFactor` to `endFactor` in equal steps. */
export class LinearLR extends LRScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;
  constructor(optimizer: AnyOptimizer, { startFactor = 1 / 3, endFactor = 1, totalIters = 5 }: LinearLROptions = {}) {
    super(optimizer);
    if (!(startFactor > 0 && startFactor <= 1 && endFactor >= 0 && endFactor <= 1)) {
      throw new ArgumentRangeError(
        `LinearLR: expected factors in (0, 1] and [0, 1], got ${startFactor} and ${endFactor}`,
      );
    }
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.apply();
  }
  protected getLr(): number[] {
    const { lastEpoch, startFactor, endFactor, totalIters } = this;
    if (lastEpoch === 0) return this.map((lr) => lr * startFactor);
    if (lastEpoch > totalIters) return this.map((lr) => lr);
    const rise = endFactor - startFactor;
    return this.map((lr) => lr * (1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise)));
  }
}

/** Times `gamma`, each epoch. */
export class ExponentialLR extends LRScheduler {
  readonly gamma: number;
  constructor(optimizer: AnyOptimizer, { gamma }: { gamma: number }) {
    super(optimizer);
    checkPositive('ExponentialLR', 'gamma', gamma);
    this.gamma = gamma;
    this.apply();
  }
  protected getLr(): number[] {
    return this.map((lr) => (this.lastEpoch === 0 ? lr : lr * this.gamma));
  }
}

/** base · (1 - epoch / totalIters)^power, then 0. */
export class PolynomialLR extends LRScheduler {
  readonly totalIters: number;
  readonly power: number;
  constructor(optimizer: AnyOptimizer, { totalIters = 5, power = 1 }: { totalIters?: number; power?: number } = {}) {
    super(optimizer);
    checkPositive('PolynomialLR', 'totalIters', totalIters);
    this.totalIters = totalIters;
    this.power = power;
    this.apply();
  }
  protected getLr(): number[] {
    const { lastEpoch, totalIters, power } = this;
    if (lastEpoch === 0 || lastEpoch > totalIters) return this.map((lr) => lr);
    const factor = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power;
    return this.map((lr) => lr * factor);
  }
}
