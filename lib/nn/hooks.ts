// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../errors.js';
import type { Module } from './module.js';

/** Runs before `forward`. */
export type ForwardPreHook = (module: Module, args: unknown[]) => unknown[] | undefined;
/** Runs after `forward`. */
export type ForwardHook = (module: Module, args: unknown[], output: unknown) => unknown;
/** Takes a hook away again. */
export interface RemovableHandle {
  remove(): void;
}

/** The hooks of one module, and the wrapper of its `forward` that runs them. */
export class Hooks {
  #before = new Set<{ hook: ForwardPreHook }>();
  #after = new Set<{ hook: ForwardHook }>();

  constructor(module: Module) {
    const forward = module.forward as (...args: unknown[]) => unknown;
    const value = (...args: unknown[]) => this.#run(module, forward, args);
    Object.defineProperty(module, 'forward', { value, enumerable: false, writable: true, configurable: true });
  }

  #run(module: Module, forward: (...args: unknown[]) => unknown, given: unknown[]): unknown {
    let args = given;
    for (const { hook } of this.#before) args = hook(module, args) ?? args;
    let output = forward.apply(module, args);
    for (const { hook } of this.#after) output = hook(module, args, output) ?? output;
    return output;
  }

  addPre(hook: ForwardPreHook): RemovableHandle {
    return add(this.#before, 'registerForwardPreHook', hook);
  }
  add(hook: ForwardHook): RemovableHandle {
    return add(this.#after, 'registerForwardHook', hook);
  }
}

function add<H>(hooks: Set<{ hook: H }>, op: string, hook: H): RemovableHandle {
  if (typeof hook !== 'function') throw new ArgumentTypeError(`${op}: expected a function, got ${typeof hook}`);
  const entry = { hook };
  hooks.add(entry);
  return { remove: () => hooks.delete(entry) };
}
