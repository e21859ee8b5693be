// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError } from '../../errors.js';
import { clampMax, type Tensor, tensor, where } from '../../index.js';
import { checkNumber, type TensorInput, toTensor } from '../inputs.js';

/** A learning rate that depends on the number of steps taken. */
export abstract class LearningRateSchedule {
  /** The rate after `step` steps; float64, computed with tensor ops so that the count may stay in a tensor. */
  abstract call(step: TensorInput): Tensor;
  /** The options that make an equal schedule. */
  abstract getConfig(): Record<string, unknown>;
}

const toStep = (step: TensorInput) => toTensor(step, 'step').to('float64');
const constant = (value: number) => tensor(value, { dtype: 'float64' });

/** Options of {@link ExponentialDecay} and {@link InverseTimeDecay}. */
export interface DecayOptions {
  initialLearningRate: number;
  /** Steps for one power, or one unit of the denominator. */
  decaySteps: number;
  decayRate: number;
  /** Only at whole multiples of `decaySteps`. Default false. */
  staircase?: boolean | undefined;
}

abstract class Decay<O extends { initialLearningRate: number }> extends LearningRateSchedule {
  protected readonly options: O;
  constructor(options: O, steps: 'decaySteps' | 'firstDecaySteps' = 'decaySteps') {
    super();
    const name = new.target.name;
    if (typeof options !== 'object' || options === null) {
      throw new ArgumentTypeError(`${name}: expected an object of options, got ${typeof options}`);
    }
    checkNumber(`${name}: initialLearningRate`, options.initialLearningRate);
    checkNumber(`${name}: ${steps}`, (options as Record<string, unknown>)[steps], Number.MIN_VALUE);
    this.options = { ...options };
  }
  getConfig(): Record<string, unknown> {
    return { ...this.options };
  }
}

abstract class RateDecay extends Decay<DecayOptions> {
  constructor(options: DecayOptions) {
    super(options);
    checkNumber(`${new.target.name}: decayRate`, options.decayRate);
  }
  protected progress(step: TensorInput): Tensor {
    const progress = toStep(step).div(this.options.decaySteps);
    return this.options.staircase ? progress.floor() : progress;
  }
}
/** initialLearningRate · decayRate^(step / decaySteps). */
export class ExponentialDecay extends RateDecay {
  call(step: TensorInput): Tensor {
    const { initialLearningRate, decayRate } = this.options;
    return constant(decayRate).pow(this.progress(step)).mul(initialLearningRate);
  }
}
/** initialLearningRate / (1 + decayRate · step / decaySteps). */
export class InverseTimeDecay extends RateDecay {
  call(step: TensorInput): Tensor {
    const { initialLearningRate, decayRate } = this.options;
    return constant(initialLearningRate).div(this.progress(step).mul(decayRate).add(1));
  }
}

/** Options of {@link PiecewiseConstantDecay}. */
export interface PiecewiseOptions {
  /** Steps up to which, inclusively, the values hold; ascending. */
  boundaries: readonly number[];
  /** One value more than boundaries. */
  values: readonly number[];
}
/** values[i] up to boundaries[i], the last value beyond. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  readonly #options: PiecewiseOptions;
  constructor({ boundaries, values }: PiecewiseOptions) {
    super();
    if (!Array.isArray(boundaries) || !Array.isArray(values) || values.length !== boundaries.length + 1) {
      throw new ArgumentRangeError('PiecewiseConstantDecay: values: expected one more than there are boundaries');
    }
    for (const value of [...boundaries, ...values]) checkNumber('PiecewiseConstantDecay', value);
    this.#options = { boundaries: [...boundaries], values: [...values] };
  }
  call(step: TensorInput): Tensor {
    const { boundaries, values } = this.#options;
    const at = toStep(step);
    return boundaries.reduceRight<Tensor>(
      (later, boundary, i) => where(at.le(boundary), constant(values[i] as number), later),
      constant(values.at(-1) as number),
    );
  }
  getConfig(): Record<string, unknown> {
    return { ...this.#options };
  }
}

/** Options of {@link PolynomialDecay}. */
export interface PolynomialOptions {
  initialLearningRate: number;
  decaySteps: number;
  /** Default 0.0001. */
  endLearningRate?: number | undefined;
  /** Default 1: linear. */
  power?: number | undefined;
  /** Start again, over twice, three times … as many steps, each time the end is reached. Default false. */
  cycle?: boolean | undefined;
}
/** (initialLearningRate - end) · (1 - step / decaySteps)^power + end. */
export class PolynomialDecay extends Decay<PolynomialOptions> {
  call(step: TensorInput): Tensor {
    const { initialLearningRate, decaySteps, endLearningRate = 1e-4, power = 1, cycle = false } = this.options;
    const at = toStep(step);
    const rounds = at.div(decaySteps).ceil().maximum(1);
    const progress = cycle ? at.div(rounds.mul(decaySteps)) : clampMax(at, decaySteps).div(decaySteps);
    return progress
      .neg()
      .add(1)
      .pow(power)
      .mul(initialLearningRate - endLearningRate)
      .add(endLearningRate);
  }
}

