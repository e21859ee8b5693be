// SPDX-License-Identifier: MIT
// suites: isa arm64
// For every differentiable row of the registry: the gradient against central differences, first and second order, and
// the fused backward against the expression.
import { type DType, grad, gradcheck, gradgradcheck, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { binaryRows, call, domainOf, reduceRows, sample, unaryRows, values } from './rows.js';

type Run = (...inputs: Tensor[]) => Tensor;
const options = { eps: 1e-5, atol: 1e-7, rtol: 1e-6 };

/** Second order, where the gradient's own ops have gradients. */
function checkSecondOrder(run: Run, inputs: Tensor[]) {
  try {
    gradgradcheck(run, inputs, options);
  } catch (error) {
    if (!/has no gradient/.test((error as Error).message)) throw error;
  }
}

/** Without a graph of the gradient fused kernels run; with one, the row's expression. */
function checkFused(run: Run, inputs: Tensor[], tolerance: number) {
  const gradients = (createGraph: boolean) =>
    grad(run(...inputs).sum(), inputs, { createGraph, allowUnused: true }).map((g) => (g ? values(g) : []));
  const expression = gradients(true).flat();
  for (const [i, fused] of gradients(false).flat().entries()) {
    const want = expression[i] as number;
    assert.ok(Math.abs(fused - want) <= tolerance * Math.max(1, Math.abs(want)), `fused ${fused}, expression ${want}`);
  }
}

function checkRow(run: Run, count: number, range: readonly [number, number], shape: readonly number[]) {
  const make = (dtype: DType) =>
    Array.from({ length: count }, (_, i) => sample(dtype, shape, range, i).requiresGrad_());
  gradcheck(run, make('float64'), options);
  checkSecondOrder(run, make('float64'));
  checkFused(run, make('float64'), 1e-13);
  checkFused(run, make('float32'), 1e-5);
}

for (const { name, differentiable } of unaryRows) {
  if (!differentiable) continue;
  test(`${name}: gradients`, () => {
    const run: Run = (x) => call(name, x);
    checkRow(
      run,
      1,
      domainOf((r) => run(sample('float64', [11], r))),
      [11],
    );
  });
}

for (const { name, differentiable } of binaryRows) {
  if (!differentiable) continue;
  test(`${name}: gradients, also where one side is broadcast or a number`, () => {
    const run: Run = (a, b) => call(name, a, b);
    const range = domainOf((r) => run(sample('float64', [9], r), sample('float64', [9], r, 1)));
    checkRow(run, 2, range, [9]);
    checkRow((a, b) => run(a, b.slice(0, 0, 1)), 2, range, [3, 2]);
    checkRow((a) => call(name, a, 1.75), 1, range, [7]);
    checkRow((a) => call(name, 1.75, a), 1, range, [7]);
  });
}

for (const { name, differentiable } of reduceRows) {
  if (!differentiable) continue;
  test(`${name}: gradients over every set of dimensions`, () => {
    for (const dims of [undefined, [0], [1], [-1], [0, 2], [0, 1, 2]]) {
      for (const keepdim of [false, true]) {
        checkRow((x) => call(name, x, dims, keepdim), 1, [-2, 2], [2, 3, 2]);
      }
    }
  });
}

test.run();
