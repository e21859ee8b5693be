// SPDX-License-Identifier: MIT
// suites: isa arm64 sanitizer
// For every row of the registry: the memory layout, an empty or zero-dim input and the in-place form change nothing.
import { dtypes, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  attempt,
  binaryRows,
  bits,
  call,
  domainOf,
  layouts,
  type Row,
  reduceRows,
  rightSample,
  sample,
  unaryRows,
  values,
} from './rows.js';

const shape = [7, 19] as const;

for (const { name } of unaryRows) {
  test(`${name}: layouts, no element, no dimension, in place`, () => {
    const range = domainOf((r) => call(name, sample('float64', shape, r)));
    for (const dtype of dtypes) {
      const x = sample(dtype, shape, range);
      const y = attempt(() => call(name, x));
      if (!y) continue;
      assert.equal(y.shape, x.shape);
      for (const [layout, other] of Object.entries(layouts(x)))
        assert.is(bits(call(name, other)), bits(y), `${dtype} ${layout}`);
      assert.equal(call(name, x.slice(1, 0, 0)).shape, [7, 0]);
      assert.is(bits(call(name, x.select(0, 0).select(0, 0))), bits(y.select(0, 0).select(0, 0)), `${dtype} zero-dim`);
      if (y.dtype === dtype) checkInPlace(name, [x], y);
    }
  });
}

/** The in-place form equals the functional one, also when it writes into a strided view. */
function checkInPlace(name: string, args: [Tensor, ...Tensor[]], expected: Tensor) {
  const [x, ...rest] = args;
  for (const [layout, target] of Object.entries({ plain: x.clone(), ...layouts(x) })) {
    const version = target.version;
    call(`${name}_`, target, ...rest);
    assert.is(bits(target), bits(expected), `${name}_ ${x.dtype} ${layout}`);
    assert.ok(target.version > version, 'the version moves on');
  }
}

for (const { name } of binaryRows) {
  test(`${name}: layouts, broadcasting, numbers, no element, in place`, () => {
    const range = domainOf((r) => call(name, sample('float64', shape, r), sample('float64', shape, r, 1)));
    for (const dtype of dtypes) {
      const a = sample(dtype, shape, range);
      const b = rightSample(dtype, shape, range);
      const y = attempt(() => call(name, a, b));
      if (!y) continue;
      checkBinaryLayouts(name, a, b, y);
      checkBroadcast(name, a, b);
      assert.equal(call(name, a.slice(1, 0, 0), b.slice(1, 0, 0)).shape, [7, 0]);
      if (y.dtype === dtype) checkInPlace(name, [a, b], y);
    }
  });
}

function checkBinaryLayouts(name: string, a: Tensor, b: Tensor, y: Tensor) {
  const left: [string, Tensor][] = Object.entries({ plain: a, ...layouts(a) });
  const right: [string, Tensor][] = Object.entries({ plain: b, ...layouts(b) });
  for (const [i, x] of left) {
    for (const [j, z] of right) assert.is(bits(call(name, x, z)), bits(y), `${a.dtype} ${i}, ${j}`);
  }
}

function checkBroadcast(name: string, a: Tensor, b: Tensor) {
  const pairs: [Tensor, Tensor][] = [
    [a, b.slice(0, 0, 1)],
    [a.slice(1, 3, 4), b],
    [a.slice(1, 3, 4), b.select(0, 2)],
    [a.select(0, 0).select(0, 1), b],
  ];
  for (const [x, z] of pairs) {
    const expected = call(name, x.expand(a.shape).clone(), z.expand(a.shape).clone());
    assert.is(bits(call(name, x, z)), bits(expected), `${a.dtype} [${x.shape}] with [${z.shape}]`);
  }
}

/** Reductions of every set of dimensions of a three-dimensional tensor. */
const dimLists = [undefined, [0], [1], [2], [-1], [0, 1], [0, 2], [1, 2], [0, 1, 2]];

for (const { name } of reduceRows) {
  test(`${name}: layouts, dimensions, no element`, () => {
    for (const dtype of dtypes) {
      const x = sample(dtype, [5, 3, 17], [-1, 2]);
      if (!attempt(() => call(name, x, undefined, false))) continue;
      const permuted = x.permute([2, 0, 1]).clone().permute([1, 2, 0]);
      for (const dims of dimLists) {
        const y = attempt(() => call(name, x, dims, false));
        if (!y) continue;
        assert.is(bits(call(name, permuted, dims, false)), bits(y), `${dtype} [${dims}] permuted`);
        const kept = x.shape.map((size, i) => (!dims || dims.some((d) => (d + 3) % 3 === i) ? 1 : size));
        const keeping = call(name, x, dims, true);
        assert.equal(keeping.shape, kept);
        assert.is(bits(keeping.reshape(y.shape)), bits(y), `${dtype} [${dims}] keepdim`);
      }
      checkEmptyReduction(name, x);
    }
  });
}

const neutral: Record<string, number | boolean> = { sum: 0, prod: 1, any: false, all: true };

function checkEmptyReduction(name: string, x: Tensor) {
  const empty = x.slice(1, 0, 0);
  assert.equal(call(name, empty, [0], false).shape, [0, 17]);
  if (name in neutral) {
    assert.equal(values(call(name, empty, [1], false)), Array(5 * 17).fill(Number(neutral[name])));
  } else {
    assert.throws(() => call(name, empty, [1], false), /no element|empty|zero/i);
  }
}

const swept: readonly Row[] = [...unaryRows, ...binaryRows, ...reduceRows];
test('there are rows to sweep', () => assert.ok(swept.length >= 80, `${swept.length} rows`));

test.run();
