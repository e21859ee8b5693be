// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { mean, noGrad, type Tensor, tensor } from '../../index.js';
import { checkNumber, epsilon, type TensorInput, toTensor } from '../inputs.js';
import type { Variable } from '../variable.js';
import { Metric, type MetricOptions } from './metric.js';

/** Options of {@link F1Score}. */
export interface F1ScoreOptions extends MetricOptions {
  /**
   * `micro` counts over all classes, `macro` takes the mean of the classes' scores, `weighted` weighs them by their
   * number of samples. Default: one score for each class.
   */
  average?: 'micro' | 'macro' | 'weighted' | null | undefined;
  /** Predictions above it are positive. Default: the largest of each sample is. */
  threshold?: number | undefined;
}
/** Options of {@link FBetaScore}. */
export interface FBetaScoreOptions extends F1ScoreOptions {
  /** How much more recall weighs than precision. Default 1. */
  beta?: number | undefined;
}

/** (1 + β²) · precision · recall / (β² · precision + recall), for one-hot or multi-label targets `[batch, classes]`. */
export class FBetaScore extends Metric {
  readonly #options: FBetaScoreOptions;
  #state: Variable[] = [];

  constructor({ name, ...options }: FBetaScoreOptions = {}) {
    super({ name });
    const { average, beta = 1, threshold } = options;
    if (average && !['micro', 'macro', 'weighted'].includes(average)) {
      throw new ArgumentRangeError(
        `${this.name}: average: expected 'micro', 'macro', 'weighted' or undefined, got ${String(average)}`,
      );
    }
    checkNumber(`${this.name}: beta`, beta, Number.MIN_VALUE);
    if (threshold !== undefined) checkNumber(`${this.name}: threshold`, threshold, Number.MIN_VALUE, 1);
    this.#options = options;
  }

  updateState(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): void {
    noGrad(() => {
      const y = toTensor(yTrue, `${this.name}: yTrue`).to('float32');
      const x = toTensor(yPred, `${this.name}: yPred`).to('float32');
      if (x.ndim !== 2 || x.shape.join() !== y.shape.join()) {
        throw new ShapeError(`${this.name}: expected two of shape [batch, classes], got [${y.shape}] and [${x.shape}]`);
      }
      const weight = sampleWeight === undefined ? 1 : toTensor(sampleWeight, 'sampleWeight').to('float32').unsqueeze(1);
      const isMicro = this.#options.average === 'micro';
      const counts = this.#counts(y, this.#positive(x)).map((t) =>
        isMicro ? t.mul(weight).sum() : t.mul(weight).sum(0),
      );
      if (this.#state.length === 0) this.#build(isMicro ? [] : [x.size(1)]);
      for (const [i, sum] of counts.entries()) (this.#state[i] as Variable).assignAdd(sum);
    });
  }
  #build(shape: readonly number[]): void {
    const names = ['true_positives', 'false_positives', 'false_negatives', 'weights'];
    this.#state = names.map((name) => this.addVariable(name, shape));
  }
  #positive(x: Tensor): Tensor {
    const { threshold } = this.#options;
    const isPositive =
      threshold === undefined ? x.ge(x.amax({ dim: -1, keepdim: true })).logicalAnd(x.abs().gt(1e-9)) : x.gt(threshold);
    return isPositive.to('float32');
  }
  #counts(y: Tensor, positive: Tensor): Tensor[] {
    const not = (t: Tensor) => t.neg().add(1);
    return [positive.mul(y), positive.mul(not(y)), not(positive).mul(y), y];
  }

  result(): Tensor {
    const [tp, fp, fn, weights] = this.#state;
    if (!tp || !fp || !fn || !weights) return tensor(0, { dtype: 'float32' });
    const { average, beta = 1 } = this.#options;
    const precision = tp.div(tp.add(fp).add(epsilon));
    const recall = tp.div(tp.add(fn).add(epsilon));
    const score = precision
      .mul(recall)
      .div(
        precision
          .mul(beta * beta)
          .add(recall)
          .add(epsilon),
      )
      .mul(1 + beta * beta);
    if (!average) return score;
    return average === 'weighted' ? score.mul(weights.div(weights.sum().add(epsilon))).sum() : mean(score);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#options };
  }
}
/** The harmonic mean of precision and recall. */
export class F1Score extends FBetaScore {
  constructor({ name, average, threshold }: F1ScoreOptions = {}) {
    super({ name, average, threshold });
  }
}
