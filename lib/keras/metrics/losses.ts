// SPDX-License-Identifier: MIT
import { noGrad, type Tensor } from '../../index.js';
import { floatPair, matchRanks, type TensorInput, toFloat, toTensor } from '../inputs.js';
import * as probabilistic from '../losses/probabilistic.js';
import * as regression from '../losses/regression.js';
import { Mean, MeanMetricWrapper } from './mean.js';
import type { MetricOptions } from './metric.js';

// Loss functions as metrics: means over all samples.

/** See `losses.meanSquaredError`. */
export class MeanSquaredError extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.meanSquaredError, options);
  }
}
/** See `losses.meanAbsoluteError`. */
export class MeanAbsoluteError extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.meanAbsoluteError, options);
  }
}
/** See `losses.meanAbsolutePercentageError`. */
export class MeanAbsolutePercentageError extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.meanAbsolutePercentageError, options);
  }
}
/** See `losses.meanSquaredLogarithmicError`. */
export class MeanSquaredLogarithmicError extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.meanSquaredLogarithmicError, options);
  }
}
/** Root of the mean of (yTrue - yPred)². */
export class RootMeanSquaredError extends Mean {
  override updateState(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): void {
    const square = noGrad(() => {
      const [y, x] = matchRanks(...floatPair(this.name, yTrue, yPred));
      return x.sub(y).square();
    });
    super.updateState(square, sampleWeight);
  }
  override result(): Tensor {
    return super.result().sqrt();
  }
}
const cosine = (yTrue: TensorInput, yPred: TensorInput, options?: regression.AxisOptions) =>
  regression.cosineSimilarity(yTrue, yPred, options).neg();
/** Mean of the cosine of the angle between yTrue and yPred: 1 for equal directions, unlike the loss of this name. */
export class CosineSimilarity extends MeanMetricWrapper<regression.AxisOptions> {
  constructor(options?: MetricOptions & regression.AxisOptions) {
    super(cosine, options);
  }
}
/** See `losses.logCosh`. */
export class LogCoshError extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.logCosh, options);
  }
}
/** See `losses.poisson`. */
export class Poisson extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.poisson, options);
  }
}
/** See `losses.hinge`. */
export class Hinge extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.hinge, options);
  }
}
/** See `losses.squaredHinge`. */
export class SquaredHinge extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.squaredHinge, options);
  }
}
/** See `losses.categoricalHinge`. */
export class CategoricalHinge extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(regression.categoricalHinge, options);
  }
}
/** See `losses.klDivergence`. */
export class KLDivergence extends MeanMetricWrapper {
  constructor(options?: MetricOptions) {
    super(probabilistic.klDivergence, options);
  }
}
/** See `losses.binaryCrossentropy`. */
export class BinaryCrossentropy extends MeanMetricWrapper<probabilistic.SmoothedCrossentropyOptions> {
  constructor(options?: MetricOptions & probabilistic.SmoothedCrossentropyOptions) {
    super(probabilistic.binaryCrossentropy, options);
  }
}
/** See `losses.categoricalCrossentropy`. */
export class CategoricalCrossentropy extends MeanMetricWrapper<probabilistic.SmoothedCrossentropyOptions> {
  constructor(options?: MetricOptions & probabilistic.SmoothedCrossentropyOptions) {
    super(probabilistic.categoricalCrossentropy, options);
  }
}
/** See `losses.sparseCategoricalCrossentropy`. As in Keras, samples of `ignoreClass` count as 0 unless there are weights. */
export class SparseCategoricalCrossentropy extends MeanMetricWrapper<probabilistic.SparseCrossentropyOptions> {
  readonly #ignoreClass: number | undefined;
  constructor(options: MetricOptions & probabilistic.SparseCrossentropyOptions = {}) {
    super(probabilistic.sparseCategoricalCrossentropy, options);
    this.#ignoreClass = options.ignoreClass;
  }
  override updateState(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): void {
    if (sampleWeight === undefined || this.#ignoreClass === undefined) {
      super.updateState(yTrue, yPred, sampleWeight);
      return;
    }
    const counts = probabilistic.classIndices(this.name, yTrue, toFloat(yPred, 'yPred')).ne(this.#ignoreClass);
    const [mask, weight] = matchRanks(counts.to('float32'), toTensor(sampleWeight, 'sampleWeight').to('float32'));
    super.updateState(yTrue, yPred, mask.mul(weight));
  }
}