/** (1 + cos(π · progress)) / 2, ending at `alpha`. */
function cosine(progress: Tensor, alpha: number, scale: Tensor | number = 1): Tensor {
  return progress
    .mul(Math.PI)
    .cos()
    .add(1)
    .mul(scale)
    .mul(0.5 * (1 - alpha))
    .add(alpha);
}
/** Options of {@link CosineDecay}. */
export interface CosineOptions {
  initialLearningRate: number;
  decaySteps: number;
  /** The last rate as a share of the first. Default 0. */
  alpha?: number | undefined;
  /** Rise to this rate first. Default: no warm-up. */
  warmupTarget?: number | undefined;
  /** Steps of the rise. Default 0. */
  warmupSteps?: number | undefined;
}
/** Half a cosine down to alpha · initialLearningRate (Loshchilov & Hutter 2017), after a linear warm-up if asked for. */
export class CosineDecay extends Decay<CosineOptions> {
  call(step: TensorInput): Tensor {
    const { initialLearningRate, decaySteps, alpha = 0, warmupTarget, warmupSteps = 0 } = this.options;
    const at = toStep(step);
    if (warmupTarget === undefined) {
      return cosine(clampMax(at, decaySteps).div(decaySteps), alpha).mul(initialLearningRate);
    }
    const decayed = cosine(clampMax(at.sub(warmupSteps), decaySteps).div(decaySteps), alpha).mul(warmupTarget);
    if (warmupSteps === 0) return decayed;
    const rising = at
      .div(warmupSteps)
      .mul(warmupTarget - initialLearningRate)
      .add(initialLearningRate);
    return where(at.lt(warmupSteps), rising, decayed);
  }
}
/** Options of {@link CosineDecayRestarts}. */
export interface RestartOptions {
  initialLearningRate: number;
  /** Steps of the first period. */
  firstDecaySteps: number;
  /** How much longer each period is than the one before. Default 2. */
  tMul?: number | undefined;
  /** How much lower each period starts. Default 1. */
  mMul?: number | undefined;
  /** The last rate as a share of the first. Default 0. */
  alpha?: number | undefined;
}
/** Cosine decay with warm restarts (Loshchilov & Hutter 2017). */
export class CosineDecayRestarts extends Decay<RestartOptions> {
  constructor(options: RestartOptions) {
    super(options, 'firstDecaySteps');
  }
  call(step: TensorInput): Tensor {
    const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 } = this.options;
    const done = toStep(step).div(firstDecaySteps);
    const restarts =
      tMul === 1
        ? done.floor()
        : done
            .mul(tMul - 1)
            .add(1)
            .log()
            .div(Math.log(tMul))
            .floor();
    const length = constant(tMul).pow(restarts);
    const begun = tMul === 1 ? restarts : length.sub(1).div(tMul - 1);
    return cosine(done.sub(begun).div(length), alpha, constant(mMul).pow(restarts)).mul(initialLearningRate);
  }
}
