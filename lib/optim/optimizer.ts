// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';
import { enableGrad } from '../autograd.js';
import { ArgumentRangeError, ArgumentTypeError, CheckpointError } from '../errors.js';
import { type Handle, rawFunction } from '../raw.js';
import { guard, unrecorded } from '../recording.js';
import { handleOf, Tensor } from '../tensor.js';

const rawClearGrads = rawFunction<(params: Handle[]) => void>('clearGrads');

/** Parameters that share options. */
export type ParamGroup<O> = O & { params: Tensor[] };
/** What an optimizer is made from: parameters, or groups of them with options of their own. */
export type ParamsInput<O> = Iterable<Tensor> | Iterable<Partial<O> & { params: Iterable<Tensor> }>;
/** State of one parameter by PyTorch's names, e.g. `exp_avg`. */
export type ParamState = Record<string, Tensor>;

/** An optimizer's state: parameters are numbered in the order of the groups. */
export interface OptimizerStateDict<O> {
  state: Record<number, ParamState>;
  paramGroups: (O & { params: number[] })[];
}

/** @internal Options as `check` wants them: a number of at least `min` and, if given, below `below`. */
export function checkOption(
  op: string,
  name: string,
  value: unknown,
  min: number,
  below = Number.POSITIVE_INFINITY,
): void {
  if (typeof value === 'number' && value >= min && value < below) return;
  const range = below === Number.POSITIVE_INFINITY ? `a number of at least ${min}` : `a number in [${min}, ${below})`;
  throw new ArgumentRangeError(`${op}: ${name}: expected ${range}, got ${String(value)}`);
}

/** The items as an array. The first wrong one ends it: an iterable may be endless. */
function listOf<T>(what: string, items: Iterable<T>, isRight: (item: T) => boolean): T[] {
  if (typeof items?.[Symbol.iterator] !== 'function') {
    throw new ArgumentTypeError(`${what}: expected a list, got ${items === null ? 'null' : typeof items}`);
  }
  const list: T[] = [];
  for (const item of items) {
    if (!isRight(item)) throw new ArgumentTypeError(`${what}: item ${list.length} is not a tensor or a group of them`);
    list.push(item);
  }
  return list;
}

/** Base of all optimizers. Gradients are read, parameters and state changed natively, without recording. */
export abstract class Optimizer<O extends { lr: number }> {
  /** Options may be changed between steps, e.g. `paramGroups[0].lr`. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** State of the parameters that have taken a step. */
  readonly state = new Map<Tensor, ParamState>();
  /** Options of groups that do not give their own. */
  readonly defaults: Readonly<O>;
  /** Moves on when groups or state tensors become others. */
  #generation = 0;

  protected constructor(params: ParamsInput<O>, defaults: O) {
    this.defaults = defaults;
    if (params instanceof Tensor || typeof params?.[Symbol.iterator] !== 'function') {
      throw new ArgumentTypeError(`${this.constructor.name}: params: expected a list of parameters or of groups`);
    }
    const items = listOf<unknown>(
      `${this.constructor.name}: params`,
      params,
      (item) => typeof item === 'object' && item !== null,
    );
    if (items.length === 0) throw new ArgumentRangeError(`${this.constructor.name}: params: got an empty list`);
    const groups = items.some((item) => item instanceof Tensor) ? [{ params: items as Tensor[] }] : items;
    for (const group of groups) this.addParamGroup(group as Partial<O> & { params: Iterable<Tensor> });
  }

  /** Throws a RangeError for options that make no sense. */
  protected abstract check(options: O): void;
  /** One update of the parameters of `group`. */
  protected abstract update(group: ParamGroup<O>): void;
  /** @internal The options that a recorded step holds fast, as text; it asks for all others before every run. */
  protected fixedOptions({ params, lr, ...fixed }: ParamGroup<O>): string {
    return JSON.stringify(fixed);
  }

