// SPDX-License-Identifier: MIT

import * as cr from 'cresset';
import { Generator, gradcheck, gradgradcheck, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const values = (x: Tensor) => Array.from(x.to('float64').toTypedArray(), Number);
const float64 = (list: readonly number[]) => cr.tensor(list, { dtype: 'float64' });
const randn = (shape: number[], seed = 3) =>
  cr.randn(shape, { dtype: 'float64', generator: new Generator(seed), requiresGrad: true });

/** f of the elements seen so far, for every place of every line. */
function byHand(x: Tensor, dim: number, f: (seen: readonly number[]) => number): Tensor {
  const moved = x.movedim(dim, -1);
  const n = moved.shape.at(-1) as number;
  const all = values(moved);
  const scanned = all.map((_, i) => f(all.slice(i - (i % n), i + 1)));
  return float64(scanned).reshape(moved.shape).movedim(-1, dim);
}
const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
const logSumExp = (list: readonly number[]) => Math.log(sum(list.map(Math.exp)));

const scans = [
  ['cumsum', cr.cumsum, sum],
  ['cumprod', cr.cumprod, product],
  ['logcumsumexp', cr.logcumsumexp, logSumExp],
] as const;

for (const [name, scan, truth] of scans) {
  test(`${name}: every dimension, strided tensors, no element, a scalar`, () => {
    const x = cr.randint(-4, 5, [3, 4, 5], { dtype: 'float64', generator: new Generator(1) });
    for (const view of [x, x.transpose(0, 2), x.slice(1, 3, undefined, -1), x.slice(2, 0, 5, 2)]) {
      for (const dim of [0, 1, 2, -1]) {
        assert.ok(cr.allclose(scan(view, dim), byHand(view, dim, truth), { rtol: 1e-14 }), `[${view.shape}] ${dim}`);
      }
    }
    assert.equal(scan(cr.zeros([2, 0, 3]), 1).shape, [2, 0, 3]);
    assert.is(scan(cr.tensor(3, { dtype: 'float64' }), -1).item(), 3);
    assert.throws(() => scan(x, 3), /dim/);
  });

  test(`${name}: gradients of first and second order`, () => {
    for (const dim of [0, 1]) {
      assert.ok(gradcheck((x) => scan(x, dim), [randn([3, 4])]));
      assert.ok(gradgradcheck((x) => scan(x, dim), [randn([3, 4])]));
    }
  });
}

test('integers and bool give int64; a dtype is converted to before and after', () => {
  for (const dtype of ['bool', 'uint8', 'int8', 'int32', 'int64'] as const) {
    const x = cr.tensor([1, 1, 0, 1]).to(dtype);
    assert.is(cr.cumsum(x, 0).dtype, 'int64');
    assert.equal(values(cr.cumsum(x, 0)), [1, 2, 2, 3]);
    assert.equal(values(cr.cumprod(x, 0)), [1, 1, 0, 0]);
  }
  assert.is(cr.cumsum(cr.ones([3], { dtype: 'float16' }), 0).dtype, 'float16');
  const wrapped = cr.cumsum(cr.full([3], 100, { dtype: 'uint8' }), 0, { dtype: 'uint8' });
  assert.is(wrapped.dtype, 'uint8');
  assert.equal(values(wrapped), [100, 200, 44]);
  assert.throws(() => cr.logcumsumexp(cr.tensor([1, 2], { dtype: 'int64' }), 0), /floating dtype, got int64/);
});

test('float32 sums of a long line keep their precision', () => {
  const n = 1_000_000;
  const last = cr
    .cumsum(cr.full([n], 0.1, { dtype: 'float32' }), 0)
    .select(0, n - 1)
    .item();
  assert.ok(Math.abs(last - n * Math.fround(0.1)) < 0.01, `${last}`);
});

test('the gradient of a running product is right where factors are 0', () => {
  for (const list of [
    [2, 0, 3, 5],
    [0, 2, 0, 3],
    [0, 0, 0, 0],
  ]) {
    const x = float64(list).requiresGrad_();
    cr.cumprod(x, 0).sum().backward();
    const want = list.map((_, k) =>
      sum(list.map((_, i) => (i < k ? 0 : product(list.slice(0, i + 1).filter((_, j) => j !== k))))),
    );
    assert.equal(values(x.grad as Tensor), want);
  }
});

test('logcumsumexp with infinities and large numbers', () => {
  const [inf, nan] = [Infinity, Number.NaN];
  const of = (list: number[]) => values(cr.logcumsumexp(float64(list), 0));
  assert.equal(of([-inf, -inf, 1000, inf, -inf]), [-inf, -inf, 1000, inf, inf]);
  assert.equal(of([1, nan, 1]), [1, nan, nan]);
  const x = float64([-inf, 1, -inf, 2]).requiresGrad_();
  cr.logcumsumexp(x, 0).slice(0, 1).sum().backward();
  const e = Math.exp(1);
  const [first = 0, second = 0, third = 0, fourth = 0] = values(x.grad as Tensor);
  assert.equal([first, third], [0, 0]);
  assert.ok(Math.abs(second - (2 + 1 / (1 + e))) < 1e-14);
  assert.ok(Math.abs(fourth - e / (1 + e)) < 1e-14);
});

test.run();
