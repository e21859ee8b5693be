// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../../errors.js';
import { clamp, full, noGrad, Tensor, tensor, zeros } from '../../index.js';
import { guard, unrecorded } from '../../recording.js';
import { checkNumber, decapitalized } from '../inputs.js';
import { Variable } from '../variable.js';
import { LearningRateSchedule } from './schedules.js';

/** Options of every optimizer. */
export interface OptimizerOptions {
  /** Default 0.001, of `SGD` 0.01. */
  learningRate?: number | LearningRateSchedule | undefined;
  /** Variables shrink by learningRate · weightDecay before each step. Default: they do not, in `AdamW` 0.004. */
  weightDecay?: number | undefined;
  /** Largest norm of each gradient; larger ones are scaled down to it. At most one of the three may be given. */
  clipnorm?: number | undefined;
  /** Largest magnitude of a gradient's element. */
  clipvalue?: number | undefined;
  /** Largest norm of all gradients taken together. */
  globalClipnorm?: number | undefined;
  /** Default: the class' name. */
  name?: string | undefined;
}

/** State that belongs to one variable, by name. */
export type Slots = Record<string, Variable>;

const norm = (gradients: readonly Tensor[]) =>
  gradients
    .map((g) => g.square().sum())
    .reduce((a, b) => a.add(b))
    .sqrt();

/** Base of all optimizers. State lies in variables: the count of steps, the learning rate and each variable's own. */
export abstract class Optimizer<O extends object = object> {
  readonly name: string;
  readonly weightDecay: number | undefined;
  readonly clipnorm: number | undefined;
  readonly clipvalue: number | undefined;
  readonly globalClipnorm: number | undefined;
  /** How many steps were taken, an int64 scalar. */
  readonly iterations: Variable = new Variable(tensor(0), { trainable: false, name: 'iteration' });
  /** What the subclass adds to the options. */
  protected readonly options: O;
  readonly #rate = new Variable(zeros([], { dtype: 'float64' }), { trainable: false, name: 'learning_rate' });
  #schedule: LearningRateSchedule | undefined;
  readonly #slots = new Map<Tensor, Slots>();
  readonly #extra: Variable[] = [];

  constructor({ learningRate = 0.001, name, ...common }: OptimizerOptions, options: O) {
    this.name = name ?? decapitalized(new.target.name);
    this.options = options;
    const { weightDecay, clipnorm, clipvalue, globalClipnorm } = common;
    for (const [key, value] of Object.entries({ weightDecay, clipnorm, clipvalue, globalClipnorm })) {
      if (value !== undefined && value !== null) checkNumber(`${this.name}: ${key}`, value, 0);
    }
    if ([clipnorm, clipvalue, globalClipnorm].filter((value) => value !== undefined && value !== null).length > 1) {
      throw new ArgumentRangeError(`${this.name}: expected one of clipnorm, clipvalue and globalClipnorm, got several`);
    }
    this.weightDecay = weightDecay;
    this.clipnorm = clipnorm;
    this.clipvalue = clipvalue;
    this.globalClipnorm = globalClipnorm;
    this.#setRate(learningRate);
  }