  /** Adds parameters with options of their own. */
  addParamGroup(group: Partial<O> & { params: Iterable<Tensor> }): void {
    const name = this.constructor.name;
    const taken = new Set(this.paramGroups.flatMap((g) => g.params));
    const params = listOf(`${name}: params`, group.params, (x) => x instanceof Tensor);
    for (const x of params) {
      handleOf(x, `${name}: params`);
      if (!x.isLeaf)
        throw new ArgumentTypeError(`${name}: params: expected leaf tensors, got the result of ${x.gradFn}`);
      if (taken.has(x)) throw new ArgumentRangeError(`${name}: params: a parameter appears more than once`);
      taken.add(x);
    }
    const complete = { ...this.defaults, ...group, params };
    this.check(complete);
    this.paramGroups.push(complete);
    this.#generation++;
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups) rawClearGrads(params.map((x) => handleOf(x, 'zeroGrad')));
  }

  /**
   * Updates every parameter that has a gradient.
   * @param closure computes the loss and its gradients anew; its result is returned
   */
  step(): undefined;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    const loss = closure && enableGrad(closure);
    for (const group of this.paramGroups) {
      this.check(group);
      const fixed = this.fixedOptions(group);
      guard(() => this.fixedOptions(group) === fixed);
      this.update(group);
    }
    const generation = this.#generation;
    guard(() => this.#generation === generation);
    return loss;
  }

  /** @internal Parameters with state, which `make` creates at the first gradient. */
  protected withState(
    group: ParamGroup<O>,
    make: (x: Tensor) => ParamState,
  ): { params: Tensor[]; states: ParamState[] } {
    const params: Tensor[] = [];
    const states: ParamState[] = [];
    for (const x of group.params) {
      let state = this.state.get(x);
      if (!state) {
        if (!x.grad) continue;
        state = unrecorded(() => make(x));
        this.state.set(x, state);
      }
      params.push(x);
      states.push(state);
    }
    return { params, states };
  }

  /** State and options; tensors are the optimizer's own. */
  stateDict(): OptimizerStateDict<O> {
    const index = new Map(this.paramGroups.flatMap((g) => g.params).map((x, i) => [x, i]));
    const state: Record<number, ParamState> = {};
    for (const [x, own] of this.state) state[index.get(x) as number] = { ...own };
    const paramGroups = this.paramGroups.map(({ params, ...options }) => ({
      ...(options as unknown as O),
      params: params.map((x) => index.get(x) as number),
    }));
    return { state, paramGroups };
  }

  /**
   * Takes over copies of a state and its options.
   * @throws CheckpointError if groups, numbers of parameters or shapes differ
   */
  loadStateDict(dict: OptimizerStateDict<O>): void {
    const name = this.constructor.name;
    if (!Array.isArray(dict?.paramGroups) || typeof dict.state !== 'object' || dict.state === null) {
      throw new ArgumentTypeError(`${name}: loadStateDict: expected { state, paramGroups }`);
    }
    const sizes = (groups: readonly { params: readonly unknown[] }[]) => groups.map((g) => g.params.length).join(', ');
    const [own, given] = [sizes(this.paramGroups), sizes(dict.paramGroups)];
    if (own !== given) {
      throw new CheckpointError(`${name}: loadStateDict: expected groups of [${own}] parameters, got [${given}]`);
    }
    for (const group of dict.paramGroups) this.check(group);
    const loaded = new Map<Tensor, ParamState>();
    dict.paramGroups.forEach((group, g) => {
      group.params.forEach((number, i) => {
        const x = this.paramGroups[g]?.params[i] as Tensor;
        const state = dict.state[number];
        if (state) loaded.set(x, copyState(`${name}: loadStateDict: parameter ${number}`, x, state));
      });
    });
    this.#generation++;
    this.state.clear();
    for (const [x, state] of loaded) this.state.set(x, state);
    dict.paramGroups.forEach(({ params, ...options }, g) => {
      Object.assign(this.paramGroups[g] as object, options);
    });
  }

  toString(): string {
    const groups = this.paramGroups.map(({ params, ...options }, i) => {
      const lines = Object.entries(options).map(([key, value]) => `    ${key}: ${inspect(value)}`);
      return `Parameter Group ${i} (${params.length} tensors)\n${lines.join('\n')}`;
    });
    return `${this.constructor.name} (\n${groups.join('\n\n')}\n)`;
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

/** Copies in the parameter's dtype; scalars (step counts) keep theirs. */
function copyState(where: string, x: Tensor, state: ParamState): ParamState {
  const copy: ParamState = {};
  for (const [key, value] of Object.entries(state)) {
    if (!(value instanceof Tensor))
      throw new CheckpointError(`${where}: ${key}: expected a Tensor, got ${typeof value}`);
    if (value.ndim !== 0 && value.shape.join() !== x.shape.join()) {
      throw new CheckpointError(`${where}: ${key}: expected shape [${x.shape}], got [${value.shape}]`);
    }
    const own = value.detach().clone();
    copy[key] = value.ndim === 0 ? own : own.to(x.dtype);
  }
  return copy;
}
