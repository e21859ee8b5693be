// SPDX-License-Identifier: MIT
import { lookUp } from '../inputs.js';
import * as classes from './classes.js';
import { Loss, type LossFunction, LossFunctionWrapper } from './loss.js';

export * from './classes.js';
export { Loss, type LossFunction, LossFunctionWrapper, type LossOptions, type Reduction } from './loss.js';
export {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  type FocalOptions,
  klDivergence,
  klDivergence as kullbackLeiblerDivergence,
  type SmoothedCrossentropyOptions,
  type SparseCrossentropyOptions,
  sparseCategoricalCrossentropy,
} from './probabilistic.js';
export {
  type AxisOptions,
  categoricalHinge,
  cosineSimilarity,
  type HuberOptions,
  hinge,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  squaredHinge,
} from './regression.js';

const table = {
  meanSquaredError: classes.MeanSquaredError,
  meanAbsoluteError: classes.MeanAbsoluteError,
  meanAbsolutePercentageError: classes.MeanAbsolutePercentageError,
  meanSquaredLogarithmicError: classes.MeanSquaredLogarithmicError,
  mse: classes.MeanSquaredError,
  mae: classes.MeanAbsoluteError,
  mape: classes.MeanAbsolutePercentageError,
  msle: classes.MeanSquaredLogarithmicError,
  binaryCrossentropy: classes.BinaryCrossentropy,
  bce: classes.BinaryCrossentropy,
  binaryFocalCrossentropy: classes.BinaryFocalCrossentropy,
  categoricalCrossentropy: classes.CategoricalCrossentropy,
  categoricalFocalCrossentropy: classes.CategoricalFocalCrossentropy,
  sparseCategoricalCrossentropy: classes.SparseCategoricalCrossentropy,
  hinge: classes.Hinge,
  squaredHinge: classes.SquaredHinge,
  categoricalHinge: classes.CategoricalHinge,
  klDivergence: classes.KLDivergence,
  kullbackLeiblerDivergence: classes.KLDivergence,
  kld: classes.KLDivergence,
  poisson: classes.Poisson,
  logCosh: classes.LogCosh,
  huber: classes.Huber,
  cosineSimilarity: classes.CosineSimilarity,
};

/** Names that {@link get} knows. */
export type LossName = keyof typeof table;

/**
 * The loss of a name with its default options, the object itself, or a function wrapped.
 * @throws RangeError for an unknown name, with the list
 */
export function get(loss: LossName | Loss | LossFunction): Loss {
  if (loss instanceof Loss) return loss;
  if (typeof loss === 'function') return new LossFunctionWrapper(loss);
  return new (lookUp<new () => Loss>('losses.get', table, loss))();
}
