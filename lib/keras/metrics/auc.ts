// SPDX-License-Identifier: MIT
import { noGrad, type Tensor, tensor, where } from '../../index.js';
import { divideNoNan, epsilon, lookUp, type TensorInput, toTensor } from '../inputs.js';
import type { Variable } from '../variable.js';
import { checkCount, count, thresholdList } from './confusion.js';
import { Metric, type MetricOptions } from './metric.js';

/** True and false positives and all labels, for each threshold. */
interface Curve {
  tp: Tensor;
  fp: Tensor;
  trues: Tensor;
  falses: Tensor;
}

const curves = {
  /** Recall over the rate of false positives. */
  ROC: ({ tp, fp, trues, falses }: Curve) => ({ x: divideNoNan(fp, falses), y: divideNoNan(tp, trues) }),
  /** Precision over recall. */
  PR: ({ tp, fp, trues }: Curve) => ({ x: divideNoNan(tp, trues), y: divideNoNan(tp, tp.add(fp)) }),
};
const heights = {
  interpolation: (a: Tensor, b: Tensor) => a.add(b).div(2),
  minoring: (a: Tensor, b: Tensor) => a.minimum(b),
  majoring: (a: Tensor, b: Tensor) => a.maximum(b),
};

/** All but the last, and all but the first, along axis 0. */
const neighbours = (x: Tensor) => [x.narrow(0, 0, x.size(0) - 1), x.narrow(0, 1, x.size(0) - 1)] as const;

/** The area under the precision-recall curve, interpolated as Davis & Goadrich 2006 say. */
function interpolatedPrecision({ tp, fp, trues }: Curve): Tensor {
  const [[tp0, tp1], [p0, p1]] = [neighbours(tp), neighbours(tp.add(fp))];
  const gained = tp0.sub(tp1);
  const slope = divideNoNan(gained, p0.sub(p1).maximum(0));
  const intercept = tp1.sub(slope.mul(p1));
  const ratio = where(p0.gt(0).logicalAnd(p1.gt(0)), divideNoNan(p0, p1), 1);
  return divideNoNan(slope.mul(gained.add(intercept.mul(ratio.log()))), neighbours(trues)[1].maximum(0));
}

/** Options of {@link AUC}. */
export interface AUCOptions extends MetricOptions {
  /** How many thresholds, evenly spaced. Default 200. */
  numThresholds?: number | undefined;
  /** Thresholds of one's own, in (0, 1); 0 and 1 are added. */
  thresholds?: readonly number[] | undefined;
  /** Default 'ROC'. */
  curve?: keyof typeof curves | undefined;
  /** How the area between two points is taken. Default 'interpolation'. */
  summationMethod?: keyof typeof heights | undefined;
  /** Take the mean of the labels' (columns') areas rather than one area over all. Default false. */
  multiLabel?: boolean | undefined;
  /** A factor for each label. */
  labelWeights?: readonly number[] | undefined;
  /** Are predictions logits, to go through a sigmoid? Default false. */
  fromLogits?: boolean | undefined;
}

/** The area under a curve over thresholds, ROC or precision-recall, by a Riemann sum. */
export class AUC extends Metric {
  readonly #options: AUCOptions;
  readonly #thresholds: readonly number[];
  readonly #labelWeights: Tensor | undefined;
  #state: Variable[] = [];

  constructor({ name, ...options }: AUCOptions = {}) {
    super({ name });
    const { numThresholds = 200, thresholds, curve = 'ROC', summationMethod = 'interpolation', labelWeights } = options;
    checkCount(`${this.name}: numThresholds`, numThresholds, 2, 1e6);
    lookUp(`${this.name}: curve`, curves, curve);
    lookUp(`${this.name}: summationMethod`, heights, summationMethod);
    const even = Array.from({ length: numThresholds - 2 }, (_, i) => (i + 1) / (numThresholds - 1));
    const inner = thresholds ? thresholdList(this.name, thresholds, 0.5).sort((a, b) => a - b) : even;
    this.#options = { ...options, curve, summationMethod };
    this.#thresholds = [-epsilon, ...inner, 1 + epsilon];
    this.#labelWeights = labelWeights && tensor(labelWeights as number[], { dtype: 'float32' });
    if (!options.multiLabel) this.#build([this.#thresholds.length]);
  }
  #build(shape: number[]): void {
    const names = ['true_positives', 'false_positives', 'true_labels', 'false_labels'];
    this.#state = names.map((key) => this.addVariable(key, shape));
  }

  updateState(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): void {
    const { multiLabel = false, fromLogits } = this.#options;
    noGrad(() => {
      const given = toTensor(yPred, `${this.name}: yPred`);
      const labelWeights = multiLabel ? undefined : this.#labelWeights;
      const options = { sampleWeight, multiLabel, labelWeights };
      const counts = count(yTrue, fromLogits ? given.sigmoid() : given, this.#thresholds, options);
      const { truePositives, falsePositives, trueLabels, falseLabels } = counts;
      if (this.#state.length === 0) this.#build([...truePositives.shape]);
      for (const [i, x] of [truePositives, falsePositives, trueLabels, falseLabels].entries()) {
        (this.#state[i] as Variable).assignAdd(x);
      }
    });
  }
  result(): Tensor {
    const [tp, fp, trues, falses] = this.#state;
    if (!tp || !fp || !trues || !falses) return tensor(0, { dtype: 'float32' });
    const areas = this.#areas({ tp, fp, trues, falses }).sum(0);
    if (!this.#options.multiLabel) return areas;
    const weights = this.#labelWeights;
    return weights ? divideNoNan(areas.mul(weights).sum(), weights.sum()) : areas.sum().div(areas.numel());
  }
  #areas(state: Curve): Tensor {
    const { curve = 'ROC', summationMethod = 'interpolation' } = this.#options;
    if (curve === 'PR' && summationMethod === 'interpolation') return interpolatedPrecision(state);
    const { x, y } = curves[curve](state);
    const [x0, x1] = neighbours(x);
    return x0.sub(x1).mul(heights[summationMethod](...neighbours(y)));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#options };
  }
}
