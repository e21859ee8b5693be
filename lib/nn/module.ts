// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';
import { noGrad } from '../autograd.js';
import { type DType, dtypes } from '../dtype.js';
import { ArgumentTypeError, CheckpointError, DeviceError } from '../errors.js';
import { activeRecording, guard } from '../recording.js';
import { type Device, Tensor } from '../tensor.js';
import { type ForwardHook, type ForwardPreHook, Hooks, type RemovableHandle } from './hooks.js';
import { Parameter } from './parameter.js';

/** What {@link Module.loadStateDict} found. */
export interface LoadResult {
  /** Names of the module that the record lacks. */
  missingKeys: string[];
  /** Names of the record that the module lacks. */
  unexpectedKeys: string[];
}
/** Parameters and buffers by PyTorch's names. */
export type StateDict = Record<string, Tensor>;

interface BufferInfo {
  persistent: boolean;
}

const join = (prefix: string, name: string) => (prefix ? `${prefix}.${name}` : name);

/** PyTorch's indentation of a child's text. */
const indent = (text: string) => text.replaceAll('\n', '\n  ');

/**
 * Base of all layers and networks. Parameters, buffers and child modules are the object's own properties, in the
 * order they were assigned: `fc1 = new nn.Linear(784, 128)` as a class field is all it takes. (Private `#fields` and
 * plain arrays are not seen; use ModuleList.) Names and layouts equal PyTorch's.
 *
 * A module is called by `forward`. Hooks run around it: the first hook that is registered puts a wrapper in front of
 * this object's `forward`, so modules without hooks pay nothing.
 */
