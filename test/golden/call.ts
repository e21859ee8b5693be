// SPDX-License-Identifier: MIT
import { grad, Tensor } from 'cresset';
import { compareGradient, compareOutputs, compareTensors, type Tolerance } from './compare.js';
import type { Case, Stored } from './data.js';
import { camel, tensorOf, tensorsByPath } from './values.js';

// What cases of ops/, composite/ and modules/ have in common: a call, outputs, a backward pass, changed arguments.

type Ref = { tensor: string };

/** The fields such a case has. */
export interface CallCase extends Case {
  args: Stored[];
  kwargs: Record<string, Stored>;
  inputs_requiring_grad: string[];
  output: Stored[];
  output_structure: string;
  cotangent: (Ref | null)[];
  grads: Record<string, Ref | null>;
  mutated?: Record<string, Ref>;
  grad_rtol: number;
  grad_atol: number;
}

/** The data's path with our names of keyword arguments; parameters keep theirs. */
const ownPath = (path: string) => (path.startsWith('kwargs.') ? camel(path) : path);

/** Gradients of the outputs that have one, started with the case's cotangents. */
function backward(outputs: unknown[], test: CallCase, inputs: Tensor[], tensors: Record<string, Tensor>) {
  const roots: Tensor[] = [];
  const starts: Tensor[] = [];
  test.cotangent.forEach((ref, i) => {
    const output = outputs[i];
    if (ref === null || !(output instanceof Tensor) || !output.requiresGrad) return;
    roots.push(output);
    starts.push(tensorOf(ref, tensors));
  });
  if (roots.length === 0 || inputs.length === 0) return inputs.map(() => undefined);
  return grad(roots, inputs, { gradOutputs: starts, allowUnused: true });
}

function compareGradients(
  outputs: unknown[],
  test: CallCase,
  byPath: Map<string, Tensor>,
  tensors: Record<string, Tensor>,
) {
  const paths = Object.keys(test.grads);
  const inputs = paths.map((path) => {
    const input = byPath.get(ownPath(path));
    if (!input) throw new Error(`golden data: no argument at ${path}`);
    return input;
  });
  const found = backward(outputs, test, inputs, tensors);
  const tolerance: Tolerance = { rtol: test.grad_rtol, atol: test.grad_atol };
  paths.forEach((path, i) => {
    const ref = test.grads[path];
    compareGradient(`gradient of ${path}`, found[i], ref ? tensorOf(ref, tensors) : undefined, tolerance);
  });
}

/**
 * Calls, and compares outputs, gradients and changed arguments.
 * @param args - decoded `args` and `kwargs`, and whatever else has gradients (a module's `params`)
 * @throws Mismatch
 */
export function checkCall(
  test: CallCase,
  args: { args: unknown[]; kwargs: Record<string, unknown>; params?: Record<string, Tensor> },
  tensors: Record<string, Tensor>,
  call: () => unknown,
): void {
  const byPath = new Map(Object.entries(args).flatMap(([name, value]) => [...tensorsByPath(value, name)]));
  for (const path of test.inputs_requiring_grad) byPath.get(ownPath(path))?.requiresGrad_();
  const outputs = compareOutputs(call(), test, tensors);
  compareGradients(outputs, test, byPath, tensors);
  for (const [path, ref] of Object.entries(test.mutated ?? {})) {
    compareTensors(`mutated ${path}`, byPath.get(ownPath(path)) as Tensor, tensorOf(ref, tensors), test);
  }
}
