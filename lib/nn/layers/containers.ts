// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';

/** A module from tensor to tensor. */
export type Layer = Module & { forward(x: Tensor): Tensor };

/** Position `i` of `n`, negative ones from the end. */
function position(op: string, i: number, n: number): number {
  const at = i < 0 ? i + n : i;
  if (!Number.isInteger(at) || at < 0 || at >= n) {
    throw new ArgumentRangeError(`${op}: index ${i} is out of range for ${n} modules`);
  }
  return at;
}

/** Modules one after the other, under the names 0, 1, 2 … unless they get others. */
abstract class Numbered<M extends Module> extends Module implements Iterable<M> {
  /** Number of modules. */
  get length(): number {
    return this.children().length;
  }
  /** The module at position `i`; negative ones count from the end. */
  at(i: number): M {
    const modules = this.children() as M[];
    return modules[position(this.constructor.name, i, modules.length)] as M;
  }
  /** Adds a module at the end. */
  append(module: M): this {
    this.registerModule(String(this.length), module);
    return this;
  }
  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }
  [Symbol.iterator](): Iterator<M> {
    return (this.children() as M[])[Symbol.iterator]();
  }
}

/** Layers one after the other: `new nn.Sequential(a, b)`, or with names of their own `new nn.Sequential({ a, b })`. */
export class Sequential extends Numbered<Layer> {
  constructor(...layers: Layer[] | [Record<string, Layer>]) {
    super();
    const [first] = layers;
    if (layers.length === 1 && first && !(first instanceof Module)) {
      for (const [name, layer] of Object.entries(first)) this.registerModule(name, layer);
    } else {
      this.extend(layers as Layer[]);
    }
  }
  forward(x: Tensor): Tensor {
    let y = x;
    for (const layer of this) y = layer.forward(y);
    return y;
  }
}

/** A list of modules; it is not called itself. */
export class ModuleList<M extends Module = Module> extends Numbered<M> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }
  forward(): never {
    throw new ArgumentTypeError('ModuleList: it has no forward; call the modules in it');
  }
  /** Equal neighbours on one line, as PyTorch prints them. */
  protected override childLines(): string[] {
    const runs: { text: string; first: number; last: number }[] = [];
    for (const [i, module] of [...this].entries()) {
      const text = module.toString();
      const run = runs.at(-1);
      if (run?.text === text) run.last = i;
      else runs.push({ text, first: i, last: i });
    }
    return runs.map(({ text, first, last }) => {
      const label = first === last ? `(${first}): ` : `(${first}-${last}): ${last - first + 1} x `;
      return label + text.replaceAll('\n', '\n  ');
    });
  }
}

/** Modules by name; it is not called itself. */
export class ModuleDict<M extends Module = Module> extends Module implements Iterable<[string, M]> {
  constructor(modules: Record<string, M> = {}) {
    super();
    for (const [name, module] of Object.entries(modules)) this.set(name, module);
  }
  forward(): never {
    throw new ArgumentTypeError('ModuleDict: it has no forward; call the modules in it');
  }
  /** Adds or replaces a module. */
  set(name: string, module: M): this {
    this.registerModule(name, module);
    return this;
  }
  /** The module of that name, or undefined. */
  get(name: string): M | undefined {
    return this.has(name) ? (this as unknown as Record<string, M>)[name] : undefined;
  }
  has(name: string): boolean {
    return this.namedChildren().some(([key]) => key === name);
  }
  keys(): string[] {
    return this.namedChildren().map(([key]) => key);
  }
  [Symbol.iterator](): Iterator<[string, M]> {
    return (this.namedChildren() as [string, M][])[Symbol.iterator]();
  }
}

/** A list of parameters under the names 0, 1, 2 …; it is not called itself. */
export class ParameterList extends Module implements Iterable<Tensor> {
  #length = 0;

  constructor(parameters: Iterable<Tensor> = []) {
    super();
    for (const x of parameters) this.append(x);
  }
  forward(): never {
    throw new ArgumentTypeError('ParameterList: it has no forward; use the parameters in it');
  }
  get length(): number {
    return this.#length;
  }
  /** The parameter at position `i`; negative ones count from the end. */
  at(i: number): Tensor {
    return (this as unknown as Record<string, Tensor>)[position('ParameterList', i, this.#length)] as Tensor;
  }
  /** Adds a parameter at the end. */
  append(parameter: Tensor): this {
    this.registerParameter(String(this.#length), parameter);
    this.#length++;
    return this;
  }
  *[Symbol.iterator](): Iterator<Tensor> {
    for (let i = 0; i < this.#length; i++) yield this.at(i);
  }
}
