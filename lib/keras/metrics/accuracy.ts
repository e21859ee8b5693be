// SPDX-License-Identifier: MIT
import { type Tensor, where } from '../../index.js';
import { floatPair, matchRanks, type TensorInput, toFloat, toTensor } from '../inputs.js';
import { MeanMetricWrapper } from './mean.js';
import type { MetricOptions } from './metric.js';

// The functions tell for each sample whether it is right: 1 or 0 in float32.

/** yTrue == yPred. */
export function accuracy(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = matchRanks(...floatPair('accuracy', yTrue, yPred));
  return y.eq(x).to('float32');
}

/** Options of {@link binaryAccuracy}. */
export interface ThresholdOptions {
  /** Predictions above it mean 1, others 0. Default 0.5. */
  threshold?: number | undefined;
}
/** yTrue == (yPred > threshold). */
export function binaryAccuracy(
  yTrue: TensorInput,
  yPred: TensorInput,
  { threshold = 0.5 }: ThresholdOptions = {},
): Tensor {
  const [y, x] = matchRanks(toTensor(yTrue, 'binaryAccuracy: yTrue'), toTensor(yPred, 'binaryAccuracy: yPred'));
  return x.gt(threshold).to(y.dtype).eq(y).to('float32');
}

/** Is the largest prediction that of the largest target? For one-hot targets. */
export function categoricalAccuracy(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = floatPair('categoricalAccuracy', yTrue, yPred);
  return y.argmax(-1).eq(x.argmax(-1)).to('float32');
}

/** Class indices without a last axis of size 1 that the predictions' shape does not ask for. */
function indices(op: string, yTrue: TensorInput, x: Tensor): Tensor {
  const y = toTensor(yTrue, `${op}: yTrue`);
  return y.ndim === x.ndim && y.size(-1) === 1 ? y.squeeze(-1) : y;
}
/** Is the largest prediction that of the true class? For class indices of any dtype. */
export function sparseCategoricalAccuracy(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const x = toTensor(yPred, 'sparseCategoricalAccuracy: yPred');
  const y = indices('sparseCategoricalAccuracy', yTrue, x);
  const right = x.argmax(-1).eq(y).to('float32');
  return right.ndim > 1 && right.size(-1) === 1 ? right.squeeze(-1) : right;
}

/** Are fewer than k predictions larger than that of the class? False where one is not finite or the class not there. */
function inTopK(classes: Tensor, x: Tensor, k: number): Tensor {
  const exists = classes.ge(0).logicalAnd(classes.lt(x.size(-1)));
  const own = x.gather(-1, where(exists, classes, 0).unsqueeze(-1));
  const rank = x.gt(own).sum(-1);
  return rank.lt(k).logicalAnd(exists).logicalAnd(x.isfinite().all(-1)).to('float32');
}
/** Options of the top-k accuracies. */
export interface TopKOptions {
  /** How many of the largest predictions count. Default 5. */
  k?: number | undefined;
}
/** Is the true class among the k largest predictions? For one-hot targets. */
export function topKCategoricalAccuracy(yTrue: TensorInput, yPred: TensorInput, { k = 5 }: TopKOptions = {}): Tensor {
  const [y, x] = floatPair('topKCategoricalAccuracy', yTrue, yPred);
  return inTopK(y.argmax(-1), x, k);
}
/** Is the true class among the k largest predictions? For class indices of any dtype. */
export function sparseTopKCategoricalAccuracy(
  yTrue: TensorInput,
  yPred: TensorInput,
  { k = 5 }: TopKOptions = {},
): Tensor {
  const x = toFloat(yPred, 'sparseTopKCategoricalAccuracy: yPred');
  return inTopK(indices('sparseTopKCategoricalAccuracy', yTrue, x).to('int64'), x, k);
}

/** The share of equal values. */
export class Accuracy extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(accuracy, options);
  }
}
/** See {@link binaryAccuracy}. */
export class BinaryAccuracy extends MeanMetricWrapper<ThresholdOptions> {
  constructor(options?: MetricOptions & ThresholdOptions) {
    super(binaryAccuracy, options);
  }
}
/** See {@link categoricalAccuracy}. */
export class CategoricalAccuracy extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(categoricalAccuracy, options);
  }
}
/** See {@link sparseCategoricalAccuracy}. */
export class SparseCategoricalAccuracy extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(sparseCategoricalAccuracy, options);
  }
}
/** See {@link topKCategoricalAccuracy}. */
export class TopKCategoricalAccuracy extends MeanMetricWrapper<TopKOptions> {
  constructor(options?: MetricOptions & TopKOptions) {
    super(topKCategoricalAccuracy, options);
  }
}
/** See {@link sparseTopKCategoricalAccuracy}. */
export class SparseTopKCategoricalAccuracy extends MeanMetricWrapper<TopKOptions> {
  constructor(options?: MetricOptions & TopKOptions) {
    super(sparseTopKCategoricalAccuracy, options);
  }
}
