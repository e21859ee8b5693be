// SPDX-License-Identifier: MIT
// Each instruction set of this machine against the others, for every row and dtype: the same bits wherever FMA exists,
// within tolerance on the baseline.
import { dtypes, isFloatingPoint, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { native } from '#internal';
import {
  attempt,
  binaryRows,
  bits,
  call,
  domainOf,
  reduceRows,
  rightSample,
  sample,
  unaryRows,
  values,
} from './rows.js';

const isas = native.isas?.() as string[];
const forced = process.env.CRESSET_ISA;
const shape = [13, 77] as const;
const tolerance: Record<string, number> = { float64: 1e-13, float32: 4e-6, float16: 2e-3, bfloat16: 1.6e-2 };

function compare(run: () => Tensor | undefined, told: string) {
  // The baseline, which has no FMA, comes last.
  const results = isas.map((isa) => {
    native.setIsa?.(isa);
    return run();
  });
  const first = results[0];
  if (!first) return;
  for (const [i, result] of results.entries()) {
    if (isas[i] === 'baseline') assertClose(result as Tensor, first, told);
    else assert.ok(bits(result as Tensor) === bits(first), `${told}: ${isas[i]} and ${isas[0]} differ`);
  }
}

function assertClose(a: Tensor, b: Tensor, told: string) {
  const want = values(b);
  const allowed = isFloatingPoint(b.dtype) ? (tolerance[b.dtype] as number) : 0;
  values(a).forEach((value, i) => {
    const expected = want[i] as number;
    const isClose = Math.abs(value - expected) <= allowed * Math.max(1, Math.abs(expected));
    assert.ok(isClose || Object.is(value, expected), `${told}: baseline gives ${value}, not ${expected}`);
  });
}

for (const { name } of unaryRows) {
  test(`${name}: the same on ${isas}`, () => {
    const range = domainOf((r) => call(name, sample('float64', shape, r)));
    for (const dtype of dtypes) compare(() => attempt(() => call(name, sample(dtype, shape, range))), dtype);
  });
}
for (const { name } of binaryRows) {
  test(`${name}: the same on ${isas}`, () => {
    const range = domainOf((r) => call(name, sample('float64', shape, r), sample('float64', shape, r, 1)));
    for (const dtype of dtypes) {
      const [a, b] = [sample(dtype, shape, range), rightSample(dtype, shape, range)];
      compare(() => attempt(() => call(name, a, b)), dtype);
      compare(() => attempt(() => call(name, a, b.slice(1, 3, 4))), `${dtype} broadcast`);
    }
  });
}
for (const { name } of reduceRows) {
  test(`${name}: the same on ${isas}`, () => {
    for (const dtype of dtypes) {
      const x = sample(dtype, shape, [-1, 1.5]);
      for (const dims of [undefined, [0], [1]])
        compare(() => attempt(() => call(name, x, dims, false)), `${dtype} [${dims}]`);
    }
  });
}

test('the instruction set that was asked for is one of them', () => {
  assert.ok(!forced || isas.includes(forced), `${forced} is not among ${isas}`);
});

test.run();
