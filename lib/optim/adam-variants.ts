// SPDX-License-Identifier: MIT
import { ones, zeros, zerosLike } from '../creation.js';
import { where } from '../ops/where.js';
import { changing } from '../recording.js';
import type { Tensor } from '../tensor.js';
import { average, bias, type CommonOptions, quotient, TensorOptimizer } from './elementwise.js';
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
  protected move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<RAdamOptions>): void {
    const { betas, eps } = group;
    const t = (state.step as Tensor).to('float64');
    const [bias1, bias2] = [bias(betas[0], t), bias(betas[1], t)];
    const mean = average(state, 'exp_avg', grad, 1 - betas[0]).div(bias1.to(x.dtype));
    const square = average(state, 'exp_avg_sq', grad.square(), 1 - betas[1]);
    const limit = 2 / (1 - betas[1]) - 1;
    const length = quotient(t.mul(2).mul(bias2.neg().add(1)), bias2)
      .neg()
      .add(limit);
    const old = length.gt(5);
    const variance = length
      .sub(4)
      .mul(length.sub(2))
      .mul(limit)
      .div(length.mul((limit - 4) * (limit - 2)));
    const factor = where(old, variance.mul(bias2).sqrt(), 1).mul(changing(() => group.lr));
    const size = where(old, square.sqrt().add(eps), 1);
    x.sub_(mean.div(size).mul(factor.to(x.dtype)));
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
    const { betas, eps, momentumDecay } = group;
    const t = (state.step as Tensor).to('float64');
    const momentum = (step: Tensor) =>
      bias(0.96, step.mul(momentumDecay))
        .add(1)
        .mul(0.5 * betas[0]);
    const [now, next] = [momentum(t), momentum(t.add(1))];
    const decayed = (state.mu_product as Tensor).mul_(now.to('float32')).to('float64');
    const left = (product: Tensor) => product.neg().add(1);
    const mean = average(state, 'exp_avg', grad, 1 - betas[0]);
    const square = average(state, 'exp_avg_sq', grad.square(), 1 - betas[1]);
    const size = square.div(bias(betas[1], t).to(x.dtype)).sqrt().add(eps);
    const ahead = grad
      .mul(left(now).div(left(decayed)).to(x.dtype))
      .add(mean.mul(next.div(left(decayed.mul(next))).to(x.dtype)));
    x.sub_(ahead.div(size).mul(changing(() => group.lr)));
  }
}
