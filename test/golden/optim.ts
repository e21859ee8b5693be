// SPDX-License-Identifier: MIT
import { Tensor } from 'cresset';
import { compareTensors, Mismatch } from './compare.js';
import type { Case, CaseFile } from './data.js';
import { member } from './modules.js';
import type { Check } from './run.js';
import { camel, decodeOptions, tensorOf } from './values.js';

type Refs = Record<string, { tensor: string }>;

interface OptimizerCase extends Case {
  options: Record<string, unknown>;
  steps: number;
  param_groups: ({ params: string[] } & Record<string, unknown>)[];
  grads: Refs;
  params: Refs;
  final_state: Record<string, Record<string, unknown>>;
}
interface ClipCase extends Case {
  options: Record<string, number>;
  grads: Refs;
  clipped: Refs;
  total_norm: number;
}
/** What the checks need of an optimizer. */
export interface OptimizerLike {
  step(): unknown;
  zeroGrad(): void;
  stateDict(): { state: Record<string, Record<string, unknown>> };
  paramGroups: Record<string, unknown>[];
}
export type OptimizerClass = new (params: unknown, options: Record<string, unknown>) => OptimizerLike;

function compareState(
  test: OptimizerCase,
  optimizer: OptimizerLike,
  names: string[],
  tensors: Record<string, Tensor>,
): void {
  const { state } = optimizer.stateDict();
  names.forEach((name, i) => {
    for (const [key, ref] of Object.entries(test.final_state[name] ?? {})) {
      if (ref === null) continue;
      const got = state[i]?.[key] ?? state[i]?.[camel(key)];
      const want = typeof ref === 'number' ? ref : tensorOf(ref as { tensor: string }, tensors);
      const what = `state ${name}.${key}`;
      if (got instanceof Tensor && want instanceof Tensor && want.ndim > 0) compareTensors(what, got, want, test);
      else if (!near(Number(plainOf(got)), Number(plainOf(want)), test))
        throw new Mismatch(`${what}: got ${plainOf(got)}, want ${plainOf(want)}`);
    }
  });
}
const near = (got: number, want: number, { rtol, atol }: Case) => Math.abs(got - want) <= atol + rtol * Math.abs(want);
const plainOf = (x: unknown) => (x instanceof Tensor ? x.item() : x);

/** Runs the steps with the stored gradients; parameters are compared after each. */
function checkOptimizer(Class: OptimizerClass, test: OptimizerCase, tensors: Record<string, Tensor>): void {
  const row = (refs: Refs, name: string, i: number) => tensorOf(refs[name] as { tensor: string }, tensors).select(0, i);
  const names = test.param_groups.flatMap(({ params }) => params);
  const params = new Map(names.map((name) => [name, row(test.params, name, 0).clone().requiresGrad_()]));
  const groups = test.param_groups.map(({ params: list, ...options }) => ({
    params: list.map((name) => params.get(name)),
    ...decodeOptions(options, tensors),
  }));
  const optimizer = new Class(groups, decodeOptions(test.options, tensors));
  for (let step = 0; step < test.steps; step++) {
    for (const [name, param] of params) param.grad = row(test.grads, name, step).clone();
    optimizer.step();
    for (const [name, param] of params) {
      compareTensors(`${name} after step ${step}`, param.detach(), row(test.params, name, step + 1), test);
    }
  }
  compareState(test, optimizer, names, tensors);
}

function checkClip(clip: (...args: unknown[]) => unknown, test: ClipCase, tensors: Record<string, Tensor>): void {
  const names = Object.keys(test.grads);
  const params = names.map((name) => {
    const grad = tensorOf(test.grads[name] as { tensor: string }, tensors);
    const param = grad.mul(0).requiresGrad_();
    param.grad = grad.clone();
    return param;
  });
  const [limit, ...rest] = Object.values(decodeOptions(test.options, tensors));
  const norm = clip(params, limit, ...(rest.length > 0 ? [{ normType: rest[0] }] : []));
  if (test.total_norm !== null && test.total_norm !== undefined) {
    const got = Number(plainOf(norm));
    const slack = test.atol + test.rtol * Math.abs(test.total_norm);
    if (!(Math.abs(got - test.total_norm) <= slack))
      throw new Mismatch(`total_norm: got ${got}, want ${test.total_norm}`);
  }
  names.forEach((name, i) => {
    compareTensors(
      `clipped ${name}`,
      params[i]?.grad as Tensor,
      tensorOf(test.clipped[name] as { tensor: string }, tensors),
      test,
    );
  });
}

/** The check of `optim/<name>`: an optimizer, or one of the clipping functions. */
export function optimCheck({ name, tensors }: CaseFile): Check | undefined {
  if (name.startsWith('clip_')) {
    const utils = member('nn', 'utils') as Record<string, (...args: unknown[]) => unknown> | undefined;
    const clip = utils?.[camel(name)];
    return clip && ((test) => checkClip(clip, test as ClipCase, tensors));
  }
  const Class = member('optim', name) as OptimizerClass | undefined;
  return Class && ((test) => checkOptimizer(Class, test as OptimizerCase, tensors));
}
