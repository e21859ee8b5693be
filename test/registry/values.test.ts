// SPDX-License-Identifier: MIT
// suites: isa arm64 sanitizer
// For every row of the registry and every dtype: values against JavaScript's own arithmetic and against float64.
import { type DType, dtypes, isFloatingPoint, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attempt, binaryRows, call, domainOf, reduceRows, rightSample, sample, unaryRows, values } from './rows.js';
import { binaryTruth, reduceTruth, unaryTruth } from './truth.js';

const shape = [4, 37] as const;
/** Relative error that a result of this dtype may have. */
const tolerance: Partial<Record<DType, number>> = { float64: 4e-14, float32: 2e-6, float16: 2e-3, bfloat16: 1.6e-2 };

function checkClose(got: Tensor, want: readonly number[], told: string, factor = 1): void {
  const allowed = factor * (tolerance[got.dtype] ?? 0);
  values(got).forEach((value, i) => {
    const expected = want[i] as number;
    const isClose = Math.abs(value - expected) <= allowed * Math.max(1, Math.abs(expected));
    assert.ok(isClose || Object.is(value, expected), `${told}: element ${i} is ${value}, expected ${expected}`);
  });
}

/** What an element of this dtype holds of a value: integers wrap. */
function stored(value: number, dtype: DType): number {
  if (dtype === 'bool') return value & 1;
  const wrap = { uint8: [8, BigInt.asUintN], int8: [8, BigInt.asIntN], int16: [16, BigInt.asIntN] } as const;
  if (!(dtype in wrap) || !Number.isFinite(value)) return value;
  const [width, as] = wrap[dtype as keyof typeof wrap];
  return Number(as(width, BigInt(Math.trunc(value))));
}

for (const { name } of unaryRows) {
  const truth = unaryTruth[name];
  test(`${name}: values of every dtype`, () => {
    const range = domainOf((r) => call(name, sample('float64', shape, r)));
    for (const dtype of dtypes) {
      const x = sample(dtype, shape, range);
      const y = attempt(() => call(name, x));
      if (!y) continue;
      if (truth) {
        checkClose(
          y,
          values(x).map((v) => stored(truth(v), y.dtype)),
          dtype,
        );
      } else if (isFloatingPoint(y.dtype)) {
        checkClose(y, values(call(name, x.to('float64')).to(y.dtype)), `${dtype} against float64`);
      }
    }
  });
}

for (const { name } of binaryRows) {
  const truth = binaryTruth[name] as (a: number, b: number) => number;
  test(`${name}: values of every dtype, tensors and numbers`, () => {
    assert.type(truth, 'function', 'a new row needs its closed form in truth.ts');
    const range = domainOf((r) => call(name, sample('float64', shape, r), sample('float64', shape, r, 1)));
    for (const dtype of dtypes) {
      const a = sample(dtype, shape, range);
      const b = rightSample(dtype, shape, range);
      const y = attempt(() => call(name, a, b));
      if (!y) continue;
      const right = values(b);
      if (!isFloatingPoint(dtype) && right.some((v) => v === 0)) continue;
      const want = values(a).map((v, i) => truth(v, right[i] as number));
      checkClose(
        y,
        want.map((v) => (y.dtype === 'bool' ? Number(v !== 0) : stored(v, y.dtype))),
        dtype,
        4,
      );
      const number = attempt(() => call(name, a, 2));
      if (number)
        checkClose(
          number,
          values(a).map((v) => stored(truth(v, 2), number.dtype)),
          `${dtype} and 2`,
          4,
        );
    }
  });
}

for (const { name } of reduceRows) {
  const truth = reduceTruth[name] as (list: readonly number[]) => number;
  test(`${name}: values of every dtype`, () => {
    assert.type(truth, 'function', 'a new row needs its closed form in truth.ts');
    for (const dtype of dtypes) {
      const x = sample(dtype, [6, 33], [-1, 1.5]);
      const y = attempt(() => call(name, x, [1], false));
      if (!y) continue;
      const lines = Array.from({ length: 6 }, (_, i) => values(x.select(0, i)));
      checkClose(
        y,
        lines.map((line) => stored(truth(line), y.dtype)),
        dtype,
        16,
      );
      const all = call(name, x, undefined, false);
      checkClose(all, [stored(truth(values(x)), y.dtype)], `${dtype} whole`, 32);
    }
  });
}

const divisions = ['floor_divide', 'fmod', 'remainder'];

test('integers divided by 0 are an error, and -2^63 by -1 does not crash', () => {
  for (const { name } of binaryRows) {
    for (const dtype of dtypes.filter((d) => !isFloatingPoint(d) && d !== 'bool')) {
      const extremes = sample(dtype, [5], [0, 1]);
      extremes.copy_(extremes.bitwiseXor(extremes));
      const least = extremes.bitwiseNot().bitwiseLeftShift(dtype === 'uint8' ? 0 : 8 * bytesOf(dtype) - 1);
      for (const b of [extremes, extremes.bitwiseNot(), least]) {
        const dividesByZero = divisions.includes(name) && values(b).includes(0);
        if (!dividesByZero) attempt(() => call(name, least, b));
        else assert.throws(() => call(name, least, b), /integer division by zero/);
      }
    }
  }
});

const bytesOf = (dtype: DType) => ({ int64: 8, int32: 4, int16: 2 })[dtype as string] ?? 1;

test.run();
