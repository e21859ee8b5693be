// SPDX-License-Identifier: MIT
import { ones, zeros, zerosLike } from '../creation.js';
import type { Tensor } from '../tensor.js';
import { average, type CommonOptions, TensorOptimizer } from './elementwise.js';
import { checkOption, type ParamGroup, type ParamState, type ParamsInput } from './optimizer.js';

/** Options of {@link RAdam} and, with `momentumDecay`, {@link NAdam}. */
export interface RAdamOptions extends CommonOptions {
  /** Decay of the averages of the gradient and of its square. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Shrink the parameter by lr · weightDecay instead of changing the gradient. Default false. */
  decoupledWeightDecay: boolean;
}
/** Options of {@link NAdam}. */
export interface NAdamOptions extends RAdamOptions {
  /** How fast the momentum grows to its final value. Default 0.004. */
  momentumDecay: number;
}

const defaults = {
  betas: [0.9, 0.999] as const,
  eps: 1e-8,
  weightDecay: 0,
  decoupledWeightDecay: false,
  maximize: false,
};

abstract class AdamVariant<O extends RAdamOptions> extends TensorOptimizer<O> {
  protected override check(options: O): void {
    super.check(options);
    const name = this.constructor.name;
    for (const i of [0, 1]) checkOption(name, `betas[${i}]`, options.betas?.[i], 0, 1);
    checkOption(name, 'eps', options.eps, 0);
  }
  protected override decaysGradient({ decoupledWeightDecay }: ParamGroup<O>): boolean {
    return !decoupledWeightDecay;
  }
  protected start(x: Tensor): ParamState {
    return { step: zeros([]), exp_avg: zerosLike(x), exp_avg_sq: zerosLike(x) };
  }
}

/** Adam whose rate is rectified while the average of squares is young (Liu et al. 2020). Default lr 0.001. */
export class RAdam extends AdamVariant<RAdamOptions> {
  constructor(params: ParamsInput<RAdamOptions>, options: Partial<RAdamOptions> = {}) {
    super(params, { lr: 1e-3, ...defaults, ...options });
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, { lr, betas, eps }: ParamGroup<RAdamOptions>): void {
    const t = (state.step as Tensor).item();
    const [bias1, bias2] = betas.map((beta) => 1 - beta ** t) as [number, number];
    const mean = average(state, 'exp_avg', grad, 1 - betas[0]).div(bias1);
    const square = average(state, 'exp_avg_sq', grad.square(), 1 - betas[1]);
    const limit = 2 / (1 - betas[1]) - 1;
    const length = limit - (2 * t * betas[1] ** t) / bias2;
    if (length <= 5) {
      x.sub_(mean.mul(lr));
      return;
    }
    const rectified = ((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length);
    x.sub_(mean.div(square.sqrt().add(eps)).mul(lr * Math.sqrt(rectified * bias2)));
  }
}

/** Adam with Nesterov's momentum (Dozat 2016). Default lr 0.002. */
export class NAdam extends AdamVariant<NAdamOptions> {
  constructor(params: ParamsInput<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super(params, { lr: 2e-3, momentumDecay: 4e-3, ...defaults, ...options });
  }
  protected override check(options: NAdamOptions): void {
    super.check(options);
    checkOption('NAdam', 'momentumDecay', options.momentumDecay, 0);
  }
  protected override start(x: Tensor): ParamState {
    const { step, ...averages } = super.start(x);
    return { step: step as Tensor, mu_product: ones([]), ...averages };
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<NAdamOptions>): void {
    const { lr, betas, eps, momentumDecay } = group;
    const t = (state.step as Tensor).item();
    const momentum = (step: number) => betas[0] * (1 - 0.5 * 0.96 ** (step * momentumDecay));
    const [now, next] = [momentum(t), momentum(t + 1)];
    const product = (state.mu_product as Tensor).mul_(now).item();
    const mean = average(state, 'exp_avg', grad, 1 - betas[0]);
    const square = average(state, 'exp_avg_sq', grad.square(), 1 - betas[1]);
    const size = square
      .div(1 - betas[1] ** t)
      .sqrt()
      .add(eps);
    const ahead = grad.mul((1 - now) / (1 - product)).add(mean.mul(next / (1 - product * next)));
    x.sub_(ahead.div(size).mul(lr));
  }
}
