// SPDX-License-Identifier: MIT
import { noGrad } from '../autograd.js';
import { raw } from '../raw.js';
import { changing } from '../recording.js';
import { fromHandle, scalarOf, type Tensor, type TensorLike } from '../tensor.js';
import { checkOption, Optimizer, type ParamGroup, type ParamState } from './optimizer.js';

/** Options that all optimizers made of tensor ops have. */
export interface CommonOptions {
  /** Learning rate. */
  lr: number;
  /** Added to the gradient in proportion to the parameter. Default 0. */
  weightDecay: number;
  /** Climb instead of descending. Default false. */
  maximize: boolean;
}

/** @internal Base of optimizers written with tensor ops, one parameter after the other. */
export abstract class TensorOptimizer<O extends CommonOptions> extends Optimizer<O> {
  protected check(options: O): void {
    checkOption(this.constructor.name, 'lr', options.lr, 0);
    checkOption(this.constructor.name, 'weightDecay', options.weightDecay, 0);
  }
  /** State of a parameter before its first step; `step`, if there, counts. */
  protected abstract start(x: Tensor, group: ParamGroup<O>): ParamState;
  /** Changes one parameter and its state. */
  protected abstract move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<O>): void;
  /** Does the decay act on the gradient? */
  protected decaysGradient(_group: ParamGroup<O>): boolean {
    return true;
  }

  protected update(group: ParamGroup<O>): void {
    const { weightDecay, maximize } = group;
    const { params, states } = this.withState(group, (x) => this.start(x, group));
    noGrad(() => {
      for (const [i, x] of params.entries()) {
        const state = states[i] as ParamState;
        if (!x.grad) continue;
        const grad = maximize ? x.grad.neg() : x.grad;
        const onGradient = this.decaysGradient(group);
        state.step?.add_(1);
        if (weightDecay !== 0 && !onGradient) x.mul_(changing(() => 1 - group.lr * weightDecay));
        this.move(x, weightDecay !== 0 && onGradient ? grad.add(x.mul(weightDecay)) : grad, state, group);
      }
    });
  }
}

/** @internal average ← average · (1 - weight) + x · weight, in place. */
export function average(state: ParamState, key: string, x: Tensor, weight: number): Tensor {
  const running = state[key] as Tensor;
  running.mul_(1 - weight).add_(x.mul(weight));
  return running;
}

// Rates that depend on the number of steps are computed as float64 tensors, so that a recorded step counts on by itself.

const rawDiv = raw('div', 'a: Scalar, b: Scalar -> Tensor');
const rawPow = raw('pow', 'a: Scalar, b: Scalar -> Tensor');

/** @internal a / b, of which either may be a number. */
export const quotient = (a: TensorLike, b: TensorLike): Tensor => fromHandle(rawDiv(scalarOf(a), scalarOf(b)));
/** @internal The bias of an average that starts at zero: 1 - beta ** step. */
export const bias = (beta: number, step: Tensor): Tensor =>
  fromHandle(rawPow(beta, scalarOf(step.to('float64'))))
    .neg()
    .add(1);
