// SPDX-License-Identifier: MIT
import { grad } from './autograd.js';
import { tensor, zerosLike } from './creation.js';
import { ArgumentTypeError, CressetError, DTypeError } from './errors.js';
import { reshape } from './ops/view.js';
import { handleOf, type Tensor } from './tensor.js';

/** A gradient that autograd computed differs from the numeric one. */
export class GradcheckError extends CressetError {
  override readonly code = 'ERR_CRESSET_GRADCHECK';
}

/** How `gradcheck` differentiates and compares. */
export interface GradcheckOptions {
  /** Step of the central difference. Default 1e-6. */
  eps?: number | undefined;
  /** Absolute tolerance. Default 1e-5. */
  atol?: number | undefined;
  /** Relative tolerance. Default 1e-3. */
  rtol?: number | undefined;
}
/** What is checked: tensors in, one or several tensors out; the same inputs must give the same outputs. */
export type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** The outputs as an array, each a tensor. */
function outputsOf(name: string, fn: Differentiable, inputs: readonly Tensor[]): Tensor[] {
  const outputs = [fn(...inputs)].flat() as Tensor[];
  for (const output of outputs) handleOf(output, `${name}: the function's result`);
  return outputs;
}

const valuesOf = (x: Tensor) => Array.from(x.toTypedArray() as Float64Array, Number);
const withValues = (values: readonly number[], like: Tensor) => reshape(tensor(Float64Array.from(values)), like.shape);

/** Rows: elements of `output`; columns: elements of all `inputs`, one list for each input. */
function analyticJacobian(output: Tensor, inputs: readonly Tensor[]): number[][][] {
  return Array.from({ length: output.numel() }, (_, row) => {
    if (!output.requiresGrad) return inputs.map((x) => Array(x.numel()).fill(0) as number[]);
    const oneHot = withValues(
      Array.from({ length: output.numel() }, (_, i) => (i === row ? 1 : 0)),
      output,
    );
    const found = grad(output, inputs, { gradOutputs: oneHot, retainGraph: true, allowUnused: true });
    return found.map((g, i) => valuesOf(g ?? zerosLike(inputs[i] as Tensor)));
  });
}

function checkInputs(name: string, fn: Differentiable, inputs: readonly Tensor[]): Tensor[] {
  if (typeof fn !== 'function') throw new ArgumentTypeError(`${name}: expected a function, got ${typeof fn}`);
  if (!Array.isArray(inputs)) throw new ArgumentTypeError(`${name}: inputs: expected an array of tensors`);
  const differentiated = inputs.filter((x: Tensor, i) => handleOf(x, `${name}: input ${i}`) && x.requiresGrad);
  if (differentiated.length === 0) throw new ArgumentTypeError(`${name}: no input requires a gradient`);
  for (const x of differentiated) {
    if (x.dtype !== 'float64') {
      throw new DTypeError(`${name}: inputs that require a gradient must be float64, got ${x.dtype}`);
    }
  }
  return differentiated;
}

/**
 * Compares the gradients of `fn` with central differences: every element of every output against every element of
 * every input that requires a gradient. Inputs must be float64: in float32 the differences themselves are too rough.
 * @returns true
 * @throws GradcheckError naming output, input, elements and both values
 */
export function gradcheck(fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3 } = options;
  const differentiated = checkInputs('gradcheck', fn, inputs);
  const outputs = outputsOf('gradcheck', fn, inputs);
  const analytic = outputs.map((output) => analyticJacobian(output, differentiated));
  const evaluate = (replaced: Tensor, values: readonly number[]) => {
    const changed = inputs.map((x) => (x === replaced ? withValues(values, x) : x));
    return outputsOf('gradcheck', fn, changed).map(valuesOf);
  };
  differentiated.forEach((x, i) => {
    const values = valuesOf(x);
    values.forEach((value, column) => {
      const above = evaluate(x, values.with(column, value + eps));
      const below = evaluate(x, values.with(column, value - eps));
      for (const [o, rows] of analytic.entries()) {
        for (const [row, lists] of rows.entries()) {
          const got = lists[i]?.[column] as number;
          const want = ((above[o]?.[row] as number) - (below[o]?.[row] as number)) / (2 * eps);
          if (Math.abs(got - want) <= atol + rtol * Math.abs(want) || Object.is(got, want)) continue;
          throw new GradcheckError(
            `gradcheck: d(output ${o}, element ${row}) / d(input ${inputs.indexOf(x)}, element ${column}): ` +
              `autograd gives ${got}, the central difference ${want}`,
          );
        }
      }
    });
  });
  return true;
}

/**
 * `gradcheck` of the gradients of `fn`: second order.
 * @param options also `gradOutputs`: the start of the chain for each output; fixed numbers between 0.5 and 1.5 by default
 * @throws GradcheckError
 */
export function gradgradcheck(
  fn: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions & { gradOutputs?: readonly Tensor[] | undefined } = {},
): true {
  checkInputs('gradgradcheck', fn, inputs);
  const outputs = outputsOf('gradgradcheck', fn, inputs);
  const starts = (options.gradOutputs ?? outputs.map(defaultStart)).map((g) => g.detach().requiresGrad_());
  const gradients = (...all: Tensor[]): Tensor[] => {
    // The replaced input of a central difference comes without history.
    const own = all.slice(0, inputs.length).map((x, i) => (inputs[i]?.requiresGrad ? x.requiresGrad_() : x));
    const wanted = own.filter((_, i) => inputs[i]?.requiresGrad);
    const pairs = outputsOf('gradgradcheck', fn, own)
      .map((output, i) => [output, all[inputs.length + i]] as const)
      .filter(([output]) => output.requiresGrad);
    if (pairs.length === 0) return wanted.map((x) => zerosLike(x));
    const found = grad(
      pairs.map(([output]) => output),
      wanted,
      { gradOutputs: pairs.map(([, start]) => start), createGraph: true, allowUnused: true },
    );
    return found.map((g, i) => g ?? zerosLike(wanted[i] as Tensor));
  };
  return gradcheck(gradients, [...inputs, ...starts], options);
}

const defaultStart = (output: Tensor) =>
  withValues(
    Array.from({ length: output.numel() }, (_, i) => 0.5 + ((i * 0.618) % 1)),
    output,
  );
