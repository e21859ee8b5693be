// SPDX-License-Identifier: MIT

import * as cr from 'cresset';
import { Generator, gradcheck, gradgradcheck, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const values = (x: Tensor) => Array.from(x.to('float64').toTypedArray(), Number);
const randn = (shape: number[], requiresGrad = false) =>
  cr.randn(shape, { dtype: 'float64', generator: new Generator(5), requiresGrad });
const ascending = (list: number[]) => [...list].sort((a, b) => a - b);
const throws = (run: () => unknown, code: string) =>
  assert.throws(run, (error: { code?: string }) => error.code === code);

test('sort orders every line as Array.prototype.sort does, in any layout', () => {
  const x = randn([5, 7]);
  for (const [layout, dim] of [
    [x, 1],
    [x.t(), 0],
    [x.slice(0, undefined, undefined, 2), 1],
  ] as const) {
    const lines = layout.movedim(dim, -1);
    const sorted = layout.sort(dim).values.movedim(dim, -1);
    for (let i = 0; i < lines.size(0); i++) {
      assert.equal(values(sorted.select(0, i)), ascending(values(lines.select(0, i))));
    }
  }
});

test('sort is stable, puts NaN last, and its indices find the values', () => {
  const x = cr.tensor([2, Number.NaN, 1, 2, 1], { dtype: 'float32' });
  const { values: sorted, indices } = x.sort();
  assert.equal(values(indices), [2, 4, 0, 3, 1]);
  assert.equal(values(x.gather(0, indices)), values(sorted));
  assert.equal(values(x.sort(0, { descending: true }).indices), [1, 0, 3, 2, 4]);
});

test('integers sort exactly, also where float64 cannot hold them', () => {
  const big = 2n ** 63n - 1n;
  const x = cr.tensor([big, -(2n ** 63n), big - 1n, 0n], { dtype: 'int64' });
  assert.equal([...x.sort().values.toTypedArray()], [-(2n ** 63n), 0n, big - 1n, big]);
});

test('topk, kthvalue and median agree with the sorted line', () => {
  const x = randn([3, 9]);
  const { values: top, indices } = x.topk(4, 1);
  for (let i = 0; i < 3; i++) {
    const line = ascending(values(x.select(0, i)));
    assert.equal(values(top.select(0, i)), line.slice(-4).reverse());
    assert.is(x.kthvalue(2, 1).values.select(0, i).item(), line[1] as number);
    assert.is(x.median(1).values.select(0, i).item(), line[4] as number);
  }
  assert.equal(values(x.gather(1, indices)), values(top));
});

test('searchsorted and bucketize count the boundaries below', () => {
  const boundaries = cr.tensor([1, 3, 3, 7], { dtype: 'float64' });
  const points = [0, 1, 3, 5, 7, 9];
  const below = (test: (b: number, p: number) => boolean) =>
    points.map((p) => [1, 3, 3, 7].filter((b) => test(b, p)).length);
  const x = cr.tensor(points, { dtype: 'float64' });
  assert.equal(
    values(cr.searchsorted(boundaries, x)),
    below((b, p) => b < p),
  );
  assert.equal(
    values(cr.bucketize(x, boundaries, { right: true })),
    below((b, p) => b <= p),
  );
});

test('unique finds each value once, with where it went and how often', () => {
  const list = [3, 1, 3, 2, 1, 3];
  const found = cr.unique(cr.tensor(list), { returnInverse: true, returnCounts: true }) as cr.Unique;
  assert.equal(values(found.values), [1, 2, 3]);
  assert.equal(values(found.counts as Tensor), [2, 1, 3]);
  assert.equal(values(found.values.indexSelect(0, found.inverse as Tensor)), list);
});

test('gradients of first and second order', () => {
  const x = randn([3, 5], true);
  for (const f of [
    (t: Tensor) => t.sort(1, { descending: true }).values,
    (t: Tensor) => t.topk(2, 0).values,
    (t: Tensor) => t.kthvalue(3, 1).values,
    (t: Tensor) => t.median(1).values,
  ]) {
    assert.ok(gradcheck(f, [x]));
    assert.ok(gradgradcheck((t: Tensor) => f(t.mul(t)), [x]));
  }
});

test('empty tensors sort to empty ones; what does not exist is an error', () => {
  assert.equal(cr.zeros([0]).sort().values.shape, [0]);
  assert.equal(cr.zeros([2, 0]).argsort(1).shape, [2, 0]);
  throws(() => cr.zeros([3]).topk(4), 'ERR_CRESSET_RANGE');
  throws(() => cr.zeros([3]).kthvalue(0), 'ERR_CRESSET_RANGE');
  throws(() => cr.zeros([3]).sort(1), 'ERR_CRESSET_RANGE');
});

test('the same bits for any number of threads', () => {
  const x = randn([400, 300]);
  const before = cr.getNumThreads();
  const runs = [1, 2, 3].map((threads) => {
    cr.setNumThreads(threads);
    return Buffer.from(x.sort(1).indices.toTypedArray().buffer as ArrayBuffer).toString('base64');
  });
  cr.setNumThreads(before);
  assert.is(new Set(runs).size, 1);
});

test.run();
