// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../../errors.js';
import type { Tensor } from '../../index.js';
import { type Handle, rawFunction } from '../../raw.js';
import { handleOf } from '../../tensor.js';
import type { Variable } from '../variable.js';
import { checkShares, Optimizer, type OptimizerOptions, type Slots } from './optimizer.js';

type Step = (
  variables: Handle[],
  gradients: Handle[],
  momentums: Handle[],
  rate: Handle,
  options: { momentum: number; nesterov: boolean },
) => void;
const rawStep = rawFunction<Step>('kerasSgdStep');

/** Options of {@link SGD}. */
export interface SGDOptions extends OptimizerOptions {
  /** Share of the last step that is kept. Default 0. */
  momentum?: number | undefined;
  /** Look ahead along the momentum. Default false. */
  nesterov?: boolean | undefined;
}

/**
 * Stochastic gradient descent. Momentum adds up steps, not gradients: m ← momentum · m - rate · g, x ← x + m; so that a
 * new learning rate does not change the steps already in it. One native pass over all variables.
 */
export class SGD extends Optimizer<{ momentum: number; nesterov: boolean }> {
  constructor({ learningRate = 0.01, momentum = 0, nesterov = false, ...common }: SGDOptions = {}) {
    super({ learningRate, ...common }, { momentum, nesterov });
    checkShares(this.name, { momentum });
    if (typeof nesterov !== 'boolean') {
      throw new ArgumentTypeError(`${this.name}: nesterov: expected a boolean, got ${typeof nesterov}`);
    }
  }
  protected slots(): Record<string, number> {
    return this.options.momentum === 0 ? {} : { momentum: 0 };
  }
  protected override update(gradients: Tensor[], variables: Variable[], states: Slots[], rate: Tensor): void {
    const handles = (list: readonly (Tensor | undefined)[]) => list.map((x) => handleOf(x as Tensor, this.name));
    const momentums = this.options.momentum === 0 ? [] : states.map((state) => state.momentum);
    rawStep(handles(variables), handles(gradients), handles(momentums), handleOf(rate), this.options);
  }
  protected move(x: Variable, gradient: Tensor, state: Slots, rate: Tensor): void {
    this.update([gradient], [x], [state], rate);
  }
}
