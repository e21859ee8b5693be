// SPDX-License-Identifier: MIT

import type { DType, Tensor } from 'cresset';
import * as cresset from 'cresset';
import { type CallCase, checkCall } from './call.js';
import { compareTensors } from './compare.js';
import type { CaseFile } from './data.js';
import { models } from './models.js';
import type { Check } from './run.js';
import { decode, decodeOptions, isTensorRef, tensorOf } from './values.js';

/** What the checks need of a module. */
export interface ModuleLike {
  to(dtype: DType): ModuleLike;
  train(mode: boolean): ModuleLike;
  loadStateDict(record: Record<string, Tensor>): unknown;
  stateDict(): Record<string, Tensor>;
  namedParameters(): [string, Tensor][];
  parameters(): Tensor[];
  forward(...args: unknown[]): unknown;
}
export type ModuleClass = new (...args: unknown[]) => ModuleLike;

interface ModuleCase extends CallCase {
  module: string;
  init: { args: unknown[]; kwargs: Record<string, unknown> };
  training: boolean;
  state_dict: Record<string, unknown>;
  state_after?: Record<string, unknown>;
}

/** The tensors of a `state_dict`. */
export function stateOf(state: Record<string, unknown>, tensors: Record<string, Tensor>): Record<string, Tensor> {
  const entries = Object.entries(state).filter(([, ref]) => isTensorRef(ref));
  return Object.fromEntries(entries.map(([name, ref]) => [name, tensorOf(ref as { tensor: string }, tensors)]));
}

/** A name in a namespace of the library; undefined if it is not there. */
export function member(space: string, name: string): unknown {
  const found = (cresset as Record<string, unknown>)[space] as Record<string, unknown> | undefined;
  return found?.[name];
}

/** The class of `torch.nn` in our `nn`. */
export function moduleClass(name: string): ModuleClass | undefined {
  return member('nn', name) as ModuleClass | undefined;
}

const withOptions = (args: unknown[], kwargs: Record<string, unknown>) =>
  Object.keys(kwargs).length > 0 ? [...args, kwargs] : args;

/** Where a constructor is given None, ours takes null. */
function initOptions(kwargs: Record<string, unknown>, tensors: Record<string, Tensor>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(decodeOptions(kwargs, tensors)).map(([name, value]) => [name, value ?? null]),
  );
}

/** The check of `modules/<name>`. */
export function moduleCheck({ cases, tensors }: CaseFile): Check | undefined {
  const module = (cases[0] as ModuleCase).module.split('.').at(-1) as string;
  const Class = models[module] ?? moduleClass(module);
  return (
    Class &&
    ((untyped) => {
      const test = untyped as ModuleCase;
      const init = test.init.args.map((value) => decode(value, tensors));
      const module = new Class(...withOptions(init, initOptions(test.init.kwargs, tensors)));
      module
        .to(test.dtype as DType)
        .train(test.training)
        .loadStateDict(stateOf(test.state_dict, tensors));
      const args = test.args.map((value) => decode(value, tensors));
      const kwargs = decodeOptions(test.kwargs, tensors);
      const params = Object.fromEntries(module.namedParameters());
      checkCall(test, { args, kwargs, params }, tensors, () => module.forward(...withOptions(args, kwargs)));
      const after = module.stateDict();
      for (const [key, want] of Object.entries(stateOf(test.state_after ?? {}, tensors))) {
        compareTensors(`state ${key} afterwards`, after[key] as Tensor, want, test);
      }
    })
  );
}
