// SPDX-License-Identifier: MIT
// Values and gradients that TensorFlow computed (reference/generate.py).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DType, tensor } from 'cresset';
import * as tf from 'cresset/tf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from '../support/tools.js';

interface Stored {
  dtype: DType;
  shape: number[];
  data: (number | string)[];
}
interface Case {
  name: string;
  args: unknown[];
  options: Record<string, unknown> | null;
  result: Stored | Stored[];
  gradients: (Stored | null)[];
}
const cases: Case[] = JSON.parse(readFileSync(join(projectRoot, 'test/tf/reference/ops.json'), 'utf8'));

const isStored = (x: unknown): x is Stored => typeof x === 'object' && x !== null && 'dtype' in x;
const decode = (x: unknown): unknown => {
  if (Array.isArray(x)) return x.map(decode);
  return isStored(x) ? tensor(x.data.map(Number), { dtype: x.dtype }).reshape(x.shape) : x;
};
const find = (name: string) =>
  name.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], tf) as (
    ...args: unknown[]
  ) => tf.Tensor | Record<string, tf.Tensor>;

/** Results in the order of TensorFlow's tuple. */
const parts = (result: ReturnType<ReturnType<typeof find>>): tf.Tensor[] =>
  result instanceof tf.Tensor ? [result] : Object.values(result);

function same(got: tf.Tensor, expected: Stored, what: string): void {
  assert.equal([...got.shape], expected.shape, `${what}: shape`);
  assert.is(got.isFloatingPoint(), expected.dtype.startsWith('float'), `${what}: dtype ${got.dtype}`);
  const numbers = [...got.to('float64').toTypedArray()].map(Number);
  expected.data.forEach((value, k) => {
    const [a, b] = [numbers[k] as number, Number(value)];
    const near = Object.is(a, b) || a === b || Math.abs(a - b) <= 2e-6 + 2e-5 * Math.abs(b);
    assert.ok(near, `${what}[${k}]: ${a}, TensorFlow says ${b}`);
  });
}

/** The sum of the float results, weighted by 1, 2, 3 … */
function weighted(results: readonly tf.Tensor[]): tf.Tensor {
  const sums = results
    .filter((x) => x.isFloatingPoint())
    .map((x) => tf.reduceSum(tf.multiply(x, tf.range(1, x.numel() + 1, { dtype: x.dtype }).reshape(x.shape))));
  return tf.addN(sums);
}

for (const [number, { name, args, options, result, gradients }] of cases.entries()) {
  test(`${number} ${name} ${options ? JSON.stringify(Object.keys(options)) : ''}`, () => {
    const given = args.map(decode);
    const sources = given.filter((x): x is tf.Tensor => x instanceof tf.Tensor && x.isFloatingPoint());
    const tape = new tf.GradientTape();
    tape.watch(sources);
    const call = [...given, ...(options ? [decodeRecord(options)] : [])];
    const [results, total] = tape.record(() => {
      const found = parts(find(name)(...call));
      return [found, gradients.length > 0 ? weighted(found) : undefined] as const;
    });
    const expected = [result].flat();
    assert.is(results.length, expected.length);
    for (const [i, x] of results.entries()) same(x, expected[i] as Stored, name);
    if (!total) return;
    tape.gradient(total, sources, { unconnectedGradients: 'zero' }).forEach((g, i) => {
      const from = gradients[i];
      const zero = { dtype: g.dtype, shape: [...g.shape], data: Array(g.numel()).fill(0) };
      same(g, from ?? zero, `${name}: gradient ${i}`);
    });
  });
}
function decodeRecord(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, decode(value)]));
}

test.run();
