// SPDX-License-Identifier: MIT
import type { Tensor } from '../../index.js';
import { type Handle, rawFunction } from '../../raw.js';
import { handleOf } from '../../tensor.js';
import { checkNumber } from '../inputs.js';
import type { Variable } from '../variable.js';
import { checkShares, Optimizer, type OptimizerOptions, type Slots } from './optimizer.js';

interface NativeOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  amsgrad: boolean;
}
type Step = (
  variables: Handle[],
  gradients: Handle[],
  momentums: Handle[],
  velocities: Handle[],
  velocityHats: Handle[],
  iterations: Handle,
  rate: Handle,
  options: NativeOptions,
) => void;
const rawStep = rawFunction<Step>('kerasAdamStep');

/** Options of the relatives of Adam. */
export interface BetaOptions extends OptimizerOptions {
  /** Decay of the average of the gradient. Default 0.9. */
  beta1?: number | undefined;
  /** Decay of the average of its square. Default 0.999. */
  beta2?: number | undefined;
  /** Keeps the denominator from 0. Default 1e-7. */
  epsilon?: number | undefined;
}
/** Options of {@link Adam}. */
export interface AdamOptions extends BetaOptions {
  /** Divide by the largest average so far (Reddi et al. 2018). Default false. */
  amsgrad?: boolean | undefined;
}

/** @internal Those three with their defaults, checked. */
export function betas(name: string, { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: BetaOptions) {
  checkShares(name, { beta1, beta2 });
  checkNumber(`${name}: epsilon`, epsilon, 0);
  return { beta1, beta2, epsilon };
}

/**
 * Adam (Kingma & Ba 2015) as Keras computes it, ε "hat" outside the corrected root:
 * x ← x - rate · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε). One native pass over all variables.
 */
export class Adam extends Optimizer<Omit<NativeOptions, 'weightDecay'>> {
  constructor(options: AdamOptions = {}) {
    const { beta1, beta2, epsilon, amsgrad = false, ...common } = options;
    super(common, { ...betas(new.target.name, { beta1, beta2, epsilon }), amsgrad });
  }
  protected slots(): Record<string, number> {
    return { momentum: 0, velocity: 0, ...(this.options.amsgrad && { velocity_hat: 0 }) };
  }
  // the native pass does it
  protected override decay(): void {}
  protected override update(gradients: Tensor[], variables: Variable[], states: Slots[], rate: Tensor): void {
    const handles = (list: readonly Tensor[]) => list.map((x) => handleOf(x, this.name));
    const slot = (key: string) => handles(states.map((state) => state[key] as Variable));
    rawStep(
      handles(variables),
      handles(gradients),
      slot('momentum'),
      slot('velocity'),
      this.options.amsgrad ? slot('velocity_hat') : [],
      handleOf(this.iterations),
      handleOf(rate),
      { ...this.options, weightDecay: this.weightDecay ?? 0 },
    );
  }
  protected move(x: Variable, gradient: Tensor, state: Slots, rate: Tensor): void {
    this.update([gradient], [x], [state], rate);
  }
}

/** Adam whose variables shrink by rate · weightDecay, 0.004 by default (Loshchilov & Hutter 2019). */
export class AdamW extends Adam {
  constructor(options: AdamOptions = {}) {
    super({ ...options, weightDecay: options.weightDecay ?? 0.004 });
  }
}
