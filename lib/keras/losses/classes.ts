// SPDX-License-Identifier: MIT
import type { Tensor } from '../../index.js';
import { matchRanks, type TensorInput, toFloat, toTensor } from '../inputs.js';
import { LossFunctionWrapper, type LossOptions, reduceWeighted } from './loss.js';
import * as probabilistic from './probabilistic.js';
import * as regression from './regression.js';

// Each is the function of its name with weights and a reduction.

/** See {@link regression.meanSquaredError}. */
export class MeanSquaredError extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.meanSquaredError, options);
  }
}
/** See {@link regression.meanAbsoluteError}. */
export class MeanAbsoluteError extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.meanAbsoluteError, options);
  }
}
/** See {@link regression.meanAbsolutePercentageError}. */
export class MeanAbsolutePercentageError extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.meanAbsolutePercentageError, options);
  }
}
/** See {@link regression.meanSquaredLogarithmicError}. */
export class MeanSquaredLogarithmicError extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.meanSquaredLogarithmicError, options);
  }
}
/** See {@link regression.cosineSimilarity}. */
export class CosineSimilarity extends LossFunctionWrapper<regression.AxisOptions> {
  constructor(options?: LossOptions & regression.AxisOptions) {
    super(regression.cosineSimilarity, options);
  }
}
/** See {@link regression.huber}. */
export class Huber extends LossFunctionWrapper<regression.HuberOptions> {
  constructor(options?: LossOptions & regression.HuberOptions) {
    super(regression.huber, options);
  }
}
/** See {@link regression.logCosh}. */
export class LogCosh extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.logCosh, options);
  }
}
/** See {@link regression.poisson}. */
export class Poisson extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.poisson, options);
  }
}
/** See {@link regression.hinge}. */
export class Hinge extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.hinge, options);
  }
}
/** See {@link regression.squaredHinge}. */
export class SquaredHinge extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.squaredHinge, options);
  }
}
/** See {@link regression.categoricalHinge}. */
export class CategoricalHinge extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(regression.categoricalHinge, options);
  }
}
/** See {@link probabilistic.klDivergence}. */
export class KLDivergence extends LossFunctionWrapper {
  constructor(options?: LossOptions) {
    super(probabilistic.klDivergence, options);
  }
}
/** See {@link probabilistic.binaryCrossentropy}. */
export class BinaryCrossentropy extends LossFunctionWrapper<probabilistic.SmoothedCrossentropyOptions> {
  constructor(options?: LossOptions & probabilistic.SmoothedCrossentropyOptions) {
    super(probabilistic.binaryCrossentropy, options);
  }
}
type BinaryFocalOptions = probabilistic.FocalOptions & { applyClassBalancing?: boolean | undefined };
/** See {@link probabilistic.binaryFocalCrossentropy}. */
export class BinaryFocalCrossentropy extends LossFunctionWrapper<BinaryFocalOptions> {
  constructor(options?: LossOptions & BinaryFocalOptions) {
    super(probabilistic.binaryFocalCrossentropy, options);
  }
}
/** See {@link probabilistic.categoricalCrossentropy}. */
export class CategoricalCrossentropy extends LossFunctionWrapper<probabilistic.SmoothedCrossentropyOptions> {
  constructor(options?: LossOptions & probabilistic.SmoothedCrossentropyOptions) {
    super(probabilistic.categoricalCrossentropy, options);
  }
}
/** See {@link probabilistic.categoricalFocalCrossentropy}. */
export class CategoricalFocalCrossentropy extends LossFunctionWrapper<probabilistic.FocalOptions> {
  constructor(options?: LossOptions & probabilistic.FocalOptions) {
    super(probabilistic.categoricalFocalCrossentropy, options);
  }
}
/** See {@link probabilistic.sparseCategoricalCrossentropy}; with `ignoreClass` the mean is over the other samples. */
export class SparseCategoricalCrossentropy extends LossFunctionWrapper<probabilistic.SparseCrossentropyOptions> {
  readonly #ignoreClass: number | undefined;
  constructor(options: LossOptions & probabilistic.SparseCrossentropyOptions = {}) {
    super(probabilistic.sparseCategoricalCrossentropy, options);
    this.#ignoreClass = options.ignoreClass;
  }
  override call(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): Tensor {
    if (this.#ignoreClass === undefined) return super.call(yTrue, yPred, sampleWeight);
    const [y, x] = matchRanks(toTensor(yTrue, `${this.name}: yTrue`), toFloat(yPred, `${this.name}: yPred`));
    const losses = this.perSample(y, x);
    const counts = probabilistic.classIndices(this.name, y, x).ne(this.#ignoreClass).to(losses.dtype);
    const isMean = this.reduction === 'sumOverBatchSize' || this.reduction === 'mean';
    const mask = isMean ? counts.mul(counts.numel()).div(counts.sum().maximum(1)) : counts;
    if (sampleWeight === undefined) return reduceWeighted(losses, mask, this.reduction);
    const [a, b] = matchRanks(mask, toTensor(sampleWeight, 'sampleWeight').to(losses.dtype));
    return reduceWeighted(losses, a.mul(b), this.reduction);
  }
}