export abstract class Module {
  /** Training behaviour (dropout …) rather than that of inference? Set by `train()` and `eval()`. */
  get training(): boolean {
    const value = this.#training;
    if (activeRecording()) guard(() => this.#training === value);
    return value;
  }
  set training(value: boolean) {
    this.#training = value;
  }
  #training = true;
  #buffers = new Map<string, BufferInfo>();
  #hooks: Hooks | undefined = undefined;

  /** The computation. */
  abstract forward(...args: never[]): unknown;

  /** What the printed form shows in parentheses. */
  extraRepr(): string {
    return '';
  }

  // own parts

  #own(): [string, unknown][] {
    return Object.entries(this).filter(([, value]) => typeof value === 'object' && value !== null);
  }
  #ownParameters(): [string, Tensor][] {
    return this.#own().filter((entry): entry is [string, Tensor] => entry[1] instanceof Parameter);
  }
  #ownBuffers(): [string, Tensor][] {
    const found: [string, Tensor][] = [];
    for (const name of this.#buffers.keys()) {
      const value = (this as Record<string, unknown>)[name];
      if (value instanceof Tensor) found.push([name, value]);
    }
    return found;
  }
  /** The modules among this one's properties, with their names. */
  namedChildren(): [string, Module][] {
    return this.#own().filter((entry): entry is [string, Module] => entry[1] instanceof Module);
  }
  /** The modules among this one's properties. */
  children(): Module[] {
    return this.namedChildren().map(([, child]) => child);
  }

  #assign(kind: string, name: string, value: unknown): void {
    if (typeof name !== 'string' || name === '' || name.includes('.')) {
      throw new ArgumentTypeError(`${kind}: expected a name without a dot, got ${JSON.stringify(name)}`);
    }
    if (name in this && !Object.hasOwn(this, name)) {
      throw new ArgumentTypeError(`${kind}: '${name}' is a method of ${this.constructor.name}`);
    }
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  }
  /**
   * Adds a tensor that is state but not trained (running statistics …), as property `name`.
   * @param persistent false leaves it out of `stateDict()`. Default true.
   */
  registerBuffer(name: string, tensor: Tensor, { persistent = true }: { persistent?: boolean } = {}): void {
    if (!(tensor instanceof Tensor)) throw new ArgumentTypeError(`registerBuffer: ${name}: expected a Tensor`);
    this.#assign('registerBuffer', name, tensor);
    this.#buffers.set(name, { persistent });
  }
  /** Adds a parameter as property `name`. */
  registerParameter(name: string, parameter: Tensor): void {
    if (!(parameter instanceof Parameter)) {
      throw new ArgumentTypeError(`registerParameter: ${name}: expected an nn.Parameter`);
    }
    this.#assign('registerParameter', name, parameter);
  }
  /** Adds a child as property `name`. */
  registerModule(name: string, module: Module): void {
    if (!(module instanceof Module)) throw new ArgumentTypeError(`registerModule: ${name}: expected a Module`);
    this.#assign('registerModule', name, module);
  }

  // the tree; shared parts appear once, under their first name

  /** This module and all below it, with their names ('' for this one). */
  namedModules(): [string, Module][] {
    const seen = new Set<Module>();
    const visit = (module: Module, name: string): [string, Module][] => {
      if (seen.has(module)) return [];
      seen.add(module);
      return [[name, module], ...module.namedChildren().flatMap(([key, child]) => visit(child, join(name, key)))];
    };
    return visit(this, '');
  }
  /** This module and all below it. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }
  /** @internal */
  #collect(own: (module: Module) => [string, Tensor][]): [string, Tensor][] {
    const seen = new Set<Tensor>();
    return this.namedModules()
      .flatMap(([prefix, module]) => own(module).map(([name, x]): [string, Tensor] => [join(prefix, name), x]))
      .filter(([, x]) => !seen.has(x) && seen.add(x));
  }
  /** All parameters with their names, e.g. `fc1.weight`. */
  namedParameters(): [string, Tensor][] {
    return this.#collect((module) => module.#ownParameters());
  }
  /** All parameters. */
  parameters(): Tensor[] {
    return this.namedParameters().map(([, x]) => x);
  }
  /** All buffers with their names. */
  namedBuffers(): [string, Tensor][] {
    return this.#collect((module) => module.#ownBuffers());
  }
  /** All buffers. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, x]) => x);
  }

  /** Calls `fn` for every module, children first. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }
  /** Sets `training` in all modules. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }
  /** `train(false)`. */
  eval(): this {
    return this.train(false);
  }
  /** Turns the gradients of all parameters on or off. */
  requiresGrad_(requiresGrad = true): this {
    for (const x of this.parameters()) x.requiresGrad_(requiresGrad);
    return this;
  }
  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const x of this.parameters()) x.grad = undefined;
  }

  /**
   * Moves to a device, or converts floating point parameters and buffers to a dtype. A conversion puts new tensors
   * into the properties: make the optimizer after it.
   */
  to(target: DType | Device): this {
    if (target === 'cpu') return this;
    if (target === 'cuda') throw new DeviceError('to: this build has no CUDA support; tensors live on the CPU');
    if (!dtypes.includes(target))
      throw new ArgumentTypeError(`to: expected a dtype or a device, got ${String(target)}`);
    const converted = new Map<Tensor, Tensor>();
    for (const module of this.modules()) {
      for (const [name, x] of [...module.#ownParameters(), ...module.#ownBuffers()]) {
        if (!x.isFloatingPoint() || x.dtype === target) continue;
        const y = converted.get(x) ?? convert(x, target);
        converted.set(x, y);
        (module as unknown as Record<string, unknown>)[name] = y;
      }
    }
    return this;
  }

  // state

  /** Parameters and persistent buffers by name, on the same memory, without history. */
  stateDict(): StateDict {
    const state: StateDict = {};
    for (const [name, x] of this.#stateEntries()) state[name] = x.detach();
    return state;
  }
  #stateEntries(prefix = ''): [string, Tensor][] {
    const own = [...this.#ownParameters(), ...this.#ownBuffers().filter(([n]) => this.#buffers.get(n)?.persistent)];
    return [
      ...own.map(([name, x]): [string, Tensor] => [join(prefix, name), x]),
      ...this.namedChildren().flatMap(([name, child]) => child.#stateEntries(join(prefix, name))),
    ];
  }
  /**
   * Copies values into parameters and buffers by name; nothing is changed if something does not fit.
   * @param strict every name must be on both sides. Default true.
   * @throws CheckpointError that lists missing and unexpected names and other shapes
   */
  loadStateDict(record: Readonly<StateDict>, { strict = true }: { strict?: boolean } = {}): LoadResult {
    if (typeof record !== 'object' || record === null) {
      throw new ArgumentTypeError(
        `loadStateDict: expected an object of tensors, got ${record === null ? 'null' : typeof record}`,
      );
    }
    const own = new Map(this.#stateEntries());
    const missingKeys = [...own.keys()].filter((name) => !Object.hasOwn(record, name));
    const unexpectedKeys = Object.keys(record).filter((name) => !own.has(name));
    const found = [...own].filter(([name]) => Object.hasOwn(record, name));
    const problems = found.flatMap(([name, x]) => misfit(name, x, record[name]));
    const quoted = (names: string[]) => names.map((name) => `"${name}"`).join(', ');
    if (strict && missingKeys.length) problems.unshift(`Missing key(s) in state_dict: ${quoted(missingKeys)}.`);
    if (strict && unexpectedKeys.length)
      problems.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpectedKeys)}.`);
    if (problems.length) {
      const lines = problems.map((problem) => `\n\t${problem}`).join('');
      throw new CheckpointError(`loadStateDict: Error(s) in loading state_dict for ${this.constructor.name}:${lines}`);
    }
    noGrad(() => {
      for (const [name, x] of found) x.copy_(record[name] as Tensor);
    });
    return { missingKeys, unexpectedKeys };
  }

  // hooks

  #hooked(): Hooks {
    this.#hooks ??= new Hooks(this);
    return this.#hooks;
  }
  /** `hook(module, args)` runs before each `forward`; an array it returns takes the place of the arguments. */
  registerForwardPreHook(hook: ForwardPreHook): RemovableHandle {
    return this.#hooked().addPre(hook);
  }
  /** `hook(module, args, output)` runs after each `forward`; a value it returns takes the place of the output. */
  registerForwardHook(hook: ForwardHook): RemovableHandle {
    return this.#hooked().add(hook);
  }

  /** PyTorch's printed form. */
  toString(): string {
    const extra = this.extraRepr();
    const lines = this.childLines();
    const name = this.constructor.name;
    if (!lines.length) return `${name}(${indent(extra)})`;
    return `${name}(\n  ${[...(extra ? [indent(extra)] : []), ...lines].join('\n  ')}\n)`;
  }
  /** @internal The children's lines of the printed form. */
  protected childLines(): string[] {
    return this.namedChildren().map(([name, child]) => `(${name}): ${indent(child.toString())}`);
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

/** A parameter stays one; its gradient is converted with it. */
function convert(x: Tensor, dtype: DType): Tensor {
  const y = x.detach().to(dtype);
  if (!(x instanceof Parameter)) return y;
  const parameter = new Parameter(y, x.requiresGrad);
  if (x.grad) parameter.grad = x.grad.to(dtype);
  return parameter;
}

/** Why a loaded value cannot be copied into `x`. */
function misfit(name: string, x: Tensor, value: unknown): string[] {
  if (!(value instanceof Tensor)) return [`${name}: expected a Tensor, got ${value === null ? 'null' : typeof value}.`];
  if (value.shape.join() === x.shape.join()) return [];
  return [
    `size mismatch for ${name}: copying a param with shape [${value.shape.join(', ')}] from checkpoint, the shape in current model is [${x.shape.join(', ')}].`,
  ];
}
