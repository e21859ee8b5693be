// SPDX-License-Identifier: MIT
import type { Tensor } from '../../tensor.js';
import { type CrossEntropyOptions, crossEntropy, type NllLossOptions, nllLoss } from '../functional/classification.js';
import { Module } from '../module.js';

/** Cross entropy of logits and class indices (or probabilities); see {@link crossEntropy}. */
export class CrossEntropyLoss extends Module {
  declare weight: Tensor | undefined;
  #options: CrossEntropyOptions;

  constructor({ weight, ...options }: CrossEntropyOptions = {}) {
    super();
    if (weight) this.registerBuffer('weight', weight);
    this.#options = options;
  }
  forward(x: Tensor, target: Tensor): Tensor {
    return crossEntropy(x, target, this.weight ? { ...this.#options, weight: this.weight } : this.#options);
  }
}

/** Negative log likelihood of log probabilities and class indices; see {@link nllLoss}. */
export class NLLLoss extends Module {
  declare weight: Tensor | undefined;
  #options: NllLossOptions;

  constructor({ weight, ...options }: NllLossOptions = {}) {
    super();
    if (weight) this.registerBuffer('weight', weight);
    this.#options = options;
  }
  forward(x: Tensor, target: Tensor): Tensor {
    return nllLoss(x, target, { ...this.#options, weight: this.weight });
  }
}
