// SPDX-License-Identifier: MIT
import type { Tensor } from '../../tensor.js';
import type { Reduction } from '../functional/classification.js';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  hingeEmbeddingLoss,
  huberLoss,
  klDiv,
  type LossOptions,
  l1Loss,
  mseLoss,
  poissonNllLoss,
  smoothL1Loss,
  softMarginLoss,
} from '../functional/losses.js';
import { Module } from '../module.js';

// Losses of an input and a target as modules; the functions of the same name hold the formulas.

/** (input - target)². */
export class MSELoss extends Module {
  constructor(readonly options: LossOptions = {}) {
    super();
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}
/** |input - target|. */
export class L1Loss extends Module {
  constructor(readonly options: LossOptions = {}) {
    super();
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.options);
  }
}
/** Quadratic below `beta`, linear above. */
export class SmoothL1Loss extends Module {
  constructor(readonly options: LossOptions & { beta?: number } = {}) {
    super();
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.options);
  }
}
/** Quadratic below `delta`, linear above. */
export class HuberLoss extends Module {
  constructor(readonly options: LossOptions & { delta?: number } = {}) {
    super();
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.options);
  }
}
/** target · (log target - input) of log probabilities. */
export class KLDivLoss extends Module {
  constructor(readonly options: { logTarget?: boolean; reduction?: Reduction | 'batchmean' } = {}) {
    super();
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, this.options);
  }
}
/** log(1 + e^(-target · input)). */
export class SoftMarginLoss extends Module {
  constructor(readonly options: LossOptions = {}) {
    super();
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, this.options);
  }
}
/** Negative log likelihood of Poisson counts. */
export class PoissonNLLLoss extends Module {
  constructor(readonly options: LossOptions & { logInput?: boolean; full?: boolean; eps?: number } = {}) {
    super();
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return poissonNllLoss(input, target, this.options);
  }
}
/** input where target is 1, max(0, margin - input) where it is -1. */
export class HingeEmbeddingLoss extends Module {
  constructor(readonly options: LossOptions & { margin?: number } = {}) {
    super();
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, this.options);
  }
}
/** -(t log p + (1 - t) log(1 - p)) of probabilities. */
export class BCELoss extends Module {
  declare weight: Tensor | undefined;
  #options: LossOptions;

  constructor({ weight, ...options }: LossOptions & { weight?: Tensor } = {}) {
    super();
    if (weight) this.registerBuffer('weight', weight);
    this.#options = options;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, { ...this.#options, weight: this.weight });
  }
}
/** `BCELoss` of sigmoid(input), without overflow; `posWeight` is a factor of the positive targets. */
export class BCEWithLogitsLoss extends Module {
  declare weight: Tensor | undefined;
  declare pos_weight: Tensor | undefined;
  #options: LossOptions;

  constructor({ weight, posWeight, ...options }: LossOptions & { weight?: Tensor; posWeight?: Tensor } = {}) {
    super();
    if (weight) this.registerBuffer('weight', weight);
    if (posWeight) this.registerBuffer('pos_weight', posWeight);
    this.#options = options;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, pos_weight: posWeight } = this;
    return binaryCrossEntropyWithLogits(input, target, { ...this.#options, weight, posWeight });
  }
}
