// SPDX-License-Identifier: MIT
import { ArgumentTypeError, GraphError } from './errors.js';
import { type Handle, rawFunction } from './raw.js';
import { fromHandle, handleOf, type Tensor } from './tensor.js';

const rawSetGradEnabled = rawFunction<(enabled: boolean) => boolean>('setGradEnabled');
const rawGradEnabled = rawFunction<() => boolean>('gradEnabled');
const rawGrad =
  rawFunction<
    (
      roots: Handle[],
      inputs: Handle[],
      gradients: (Handle | undefined)[],
      retain: boolean,
      create: boolean,
    ) => (Handle | null)[]
  >('grad');

/** @internal Runs `body` after `enter`, and whatever happens what `enter` returned. @throws TypeError for a promise */
export function inScope<T>(name: string, body: () => T, enter: () => () => void): T {
  if (typeof body !== 'function') throw new ArgumentTypeError(`${name}: expected a function, got ${typeof body}`);
  const leave = enter();
  let result: T;
  try {
    result = body();
  } finally {
    leave();
  }
  if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
    throw new ArgumentTypeError(`${name}: the function returned a promise; scopes take synchronous functions`);
  }
  return result;
}

function scope<T>(name: string, enabled: boolean, body: () => T): T {
  return inScope(name, body, () => {
    const previous = rawSetGradEnabled(enabled);
    return () => rawSetGradEnabled(previous);
  });
}

/** Runs `body` without recording: results have no history. `body` must be synchronous. */
export function noGrad<T>(body: () => T): T {
  return scope('noGrad', false, body);
}
/** Runs `body` with recording on, inside `noGrad`. `body` must be synchronous. */
export function enableGrad<T>(body: () => T): T {
  return scope('enableGrad', true, body);
}
/** Are ops being recorded? */
export function isGradEnabled(): boolean {
  return rawGradEnabled();
}

/** Options of {@link grad}. */
export interface GradOptions {
  /** d(objective)/d(output) for each output; needed unless it has one element. */
  gradOutputs?: readonly (Tensor | undefined)[] | Tensor;
  retainGraph?: boolean;
  createGraph?: boolean;
  /** Give `undefined` for inputs that no output depends on, instead of an error. Default false. */
  allowUnused?: boolean;
}

/** The gradients of the sum of `outputs` with respect to `inputs`; the `grad` of leaves stays as it is. */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | undefined)[] {
  const { gradOutputs = [], createGraph = false, retainGraph = createGraph, allowUnused = false } = options;
  const list = (x: Tensor | readonly Tensor[]) => [x].flat() as Tensor[];
  const start = ([gradOutputs].flat() as (Tensor | undefined)[]).map((g) => (g ? handleOf(g, 'grad') : undefined));
  const found = rawGrad(
    list(outputs).map((x) => handleOf(x, 'grad: outputs')),
    list(inputs).map((x) => handleOf(x, 'grad: inputs')),
    start,
    retainGraph,
    createGraph,
  );
  return found.map((g, i) => {
    if (g) return fromHandle(g);
    if (allowUnused) return undefined;
    throw new GraphError(`grad: no output depends on input ${i}; pass allowUnused: true to get undefined`);
  });
}
