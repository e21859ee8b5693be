// SPDX-License-Identifier: MIT
import type { Tensor } from '../../index.js';
import { divideNoNan, type TensorInput } from '../inputs.js';
import type { Variable } from '../variable.js';
import { type Counts, checkCount, count, thresholdList } from './confusion.js';
import { Metric, type MetricOptions } from './metric.js';

/** Options of the metrics that count true and false predictions. */
export interface ThresholdsOptions extends MetricOptions {
  /** Predictions above it are positive. With several, there are as many results. Default 0.5. */
  thresholds?: number | readonly number[] | undefined;
}

const single = (x: Tensor) => (x.numel() === 1 ? x.reshape([]) : x);

abstract class ConditionCount extends Metric {
  readonly #thresholds: readonly number[];
  readonly #count: Variable;
  readonly #pick: (counts: Counts) => Tensor;

  constructor(pick: (counts: Counts) => Tensor, { thresholds, ...options }: ThresholdsOptions = {}) {
    super(options);
    this.#thresholds = thresholdList(this.name, thresholds, 0.5);
    this.#count = this.addVariable('accumulator', [this.#thresholds.length]);
    this.#pick = pick;
  }
  updateState(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): void {
    this.#count.assignAdd(this.#pick(count(yTrue, yPred, this.#thresholds, { sampleWeight })));
  }
  result(): Tensor {
    return single(this.#count.value());
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), thresholds: [...this.#thresholds] };
  }
}
/** How many true labels are predicted. */
export class TruePositives extends ConditionCount {
  constructor(options?: ThresholdsOptions) {
    super((c) => c.truePositives, options);
  }
}
/** How many false labels are predicted. */
export class FalsePositives extends ConditionCount {
  constructor(options?: ThresholdsOptions) {
    super((c) => c.falsePositives, options);
  }
}
/** How many false labels are not predicted. */
export class TrueNegatives extends ConditionCount {
  constructor(options?: ThresholdsOptions) {
    super((c) => c.falseLabels.sub(c.falsePositives), options);
  }
}
/** How many true labels are not predicted. */
export class FalseNegatives extends ConditionCount {
  constructor(options?: ThresholdsOptions) {
    super((c) => c.trueLabels.sub(c.truePositives), options);
  }
}

/** Options of {@link Precision} and {@link Recall}. */
export interface PrecisionOptions extends ThresholdsOptions {
  /** The k largest predictions of a sample count as positive, in place of those above 0.5. */
  topK?: number | undefined;
  /** Only this class counts. */
  classId?: number | undefined;
}

abstract class Ratio extends Metric {
  readonly #options: PrecisionOptions;
  readonly #thresholds: readonly number[];
  readonly #hits: Variable;
  readonly #all: Variable;

  constructor({ name, ...options }: PrecisionOptions = {}) {
    super({ name });
    const { thresholds, topK, classId } = options;
    checkCount(`${this.name}: topK`, topK, 1);
    checkCount(`${this.name}: classId`, classId, 0);
    this.#options = options;
    this.#thresholds = thresholdList(this.name, thresholds, topK === undefined ? 0.5 : -1e10);
    this.#hits = this.addVariable('true_positives', [this.#thresholds.length]);
    this.#all = this.addVariable('all', [this.#thresholds.length]);
  }
  /** What the true positives are divided by. */
  protected abstract whole(counts: Counts): Tensor;

  updateState(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): void {
    const { topK, classId } = this.#options;
    const counts = count(yTrue, yPred, this.#thresholds, { sampleWeight, topK, classId });
    this.#hits.assignAdd(counts.truePositives);
    this.#all.assignAdd(this.whole(counts));
  }
  result(): Tensor {
    return single(divideNoNan(this.#hits, this.#all));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#options };
  }
}
/** The share of the predicted labels that are true. */
export class Precision extends Ratio {
  protected whole(counts: Counts): Tensor {
    return counts.truePositives.add(counts.falsePositives);
  }
}
/** The share of the true labels that are predicted. */
export class Recall extends Ratio {
  protected whole(counts: Counts): Tensor {
    return counts.trueLabels;
  }
}
