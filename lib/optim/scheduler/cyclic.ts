// SPDX-License-Identifier: MIT
import { ArgumentRangeError } from '../../errors.js';
import { type AnyOptimizer, checkPositive, groupsOf, LRScheduler, setInitialLr, setMomentum } from './base.js';

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions {
  /** Lower and upper rate. */
  baseLr: number;
  maxLr: number;
  /** Steps from the lower to the upper rate, default 2000, and back, default the same. */
  stepSizeUp?: number;
  stepSizeDown?: number;
  /** The height stays, halves each cycle, or falls by gamma each step. Default 'triangular'. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  gamma?: number;
  /** Move the momentum from maxMomentum (0.9) to baseMomentum (0.8) and back. Default true. */
  cycleMomentum?: boolean;
  baseMomentum?: number;
  maxMomentum?: number;
}

/** Up and down between two rates (Smith 2017); `step()` once a batch. */
export class CyclicLR extends LRScheduler {
  readonly options: Required<CyclicLROptions>;
  constructor(optimizer: AnyOptimizer, options: CyclicLROptions) {
    super(optimizer);
    const {
      stepSizeUp = 2000,
      stepSizeDown = stepSizeUp,
      mode = 'triangular',
      gamma = 1,
      cycleMomentum = true,
    } = options;
    const { baseLr, maxLr, baseMomentum = 0.8, maxMomentum = 0.9 } = options;
    checkPositive('CyclicLR', 'stepSizeUp', stepSizeUp);
    checkPositive('CyclicLR', 'stepSizeDown', stepSizeDown);
    if (!['triangular', 'triangular2', 'exp_range'].includes(mode)) {
      throw new ArgumentRangeError(`CyclicLR: mode: expected triangular, triangular2 or exp_range, got ${mode}`);
    }
    this.options = { baseLr, maxLr, stepSizeUp, stepSizeDown, mode, gamma, cycleMomentum, baseMomentum, maxMomentum };
    for (const group of groupsOf(optimizer)) setInitialLr(group, baseLr);
    this.baseLrs.fill(baseLr);
    this.apply();
  }
  protected getLr(): number[] {
    const { baseLr, maxLr, stepSizeUp, stepSizeDown, mode, gamma, cycleMomentum, baseMomentum, maxMomentum } =
      this.options;
    const total = stepSizeUp + stepSizeDown;
    const cycle = Math.floor(1 + this.lastEpoch / total);
    const x = 1 + this.lastEpoch / total - cycle;
    const ratio = stepSizeUp / total;
    const height = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
    const scale = { triangular: 1, triangular2: 1 / 2 ** (cycle - 1), exp_range: gamma ** this.lastEpoch }[mode];
    if (cycleMomentum) {
      const momentum = maxMomentum - (maxMomentum - baseMomentum) * height * scale;
      for (const group of groupsOf(this.optimizer)) setMomentum(group, momentum);
    }
    return this.map(() => baseLr + (maxLr - baseLr) * height * scale);
  }
}

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions {
  /** The highest rate. */
  maxLr: number;
  /** Steps of the whole cycle; or `epochs` and `stepsPerEpoch`. */
  totalSteps?: number;
  epochs?: number;
  stepsPerEpoch?: number;
  /** Share of the steps spent rising. Default 0.3. */
  pctStart?: number;
  /** Default 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** Move the momentum from maxMomentum (0.95) to baseMomentum (0.85) and back. Default true. */
  cycleMomentum?: boolean;
  baseMomentum?: number;
  maxMomentum?: number;
  /** maxLr over the first rate, default 25, and the first over the last one, default 10⁴. */
  divFactor?: number;
  finalDivFactor?: number;
  /** Fall as steeply as it rose, then to the last rate. Default false. */
  threePhase?: boolean;
}

interface Phase {
  end: number;
  lr: [from: number, to: number];
  momentum: [from: number, to: number];
}

/** One rise and one fall over the whole training (Smith & Topin 2018); `step()` once a batch. */
export class OneCycleLR extends LRScheduler {
  readonly totalSteps: number;
  readonly #phases: Phase[];
  readonly #cosine: boolean;
  readonly #cycleMomentum: boolean;

  constructor(optimizer: AnyOptimizer, options: OneCycleLROptions) {
    super(optimizer);
    const { maxLr, epochs = 0, stepsPerEpoch = 0, totalSteps = epochs * stepsPerEpoch } = options;
    const { pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4, annealStrategy = 'cos' } = options;
    checkPositive('OneCycleLR', 'totalSteps (or epochs and stepsPerEpoch)', totalSteps);
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new ArgumentRangeError(`OneCycleLR: pctStart: expected a number in [0, 1], got ${pctStart}`);
    }
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear') {
      throw new ArgumentRangeError(`OneCycleLR: annealStrategy: expected 'cos' or 'linear', got ${annealStrategy}`);
    }
    this.totalSteps = totalSteps;
    this.#cosine = annealStrategy === 'cos';
    this.#cycleMomentum = options.cycleMomentum ?? true;
    const first = maxLr / divFactor;
    this.#phases = phases(options, { first, last: first / finalDivFactor, rising: pctStart * totalSteps, totalSteps });
    for (const group of groupsOf(optimizer)) setInitialLr(group, first);
    this.baseLrs.fill(first);
    this.apply();
  }

  /** @throws RangeError beyond the cycle's end */
  override step(): void {
    if (this.lastEpoch >= this.totalSteps) {
      throw new ArgumentRangeError(`OneCycleLR: the cycle has ${this.totalSteps} steps, all are taken`);
    }
    super.step();
  }
  protected getLr(): number[] {
    const step = this.lastEpoch;
    const at = this.#phases.findIndex((phase, i) => step <= phase.end || i === this.#phases.length - 1);
    const phase = this.#phases[at] as Phase;
    const start = this.#phases[at - 1]?.end ?? 0;
    const share = (step - start) / (phase.end - start);
    const between = ([from, to]: [number, number]) =>
      this.#cosine ? to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share)) : from + (to - from) * share;
    if (this.#cycleMomentum) {
      for (const group of groupsOf(this.optimizer)) setMomentum(group, between(phase.momentum));
    }
    return this.map(() => between(phase.lr));
  }
}

function phases(
  { maxLr, baseMomentum = 0.85, maxMomentum = 0.95, threePhase = false }: OneCycleLROptions,
  { first, last, rising, totalSteps }: { first: number; last: number; rising: number; totalSteps: number },
): Phase[] {
  const up: Phase = { end: rising - 1, lr: [first, maxLr], momentum: [maxMomentum, baseMomentum] };
  const end = totalSteps - 1;
  if (!threePhase) return [up, { end, lr: [maxLr, last], momentum: [baseMomentum, maxMomentum] }];
  return [
    up,
    { end: 2 * rising - 2, lr: [maxLr, first], momentum: [baseMomentum, maxMomentum] },
    { end, lr: [first, last], momentum: [maxMomentum, maxMomentum] },
  ];
}
