// SPDX-License-Identifier: MIT
import { zeros, zerosLike } from '../creation.js';
import { type Handle, rawFunction } from '../raw.js';
import { changingOptions } from '../recording.js';
import { handleOf, type Tensor } from '../tensor.js';
import { checkOption, Optimizer, type ParamGroup, type ParamState, type ParamsInput } from './optimizer.js';

interface NativeOptions {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  decoupled: boolean;
  amsgrad: boolean;
  maximize: boolean;
}
const rawAdamStep =
  rawFunction<
    (
      params: Handle[],
      expAvg: Handle[],
      expAvgSq: Handle[],
      maxExpAvgSq: Handle[],
      steps: Handle[],
      options: NativeOptions,
    ) => void
  >('adamStep');

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Learning rate. Default 0.001. */
  lr: number;
  /** Decay of the averages of the gradient and of its square. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps: number;
  /** Adam: added to the gradient, default 0. AdamW: the parameter shrinks by lr · weightDecay, default 0.01. */
  weightDecay: number;
  /** Divide by the largest average so far (Reddi et al. 2018). Default false. */
  amsgrad: boolean;
  /** Climb instead of descending. Default false. */
  maximize: boolean;
}

const defaults: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

/** Adam (Kingma & Ba 2015), one native pass over all parameters of a group. */
export class Adam extends Optimizer<AdamOptions> {
  /** Does weight decay act on the parameter rather than on the gradient? */
  protected readonly decoupled: boolean = false;

  constructor(params: ParamsInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, { ...defaults, ...options });
  }
  protected check({ lr, betas, eps, weightDecay }: AdamOptions): void {
    const name = this.constructor.name;
    checkOption(name, 'lr', lr, 0);
    checkOption(name, 'betas[0]', betas?.[0], 0, 1);
    checkOption(name, 'betas[1]', betas?.[1], 0, 1);
    checkOption(name, 'eps', eps, 0);
    checkOption(name, 'weightDecay', weightDecay, 0);
  }
  protected override fixedOptions({ amsgrad }: ParamGroup<AdamOptions>): string {
    return `${amsgrad}`;
  }
  protected update(group: ParamGroup<AdamOptions>): void {
    const { amsgrad } = group;
    const { params, states } = this.withState(group, (x) => newState(x, amsgrad));
    const list = (key: string) => states.map((state) => handleOf(state[key] as Tensor, key));
    rawAdamStep(
      params.map((x) => handleOf(x)),
      list('exp_avg'),
      list('exp_avg_sq'),
      amsgrad ? list('max_exp_avg_sq') : [],
      list('step'),
      changingOptions(8, () => this.nativeOptions(group)),
    );
  }
  /** In the order of the native fields. */
  private nativeOptions(group: ParamGroup<AdamOptions>): NativeOptions {
    const { lr, betas, eps, weightDecay, amsgrad, maximize } = group;
    this.check(group);
    return { lr, beta1: betas[0], beta2: betas[1], eps, weightDecay, decoupled: this.decoupled, amsgrad, maximize };
  }
}

function newState(x: Tensor, amsgrad: boolean): ParamState {
  const state: ParamState = { step: zeros([]), exp_avg: zerosLike(x), exp_avg_sq: zerosLike(x) };
  if (amsgrad) state.max_exp_avg_sq = zerosLike(x);
  return state;
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019). */
export class AdamW extends Adam {
  protected override readonly decoupled = true;

  constructor(params: ParamsInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, { weightDecay: 1e-2, ...options });
  }
}
