// SPDX-License-Identifier: MIT
import { lookUp } from '../inputs.js';
import * as accuracies from './accuracy.js';
import { AUC } from './auc.js';
import { F1Score, FBetaScore } from './f-score.js';
import * as losses from './losses.js';
import { Mean, MeanMetricWrapper, type MetricFunction, Sum } from './mean.js';
import { Metric } from './metric.js';
import * as counts from './precision.js';

export * from './accuracy.js';
export { AUC, type AUCOptions } from './auc.js';
export { F1Score, type F1ScoreOptions, FBetaScore, type FBetaScoreOptions } from './f-score.js';
export * from './losses.js';
export { Mean, MeanMetricWrapper, type MetricFunction, Sum } from './mean.js';
export { Metric, type MetricOptions } from './metric.js';
export * from './precision.js';

const table = {
  mean: Mean,
  sum: Sum,
  binaryAccuracy: accuracies.BinaryAccuracy,
  categoricalAccuracy: accuracies.CategoricalAccuracy,
  sparseCategoricalAccuracy: accuracies.SparseCategoricalAccuracy,
  topKCategoricalAccuracy: accuracies.TopKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy: accuracies.SparseTopKCategoricalAccuracy,
  meanSquaredError: losses.MeanSquaredError,
  rootMeanSquaredError: losses.RootMeanSquaredError,
  meanAbsoluteError: losses.MeanAbsoluteError,
  meanAbsolutePercentageError: losses.MeanAbsolutePercentageError,
  meanSquaredLogarithmicError: losses.MeanSquaredLogarithmicError,
  mse: losses.MeanSquaredError,
  mae: losses.MeanAbsoluteError,
  mape: losses.MeanAbsolutePercentageError,
  msle: losses.MeanSquaredLogarithmicError,
  logCoshError: losses.LogCoshError,
  cosineSimilarity: losses.CosineSimilarity,
  poisson: losses.Poisson,
  hinge: losses.Hinge,
  squaredHinge: losses.SquaredHinge,
  categoricalHinge: losses.CategoricalHinge,
  klDivergence: losses.KLDivergence,
  binaryCrossentropy: losses.BinaryCrossentropy,
  bce: losses.BinaryCrossentropy,
  categoricalCrossentropy: losses.CategoricalCrossentropy,
  sparseCategoricalCrossentropy: losses.SparseCategoricalCrossentropy,
  truePositives: counts.TruePositives,
  falsePositives: counts.FalsePositives,
  trueNegatives: counts.TrueNegatives,
  falseNegatives: counts.FalseNegatives,
  precision: counts.Precision,
  recall: counts.Recall,
  auc: AUC,
  f1Score: F1Score,
  fBetaScore: FBetaScore,
};

/** Names that {@link get} knows; `accuracy` (`acc`) is the one that fits the shapes. */
export type MetricName = keyof typeof table | 'accuracy' | 'acc';

/** What decides which accuracy `accuracy` is. */
export interface MetricContext {
  /** Shape of the predictions, the batch first. */
  outputShape?: readonly (number | null)[] | undefined;
  /** Shape of the targets, the batch first. */
  targetShape?: readonly (number | null)[] | undefined;
}

/** As Keras: one output is binary; targets of fewer axes, or a last one of size 1, are class indices. */
function accuracyFor({ outputShape, targetShape }: MetricContext): new (options: { name: string }) => Metric {
  if (!outputShape || !targetShape) return accuracies.Accuracy;
  if (outputShape.at(-1) === 1) return accuracies.BinaryAccuracy;
  const isSparse = targetShape.length < outputShape.length || targetShape.at(-1) === 1;
  return isSparse ? accuracies.SparseCategoricalAccuracy : accuracies.CategoricalAccuracy;
}

/**
 * The metric of a name with its default options, the object itself, or a function wrapped. A metric got by name bears
 * this name.
 * @throws RangeError for an unknown name, with the list
 */
export function get(metric: MetricName | Metric | MetricFunction, context: MetricContext = {}): Metric {
  if (metric instanceof Metric) return metric;
  if (typeof metric === 'function') return new MeanMetricWrapper(metric);
  if (metric === 'accuracy' || metric === 'acc') return new (accuracyFor(context))({ name: metric });
  return new (lookUp<new (options: { name: string }) => Metric>('metrics.get', table, metric))({ name: metric });
}
