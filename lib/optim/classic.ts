// SPDX-License-Identifier: MIT
import { fullLike, ones, scalar, zeros, zerosLike } from '../creation.js';
import { where } from '../ops/where.js';
import { changing } from '../recording.js';
import type { Tensor } from '../tensor.js';
import { type CommonOptions, quotient, TensorOptimizer } from './elementwise.js';
import { checkOption, type ParamGroup, type ParamState, type ParamsInput } from './optimizer.js';

/** Options of {@link Rprop}. */
export interface RpropOptions extends CommonOptions {
  /** Factors of the step where the gradient's sign turns and where it stays. Default [0.5, 1.2]. */
  etas: readonly [number, number];
  /** Smallest and largest step. Default [1e-6, 50]. */
  stepSizes: readonly [number, number];
}
/** Steps that depend on the gradients' signs alone, for whole batches (Riedmiller & Braun 1993). Default lr 0.01. */
export class Rprop extends TensorOptimizer<RpropOptions> {
  constructor(params: ParamsInput<RpropOptions>, options: Partial<Omit<RpropOptions, 'weightDecay'>> = {}) {
    super(params, { lr: 0.01, etas: [0.5, 1.2], stepSizes: [1e-6, 50], weightDecay: 0, maximize: false, ...options });
  }
  protected override check(options: RpropOptions): void {
    super.check(options);
    checkOption('Rprop', 'etas[0]', options.etas?.[0], 0, 1);
    checkOption('Rprop', 'etas[1]', options.etas?.[1], 1);
    for (const i of [0, 1]) checkOption('Rprop', `stepSizes[${i}]`, options.stepSizes?.[i], 0);
  }
  protected start(x: Tensor, { lr }: ParamGroup<RpropOptions>): ParamState {
    return { step: zeros([]), prev: zerosLike(x), step_size: fullLike(x, lr) };
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, { etas, stepSizes }: ParamGroup<RpropOptions>): void {
    const { prev, step_size: size } = state as { prev: Tensor; step_size: Tensor };
    const agreement = grad.mul(prev);
    const turned = agreement.lt(0);
    const factor = where(agreement.gt(0), etas[1], where(turned, fullLike(x, etas[0]), 1));
    size.copy_(size.mul(factor).clamp(stepSizes[0], stepSizes[1]));
    const kept = where(turned, 0, grad);
    x.sub_(kept.sign().mul(size));
    prev.copy_(kept);
  }
}

/** Options of {@link ASGD}. */
export interface ASGDOptions extends CommonOptions {
  /** How fast the rate falls, and how much parameters shrink. Default 1e-4. */
  lambd: number;
  /** Power of the rate's fall. Default 0.75. */
  alpha: number;
  /** Step from which on parameters are averaged. Default 1e6. */
  t0: number;
}
/** Stochastic gradient descent with averaged parameters in state `ax` (Polyak & Juditsky 1992). Default lr 0.01. */
export class ASGD extends TensorOptimizer<ASGDOptions> {
  constructor(params: ParamsInput<ASGDOptions>, options: Partial<ASGDOptions> = {}) {
    super(params, { lr: 0.01, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false, ...options });
  }
  protected start(x: Tensor, { lr }: ParamGroup<ASGDOptions>): ParamState {
    return { step: zeros([]), eta: scalar(lr, 'float32'), mu: ones([]), ax: zerosLike(x) };
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<ASGDOptions>): void {
    const { lambd, alpha, t0 } = group;
    const { step, eta, mu, ax } = state as { step: Tensor; eta: Tensor; mu: Tensor; ax: Tensor };
    const lr = changing(() => group.lr);
    const t = step.to('float64');
    x.mul_(eta.to('float64').mul(-lambd).add(1).to(x.dtype)).sub_(grad.mul(eta.to(x.dtype)));
    ax.copy_(where(mu.eq(1), x, ax.add(x.sub(ax).mul(mu.to(x.dtype)))));
    eta.copy_(quotient(lr, t.mul(lambd).mul(lr).add(1).pow(alpha)));
    mu.copy_(t.sub(t0).maximum(1).reciprocal());
  }
}
