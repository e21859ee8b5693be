// SPDX-License-Identifier: MIT
import { fullLike, zeros, zerosLike } from '../creation.js';
import { changing } from '../recording.js';
import type { Tensor } from '../tensor.js';
import { average, bias, type CommonOptions, quotient, TensorOptimizer } from './elementwise.js';
import { checkOption, type ParamGroup, type ParamState, type ParamsInput } from './optimizer.js';

// Rates scaled by averages of the gradients' size.

const common = { weightDecay: 0, maximize: false };

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends CommonOptions {
  /** The rate falls as 1 / (1 + steps · lrDecay). Default 0. */
  lrDecay: number;
  /** Start of the sums of squares. Default 0. */
  initialAccumulatorValue: number;
  /** Added to the denominator. Default 1e-10. */
  eps: number;
}
/** Rates over the root of the sum of squared gradients (Duchi et al. 2011). Default lr 0.01. */
export class Adagrad extends TensorOptimizer<AdagradOptions> {
  constructor(params: ParamsInput<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(params, { lr: 0.01, lrDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, ...common, ...options });
  }
  protected override check(options: AdagradOptions): void {
    super.check(options);
    for (const name of ['lrDecay', 'initialAccumulatorValue', 'eps'] as const) {
      checkOption('Adagrad', name, options[name], 0);
    }
  }
  protected start(x: Tensor, { initialAccumulatorValue }: ParamGroup<AdagradOptions>): ParamState {
    return { step: zeros([]), sum: fullLike(x, initialAccumulatorValue) };
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<AdagradOptions>): void {
    const { lrDecay, eps } = group;
    const { step, sum } = state as { step: Tensor; sum: Tensor };
    sum.add_(grad.square());
    const lr = changing(() => group.lr);
    const rate = lrDecay ? quotient(lr, step.to('float64').sub(1).mul(lrDecay).add(1)).to(x.dtype) : lr;
    x.sub_(grad.div(sum.sqrt().add(eps)).mul(rate));
  }
}

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends CommonOptions {
  /** Decay of the averages. Default 0.9. */
  rho: number;
  /** Added under the roots. Default 1e-6. */
  eps: number;
}
/** Steps in proportion to the root of the average of past squared steps (Zeiler 2012). Default lr 1. */
export class Adadelta extends TensorOptimizer<AdadeltaOptions> {
  constructor(params: ParamsInput<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, { lr: 1, rho: 0.9, eps: 1e-6, ...common, ...options });
  }
  protected override check(options: AdadeltaOptions): void {
    super.check(options);
    checkOption('Adadelta', 'rho', options.rho, 0, 1 + Number.EPSILON);
    checkOption('Adadelta', 'eps', options.eps, 0);
  }
  protected start(x: Tensor): ParamState {
    return { step: zeros([]), square_avg: zerosLike(x), acc_delta: zerosLike(x) };
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<AdadeltaOptions>): void {
    const { rho, eps } = group;
    const size = average(state, 'square_avg', grad.square(), 1 - rho)
      .add(eps)
      .sqrt();
    const delta = (state.acc_delta as Tensor).add(eps).sqrt().div(size).mul(grad);
    average(state, 'acc_delta', delta.square(), 1 - rho);
    x.sub_(delta.mul(changing(() => group.lr)));
  }
}

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends CommonOptions {
  /** Decay of the averages. Default 0.99. */
  alpha: number;
  /** Added to the root. Default 1e-8. */
  eps: number;
  /** Share of the last step that is kept. Default 0. */
  momentum: number;
  /** Divide by the standard deviation instead of the root mean square. Default false. */
  centered: boolean;
}
/** Rates over the root of the average squared gradient (Tieleman & Hinton 2012). Default lr 0.01. */
export class RMSprop extends TensorOptimizer<RMSpropOptions> {
  constructor(params: ParamsInput<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(params, { lr: 0.01, alpha: 0.99, eps: 1e-8, momentum: 0, centered: false, ...common, ...options });
  }
  protected override check(options: RMSpropOptions): void {
    super.check(options);
    for (const name of ['alpha', 'eps', 'momentum'] as const) checkOption('RMSprop', name, options[name], 0);
  }
  protected start(x: Tensor, { momentum, centered }: ParamGroup<RMSpropOptions>): ParamState {
    return {
      step: zeros([]),
      square_avg: zerosLike(x),
      ...(momentum > 0 && { momentum_buffer: zerosLike(x) }),
      ...(centered && { grad_avg: zerosLike(x) }),
    };
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<RMSpropOptions>): void {
    const { alpha, eps, momentum, centered } = group;
    const square = average(state, 'square_avg', grad.square(), 1 - alpha);
    const spread = centered ? square.sub(average(state, 'grad_avg', grad, 1 - alpha).square()) : square;
    const step = grad.div(spread.sqrt().add(eps));
    const moved = momentum > 0 ? (state.momentum_buffer as Tensor).mul_(momentum).add_(step) : step;
    x.sub_(moved.mul(changing(() => group.lr)));
  }
}

/** Options of {@link Adamax}. */
export interface AdamaxOptions extends CommonOptions {
  /** Decay of the average of the gradient and of its largest size. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the gradient's size. Default 1e-8. */
  eps: number;
}
/** Adam with the largest instead of the mean square gradient (Kingma & Ba 2015). Default lr 0.002. */
export class Adamax extends TensorOptimizer<AdamaxOptions> {
  constructor(params: ParamsInput<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    super(params, { lr: 0.002, betas: [0.9, 0.999], eps: 1e-8, ...common, ...options });
  }
  protected override check(options: AdamaxOptions): void {
    super.check(options);
    for (const i of [0, 1]) checkOption('Adamax', `betas[${i}]`, options.betas?.[i], 0, 1);
    checkOption('Adamax', 'eps', options.eps, 0);
  }
  protected start(x: Tensor): ParamState {
    return { step: zeros([]), exp_avg: zerosLike(x), exp_inf: zerosLike(x) };
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<AdamaxOptions>): void {
    const { betas, eps } = group;
    const { step, exp_inf: largest } = state as { step: Tensor; exp_inf: Tensor };
    const mean = average(state, 'exp_avg', grad, 1 - betas[0]);
    largest.copy_(largest.mul(betas[1]).maximum(grad.abs().add(eps)));
    const rate = quotient(
      changing(() => group.lr),
      bias(betas[0], step),
    );
    x.sub_(mean.div(largest).mul(rate.to(x.dtype)));
  }
}
