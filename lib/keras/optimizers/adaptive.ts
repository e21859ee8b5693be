// SPDX-License-Identifier: MIT
import type { Tensor } from '../../index.js';
import { checkNumber } from '../inputs.js';
import type { Variable } from '../variable.js';
import { checkShares, Optimizer, type OptimizerOptions, type Slots } from './optimizer.js';

// Rates scaled by averages of the gradients' size. Keras' ε is under the root, PyTorch's beside it.

/** average ← average · decay + x · (1 - decay), in place. */
const average = (running: Variable, x: Tensor, decay: number) => running.mul_(decay).add_(x.mul(1 - decay));

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Decay of the averages. Default 0.9. */
  rho?: number | undefined;
  /** Share of the last step that is kept. Default 0. */
  momentum?: number | undefined;
  /** Added under the root. Default 1e-7. */
  epsilon?: number | undefined;
  /** Divide by the standard deviation instead of the root mean square. Default false. */
  centered?: boolean | undefined;
}
/** Rates over the root of the average squared gradient (Tieleman & Hinton 2012). */
export class RMSprop extends Optimizer<{ rho: number; momentum: number; epsilon: number; centered: boolean }> {
  constructor({ rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false, ...common }: RMSpropOptions = {}) {
    super({ name: 'rmsprop', ...common }, { rho, momentum, epsilon, centered });
    checkShares(this.name, { rho, momentum });
    checkNumber(`${this.name}: epsilon`, epsilon, 0);
  }
  protected slots(): Record<string, number> {
    const { momentum, centered } = this.options;
    return { velocity: 0, ...(momentum > 0 && { momentum: 0 }), ...(centered && { average_gradient: 0 }) };
  }
  protected move(x: Variable, gradient: Tensor, state: Slots, rate: Tensor): void {
    const { rho, momentum, epsilon, centered } = this.options;
    const square = average(state.velocity, gradient.square(), rho);
    const spread = centered ? square.sub(average(state.average_gradient, gradient, rho).square()) : square;
    const step = gradient.mul(rate).div(spread.add(epsilon).sqrt());
    x.sub_(momentum > 0 ? state.momentum.mul_(momentum).add_(step) : step);
  }
}

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** Start of the sums of squares. Default 0.1. */
  initialAccumulatorValue?: number | undefined;
  /** Added under the root. Default 1e-7. */
  epsilon?: number | undefined;
}
/** Rates over the root of the sum of squared gradients (Duchi et al. 2011). */
export class Adagrad extends Optimizer<{ initialAccumulatorValue: number; epsilon: number }> {
  constructor({ initialAccumulatorValue = 0.1, epsilon = 1e-7, ...common }: AdagradOptions = {}) {
    super(common, { initialAccumulatorValue, epsilon });
    checkNumber(`${this.name}: initialAccumulatorValue`, initialAccumulatorValue, 0);
    checkNumber(`${this.name}: epsilon`, epsilon, 0);
  }
  protected slots(): Record<string, number> {
    return { accumulator: this.options.initialAccumulatorValue };
  }
  protected move(x: Variable, gradient: Tensor, { accumulator }: Slots, rate: Tensor): void {
    accumulator.add_(gradient.square());
    x.sub_(gradient.mul(rate).div(accumulator.add(this.options.epsilon).sqrt()));
  }
}

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Decay of the averages. Default 0.95. */
  rho?: number | undefined;
  /** Added under the roots. Default 1e-7. */
  epsilon?: number | undefined;
}
/** Steps in proportion to the root of the average of past squared steps (Zeiler 2012). */
export class Adadelta extends Optimizer<{ rho: number; epsilon: number }> {
  constructor({ rho = 0.95, epsilon = 1e-7, ...common }: AdadeltaOptions = {}) {
    super(common, { rho, epsilon });
    checkShares(this.name, { rho });
    checkNumber(`${this.name}: epsilon`, epsilon, 0);
  }
  protected slots(): Record<string, number> {
    return { accumulated_grad: 0, accumulated_delta_var: 0 };
  }
  protected move(x: Variable, gradient: Tensor, state: Slots, rate: Tensor): void {
    const { rho, epsilon } = this.options;
    const root = (v: Tensor) => v.add(epsilon).sqrt();
    average(state.accumulated_grad, gradient.square(), rho);
    const step = root(state.accumulated_delta_var).mul(gradient).div(root(state.accumulated_grad));
    average(state.accumulated_delta_var, step.square(), rho);
    x.sub_(step.mul(rate));
  }
}
