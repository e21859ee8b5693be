// SPDX-License-Identifier: MIT
import { zerosLike } from '../creation.js';
import { ArgumentRangeError } from '../errors.js';
import { type Handle, rawFunction } from '../raw.js';
import { changingOptions } from '../recording.js';
import { handleOf, type Tensor } from '../tensor.js';
import { checkOption, Optimizer, type ParamGroup, type ParamsInput } from './optimizer.js';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate. Default 0.001. */
  lr: number;
  /** Share of the last step that is kept. Default 0. */
  momentum: number;
  /** Share of the gradient that does not enter the momentum. Default 0. */
  dampening: number;
  /** Added to the gradient, times the parameter. Default 0. */
  weightDecay: number;
  /** Look ahead along the momentum (Sutskever et al. 2013). Default false. */
  nesterov: boolean;
  /** Climb instead of descending. Default false. */
  maximize: boolean;
}

type NativeOptions = Omit<SGDOptions, 'params'> & { first: boolean };
const rawSgdStep = rawFunction<(params: Handle[], buffers: Handle[], options: NativeOptions) => void>('sgdStep');

const defaults: SGDOptions = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
};

const handles = (tensors: readonly Tensor[]) => tensors.map((x) => handleOf(x, 'SGD'));

/** Stochastic gradient descent, with momentum if asked for; one native pass over all parameters of a group. */
export class SGD extends Optimizer<SGDOptions> {
  /** Parameters whose momentum buffer holds nothing yet: it becomes the gradient itself, without dampening. */
  readonly #empty = new WeakSet<Tensor>();

  constructor(params: ParamsInput<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super(params, { ...defaults, ...options });
  }
  protected check({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    checkOption('SGD', 'lr', lr, 0);
    checkOption('SGD', 'momentum', momentum, 0);
    checkOption('SGD', 'weightDecay', weightDecay, 0);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ArgumentRangeError(
        `SGD: nesterov: expected a momentum above 0 and no dampening, got momentum ${momentum} and dampening ${dampening}`,
      );
    }
  }
  protected override fixedOptions({ momentum }: ParamGroup<SGDOptions>): string {
    return `${momentum !== 0}`;
  }
  protected update(group: ParamGroup<SGDOptions>): void {
    if (group.momentum === 0) this.run(group, group.params, []);
    else this.updateWithMomentum(group);
  }
  private updateWithMomentum(group: ParamGroup<SGDOptions>): void {
    const { params, states } = this.withState(group, (x) => {
      this.#empty.add(x);
      return { momentum_buffer: zerosLike(x) };
    });
    const buffers = states.map((state) => state.momentum_buffer as Tensor);
    const fresh = params.map((x) => this.#empty.has(x));
    for (const first of [false, true]) {
      if (!fresh.includes(first)) continue;
      this.run(
        group,
        params.filter((_, i) => fresh[i] === first),
        buffers.filter((_, i) => fresh[i] === first),
      );
    }
  }
  private run(group: ParamGroup<SGDOptions>, params: Tensor[], buffers: Tensor[]): void {
    const options = changingOptions(7, () => this.nativeOptions(group, buffers.length ? params : []));
    rawSgdStep(handles(params), handles(buffers), options);
  }
  /** In the order of the native fields. Parameters are asked for once before each step: those still fresh are no more. */
  private nativeOptions(group: ParamGroup<SGDOptions>, params: readonly Tensor[]): NativeOptions {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    this.check(group);
    const first = params.map((x) => this.#empty.delete(x)).includes(true);
    return { lr, momentum, dampening, weightDecay, nesterov, maximize, first };
  }
}
