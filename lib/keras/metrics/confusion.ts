// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../../errors.js';
import { noGrad, type Tensor, tensor, where, zeros } from '../../index.js';
import { checkNumber, epsilon, matchRanks, type TensorInput, toTensor } from '../inputs.js';

/** Sums of weights for each threshold, shape `[thresholds]` or `[thresholds, labels]`. */
export interface Counts {
  /** Predictions above the threshold, of true and of false labels. */
  truePositives: Tensor;
  falsePositives: Tensor;
  /** All true and all false labels. */
  trueLabels: Tensor;
  falseLabels: Tensor;
}

/** What is counted besides thresholds. */
export interface CountOptions {
  sampleWeight?: TensorInput | undefined;
  /** Only the k largest predictions of a sample count as such. */
  topK?: number | undefined;
  /** Only this class counts. */
  classId?: number | undefined;
  /** Count each label (column) by itself. */
  multiLabel?: boolean;
  /** A factor for each label, shape `[labels]`. */
  labelWeights?: Tensor | undefined;
}

/** Predictions outside the k largest get this, below any threshold. */
const lowest = -1e10;

/** One number in [0, 1] or several, as a list. @throws RangeError for one outside */
export function thresholdList(where: string, thresholds: number | readonly number[] | undefined, otherwise: number) {
  if (thresholds === undefined || thresholds === null) return [otherwise];
  const list = typeof thresholds === 'number' ? [thresholds] : thresholds;
  if (!Array.isArray(list) || list.length === 0) {
    throw new ArgumentTypeError(`${where}: thresholds: expected a number or an array of numbers`);
  }
  for (const threshold of list) checkNumber(`${where}: thresholds`, threshold, 0, 1);
  return [...list] as number[];
}

/** Are they 0, 1 / (n - 1), … 1, but for epsilon? Then counting takes one pass instead of n. */
function areEven(thresholds: readonly number[]): boolean {
  const last = thresholds.length - 1;
  return last >= 2 && thresholds.every((threshold, i) => Math.abs(threshold - i / last) <= 1.01 * epsilon);
}

/** As `update_confusion_matrix_variables` of Keras sees labels, predictions and weights: `[samples, labels]` each. */
function prepare(yTrue: TensorInput, yPred: TensorInput, options: CountOptions): [Tensor, Tensor, Tensor] {
  const { sampleWeight, topK, classId, multiLabel, labelWeights } = options;
  let [x, y] = matchRanks(toTensor(yPred, 'yPred').to('float32'), toTensor(yTrue, 'yTrue').to('float32'));
  if (x.shape.join() !== y.shape.join()) {
    throw new ShapeError(`yTrue: expected the shape of yPred [${x.shape}], got [${y.shape}]`);
  }
  let weight = tensor(1, { dtype: 'float32' });
  if (sampleWeight !== undefined && sampleWeight !== null) {
    weight = matchRanks(y, toTensor(sampleWeight, 'sampleWeight').to('float32').unsqueeze(-1), false)[1];
  }
  if (topK !== undefined) x = where(isTop(x, topK), x, lowest);
  if (classId !== undefined) {
    if (x.ndim < 2) throw new ShapeError(`classId: expected predictions [samples, classes], got shape [${x.shape}]`);
    [x, y] = [x.narrow(-1, classId, 1), y.narrow(-1, classId, 1)];
  }
  if (labelWeights) weight = weight.mul(labelWeights.unsqueeze(0));
  const shape = multiLabel ? [x.size(0), -1] : [-1, 1];
  return [y.ne(0).to('float32'), x, weight.broadcastTo(x.shape)].map((t) => t.reshape(shape)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
}
function isTop(x: Tensor, k: number): Tensor {
  const { indices } = x.topk(k, -1);
  return zeros(x.shape).scatter(-1, indices, 1).ne(0);
}

/** For each threshold the sum of the weights of the predictions above it. */
type AboveEach = (x: Tensor, weights: Tensor) => Tensor;

function byComparison(thresholds: readonly number[]): AboveEach {
  const limits = tensor(thresholds, { dtype: 'float32' }).reshape([-1, 1, 1]);
  return (x, weights) => where(x.gt(limits), weights, 0).sum(1);
}
/** Drops every prediction into the bucket below the first threshold that it does not exceed, then sums from above. */
function byBuckets(thresholds: readonly number[]): AboveEach {
  const n = thresholds.length;
  const lowestBucket = (thresholds[0] as number) < 0 ? 0 : -1;
  return (x, weights) => {
    const bucket = x
      .clamp(0, 1)
      .mul(n - 1)
      .ceil()
      .sub(1)
      .maximum(lowestBucket)
      .add(1)
      .to('int64');
    const sums = zeros([n + 1, x.size(1)])
      .scatterAdd(0, bucket, weights)
      .narrow(0, 1, n);
    return sums.flip([0]).cumsum(0).flip([0]);
  };
}

/**
 * Counts a batch against all thresholds, as Keras does.
 * @param yTrue - labels, of which all but 0 are true
 * @param yPred - predictions, of the labels' shape but for a last axis of size 1
 */
export function count(
  yTrue: TensorInput,
  yPred: TensorInput,
  thresholds: readonly number[],
  options: CountOptions = {},
): Counts {
  return noGrad(() => {
    const [y, x, weight] = prepare(yTrue, yPred, options);
    const [yes, no] = [y.mul(weight), y.neg().add(1).mul(weight)];
    const above = areEven(thresholds) ? byBuckets(thresholds) : byComparison(thresholds);
    const shape = options.multiLabel ? [thresholds.length, x.size(1)] : [thresholds.length];
    return {
      truePositives: above(x, yes).reshape(shape),
      falsePositives: above(x, no).reshape(shape),
      trueLabels: yes
        .sum(0)
        .expand([thresholds.length, x.size(1)])
        .reshape(shape),
      falseLabels: no
        .sum(0)
        .expand([thresholds.length, x.size(1)])
        .reshape(shape),
    };
  });
}

/** @internal A whole number from `low` to `high`. */
export function checkCount(where: string, value: number | undefined, low: number, high = 2 ** 31): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= low && value <= high)) {
    throw new ArgumentRangeError(`${where}: expected a whole number from ${low} to ${high}, got ${String(value)}`);
  }
}