  /** The rate of the next step. May be set to a number or a schedule; not to a number while a schedule holds. */
  get learningRate(): number {
    return this.#currentRate().item();
  }
  set learningRate(rate: number | LearningRateSchedule) {
    if (this.#schedule && typeof rate === 'number') {
      throw new ArgumentTypeError(`${this.name}: learningRate: a schedule sets it; set another schedule instead`);
    }
    this.#setRate(rate);
  }
  #setRate(rate: number | LearningRateSchedule): void {
    if (rate instanceof LearningRateSchedule) {
      this.#schedule = rate;
      return;
    }
    checkNumber(`${this.name}: learningRate`, rate, 0);
    this.#rate.assign(tensor(rate, { dtype: 'float64' }));
  }
  #currentRate(): Tensor {
    return this.#schedule ? this.#schedule.call(this.iterations) : this.#rate;
  }

  /** The whole state: steps, learning rate, then what `build` has made. */
  get variables(): readonly Variable[] {
    const own = [...this.#slots.values()].flatMap((slots) => Object.values(slots));
    return [this.iterations, this.#rate, ...this.#extra, ...own];
  }
  /** Has the state been made? */
  get built(): boolean {
    return this.#slots.size > 0;
  }
  /** Makes the state for these variables. The first step does it by itself. Later calls do nothing. */
  build(variables: Iterable<Variable>): void {
    if (this.#slots.size > 0) return;
    unrecorded(() => this.#makeSlots(variables));
  }
  #makeSlots(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      if (!(variable instanceof Tensor)) {
        throw new ArgumentTypeError(`${this.name}: build: expected variables, got ${typeof variable}`);
      }
      const entries = Object.entries(this.slots()).map(([key, value]) => {
        const start = full(variable.shape, value, { dtype: variable.dtype });
        return [key, new Variable(start, { trainable: false, name: `${variable.name}_${key}` })];
      });
      this.#slots.set(variable, Object.fromEntries(entries));
    }
  }
  /** State of the optimizer as a whole. */
  protected addVariable(name: string, value: number): Variable {
    const variable = new Variable(tensor(value, { dtype: 'float64' }), { trainable: false, name });
    this.#extra.push(variable);
    return variable;
  }
  /** Names and first values of the state of each variable. */
  protected abstract slots(): Record<string, number>;

  /**
   * One step: clips the gradients, decays the weights, moves the variables.
   * @param pairs - gradients with their variables, as `tape.gradient` gives them; those without one stay as they are
   * @throws RangeError if no variable has a gradient, or for a variable that the first step or `build` did not have
   */
  applyGradients(pairs: Iterable<readonly [Tensor | null | undefined, Variable]>): void {
    const list = [...pairs];
    this.apply(
      list.map(([gradient]) => gradient),
      list.map(([, variable]) => variable),
    );
  }
  /** As `applyGradients`; without `variables`, for those of `build` in their order. */
  apply(gradients: readonly (Tensor | null | undefined)[], variables?: readonly Variable[]): void {
    const all = variables ?? ([...this.#slots.keys()] as Variable[]);
    if (gradients.length !== all.length) {
      throw new ArgumentRangeError(`${this.name}: got ${gradients.length} gradients for ${all.length} variables`);
    }
    const present = gradients.flatMap((g, i) => (g ? [i] : []));
    if (present.length === 0) throw new ArgumentRangeError(`${this.name}: no variable has a gradient`);
    for (const i of present) this.#check(gradients[i] as Tensor, all[i] as Variable);
    this.build(all);
    noGrad(() =>
      this.#step(
        present.map((i) => gradients[i] as Tensor),
        present.map((i) => all[i] as Variable),
      ),
    );
  }
  #check(gradient: Tensor, variable: Variable): void {
    for (const x of [gradient, variable]) {
      if (!(x instanceof Tensor)) {
        throw new ArgumentTypeError(`${this.name}: expected a gradient and a variable, got ${typeof x}`);
      }
    }
    if (gradient.shape.join() !== variable.shape.join()) {
      throw new ShapeError(
        `${this.name}: the gradient of ${variable.name} has shape [${gradient.shape}], expected [${variable.shape}]`,
      );
    }
    if (this.#slots.size > 0 && !this.#slots.has(variable)) {
      throw new ArgumentRangeError(`${this.name}: ${variable.name} is not among the variables it was built with`);
    }
  }
  #step(gradients: Tensor[], variables: Variable[]): void {
    const schedule = this.#schedule;
    guard(() => this.#schedule === schedule);
    const rate = this.#currentRate();
    const states = variables.map((variable) => this.#slots.get(variable) as Slots);
    const clipped = this.#clip(gradients);
    this.decay(variables, rate);
    this.update(clipped, variables, states, rate);
    this.iterations.add_(1);
  }
  #clip(gradients: Tensor[]): Tensor[] {
    const { clipnorm, clipvalue, globalClipnorm } = this;
    // an infinite norm makes all NaN rather than 0
    const toNorm = (g: Tensor, length: Tensor, limit: number) =>
      g.mul(length.maximum(limit).reciprocal().mul(limit).add(length.sub(length)));
    if (clipnorm) return gradients.map((g) => toNorm(g, norm([g]), clipnorm));
    if (clipvalue) return gradients.map((g) => clamp(g, -clipvalue, clipvalue));
    if (!globalClipnorm) return gradients;
    const length = norm(gradients);
    return gradients.map((g) => toNorm(g, length, globalClipnorm));
  }
  /** Shrinks the variables. */
  protected decay(variables: readonly Variable[], rate: Tensor): void {
    if (!this.weightDecay) return;
    const factor = rate.mul(-this.weightDecay).add(1);
    for (const variable of variables) variable.mul_(factor);
  }
  /** Moves all variables that have a gradient. */
  protected update(gradients: Tensor[], variables: Variable[], states: Slots[], rate: Tensor): void {
    for (const [i, x] of variables.entries()) this.move(x, gradients[i] as Tensor, states[i] as Slots, rate);
  }
  /** Moves one variable. */
  protected abstract move(x: Variable, gradient: Tensor, state: Slots, rate: Tensor): void;

  /** The options that make an equal optimizer; of a schedule its own. */
  getConfig(): Record<string, unknown> {
    const { name, weightDecay, clipnorm, clipvalue, globalClipnorm } = this;
    const learningRate = this.#schedule ? this.#schedule.getConfig() : this.learningRate;
    return { name, learningRate, weightDecay, clipnorm, clipvalue, globalClipnorm, ...this.options };
  }
}

/** @internal Checks a decay rate of averages. */
export function checkShares(name: string, options: Record<string, number>): void {
  for (const [key, value] of Object.entries(options)) checkNumber(`${name}: ${key}`, value, 0, 1);
}
