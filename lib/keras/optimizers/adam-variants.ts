// SPDX-License-Identifier: MIT
import { type Tensor, tensor } from '../../index.js';
import type { Variable } from '../variable.js';
import { type BetaOptions, betas } from './adam.js';
import { checkShares, Optimizer, type OptimizerOptions, type Slots } from './optimizer.js';

type Betas = ReturnType<typeof betas>;

/** base^exponent in float64. */
const power = (base: number, exponent: Tensor) => tensor(base, { dtype: 'float64' }).pow(exponent.to('float64'));
/** 1 - base^exponent. */
const complement = (base: number, exponent: Tensor) => power(base, exponent).neg().add(1);
/** average ← average + (x - average) · (1 - decay), in place. */
const move = (average: Variable, x: Tensor, decay: number) => average.add_(x.sub(average).mul(1 - decay));

/** Adam with the largest instead of the mean square gradient (Kingma & Ba 2015). */
export class Adamax extends Optimizer<Betas> {
  constructor({ beta1, beta2, epsilon, ...common }: BetaOptions = {}) {
    super(common, betas('Adamax', { beta1, beta2, epsilon }));
  }
  protected slots(): Record<string, number> {
    return { momentum: 0, norm: 0 };
  }
  protected move(x: Variable, gradient: Tensor, { momentum, norm }: Slots, rate: Tensor): void {
    const { beta1, beta2, epsilon } = this.options;
    move(momentum, gradient, beta1);
    norm.copy_(norm.mul(beta2).maximum(gradient.abs()));
    const step = rate.div(complement(beta1, this.iterations.add(1)));
    x.sub_(momentum.mul(step).div(norm.add(epsilon)));
  }
}

/** Adam with Nesterov's momentum (Dozat 2016). */
export class Nadam extends Optimizer<Betas> {
  readonly #product = this.addVariable('u_product', 1);

  constructor({ beta1, beta2, epsilon, ...common }: BetaOptions = {}) {
    super(common, betas('Nadam', { beta1, beta2, epsilon }));
  }
  protected slots(): Record<string, number> {
    return { momentum: 0, velocity: 0 };
  }
  /** The momentum of a step, which grows towards beta1. */
  #warmed(step: Tensor): Tensor {
    return complement(0.96, step)
      .add(1)
      .mul(0.5 * this.options.beta1);
  }
  protected override update(gradients: Tensor[], variables: Variable[], states: Slots[], rate: Tensor): void {
    this.#product.mul_(this.#warmed(this.iterations.add(1)));
    super.update(gradients, variables, states, rate);
  }
  protected move(x: Variable, gradient: Tensor, { momentum, velocity }: Slots, rate: Tensor): void {
    const { beta1, beta2, epsilon } = this.options;
    const [step, product] = [this.iterations.add(1), this.#product];
    const [now, next] = [this.#warmed(step), this.#warmed(this.iterations.add(2))];
    move(momentum, gradient, beta1);
    move(velocity, gradient.square(), beta2);
    const ahead = momentum
      .mul(next.div(product.mul(next).neg().add(1)))
      .add(gradient.mul(now.neg().add(1).div(product.neg().add(1))));
    const size = velocity.div(complement(beta2, step)).sqrt().add(epsilon);
    x.sub_(ahead.mul(rate).div(size));
  }
}

/** Options of {@link Lion}. */
export interface LionOptions extends OptimizerOptions {
  /** Share of the momentum in a step. Default 0.9. */
  beta1?: number | undefined;
  /** Decay of the momentum. Default 0.99. */
  beta2?: number | undefined;
}
/** The sign of the momentum (Chen et al. 2023). */
export class Lion extends Optimizer<{ beta1: number; beta2: number }> {
  constructor({ beta1 = 0.9, beta2 = 0.99, ...common }: LionOptions = {}) {
    super(common, { beta1, beta2 });
    checkShares(this.name, { beta1, beta2 });
  }
  protected slots(): Record<string, number> {
    return { momentum: 0 };
  }
  protected move(x: Variable, gradient: Tensor, { momentum }: Slots, rate: Tensor): void {
    const { beta1, beta2 } = this.options;
    x.sub_(
      momentum
        .mul(beta1)
        .add(gradient.mul(1 - beta1))
        .sign()
        .mul(rate),
    );
    momentum.mul_(beta2).add_(gradient.mul(1 - beta2));
  }
}
