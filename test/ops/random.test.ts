// SPDX-License-Identifier: MIT

import * as cr from 'cresset';
import { Generator, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const values = (x: Tensor) => Array.from(x.toTypedArray(), Number);
const moments = (x: Tensor) => {
  const v = values(x);
  const mean = v.reduce((a, b) => a + b, 0) / v.length;
  return { mean, variance: v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length, v };
};
/** Five standard errors around what is expected. */
const near = (got: number, want: number, standardError: number, what: string) =>
  assert.ok(Math.abs(got - want) < 5 * standardError, `${what}: got ${got}, want ${want}`);
const generator = (seed: number) => new Generator(seed);
const n = 100_000;

test("Philox's published words for a zero key and counter", () => {
  // D. E. Shaw Research, Random123 kat_vectors: philox4x32 10, first word 6627e8d5; rand takes its upper 24 bits
  const x = cr.rand([1], { generator: generator(0) });
  assert.is(x.item(), (0x6627e8d5 >>> 8) / 2 ** 24);
});

for (const dtype of ['float32', 'float64'] as const) {
  test(`rand and randn have their moments in ${dtype}`, () => {
    const u = moments(cr.rand([n], { dtype, generator: generator(1) }));
    near(u.mean, 0.5, Math.sqrt(1 / 12 / n), 'mean');
    near(u.variance, 1 / 12, Math.sqrt(1 / 180 / n), 'variance');
    assert.ok(u.v.every((v) => v >= 0 && v < 1));
    const z = moments(cr.randn([n], { dtype, generator: generator(2) }));
    near(z.mean, 0, Math.sqrt(1 / n), 'mean');
    near(z.variance, 1, Math.sqrt(2 / n), 'variance');
    near(z.v.filter((v) => Math.abs(v) > 1.959964).length / n, 0.05, Math.sqrt((0.05 * 0.95) / n), 'tails');
  });
}

test('a seed repeats, another does not, and the state goes on where it was taken', () => {
  const g = generator(7);
  const first = values(cr.rand([5], { generator: g }));
  const state = g.getState();
  assert.equal(state, { seed: 7n, offset: 8 });
  const second = values(cr.rand([5], { generator: g }));
  assert.not.equal(first, second);
  assert.equal(values(cr.rand([5], { generator: g.setState(state) })), second);
  assert.equal(values(cr.rand([5], { generator: generator(7) })), first);
  assert.not.equal(values(cr.rand([5], { generator: generator(7 + 2 ** 40) })), first);
  assert.not.equal(values(cr.rand([5], { generator: new Generator(7n | (1n << 63n)) })), first);
});

test('manualSeed seeds the default generator', () => {
  cr.manualSeed(3);
  const a = values(cr.randn([4]));
  cr.manualSeed(3);
  assert.equal(values(cr.randn([4])), a);
  assert.is(cr.defaultGenerator.initialSeed, 3n);
});

test('randint covers its range evenly', () => {
  const v = values(cr.randint(-2, 3, [n], { generator: generator(4) }));
  for (let k = -2; k < 3; k++) {
    near(v.filter((x) => x === k).length / n, 0.2, Math.sqrt((0.2 * 0.8) / n), `share of ${k}`);
  }
  assert.is(cr.randint(5, [2, 3]).dtype, 'int64');
  assert.is(cr.randint(5, [2], { dtype: 'uint8' }).dtype, 'uint8');
});

test('randperm is a permutation, and every order of three is equally likely', () => {
  const p = values(cr.randperm(1000, { generator: generator(5) }));
  assert.equal(
    p.toSorted((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  const g = generator(6);
  const counts = new Map<string, number>();
  const draws = 12_000;
  for (let i = 0; i < draws; i++) {
    const key = values(cr.randperm(3, { generator: g })).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.is(counts.size, 6);
  for (const [key, c] of counts) near(c / draws, 1 / 6, Math.sqrt(5 / 36 / draws), key);
  assert.is(cr.randperm(0).numel(), 0);
});

test('bernoulli and multinomial draw with the given probabilities', () => {
  const ones = moments(cr.bernoulli(cr.full([n], 0.3), { generator: generator(8) }));
  near(ones.mean, 0.3, Math.sqrt(0.21 / n), 'bernoulli');
  const weights = cr.tensor(
    [
      [1, 0, 3],
      [2, 2, 0],
    ],
    { dtype: 'float32' },
  );
  const drawn = weights.multinomial(n, { replacement: true, generator: generator(9) });
  assert.equal(drawn.shape, [2, n]);
  const v = values(drawn);
  near(v.slice(0, n).filter((k) => k === 2).length / n, 0.75, Math.sqrt((0.75 * 0.25) / n), 'row 0');
  assert.not.ok(v.slice(0, n).includes(1));
  near(v.slice(n).filter((k) => k === 0).length / n, 0.5, Math.sqrt(0.25 / n), 'row 1');
});

test('multinomial without replacement gives distinct classes, the first by weight', () => {
  const g = generator(10);
  const draws = 20_000;
  const v = values(cr.tensor(Array(draws).fill([1, 2, 5]), { dtype: 'float64' }).multinomial(2, { generator: g }));
  const pairs = Array.from({ length: draws }, (_, i) => [v[2 * i], v[2 * i + 1]]);
  assert.ok(pairs.every(([a, b]) => a !== b));
  near(pairs.filter(([a]) => a === 2).length / draws, 5 / 8, Math.sqrt((5 * 3) / 64 / draws), 'first');
  // P(second = 1 | first = 2) = 2 / 3
  const after = pairs.filter(([a]) => a === 2);
  near(after.filter(([, b]) => b === 1).length / after.length, 2 / 3, Math.sqrt(2 / 9 / after.length), 'second');
});

test('the forms that fill in place', () => {
  const x = cr.zeros([n]);
  near(moments(x.uniform_(-1, 3, { generator: generator(11) })).mean, 1, Math.sqrt(16 / 12 / n), 'uniform_');
  near(moments(x.normal_(2, 3, { generator: generator(12) })).mean, 2, 3 / Math.sqrt(n), 'normal_');
  near(moments(x.exponential_(2, { generator: generator(13) })).mean, 0.5, 0.5 / Math.sqrt(n), 'exponential_');
  near(moments(x.bernoulli_(0.25, { generator: generator(14) })).mean, 0.25, Math.sqrt(0.1875 / n), 'bernoulli_');
  near(moments(x.random_(0, 10, { generator: generator(15) })).mean, 4.5, Math.sqrt(8.25 / n), 'random_');
});

test('wrong arguments are named', () => {
  assert.throws(() => cr.rand([2], { dtype: 'int64' }), /uniform: expected a floating point dtype, got int64/);
  assert.throws(() => cr.rand([-1]), /negative|size/);
  assert.throws(() => cr.randint(3, 3, [1]), /low < high, got 3 and 3/);
  assert.throws(() => cr.randperm(-1), /n >= 0, got -1/);
  assert.throws(() => cr.normal(0, -1, [2]), /std >= 0, got -1/);
  assert.throws(() => cr.tensor([1, -1], { dtype: 'float32' }).multinomial(1), /weights >= 0, got -1/);
  assert.throws(() => cr.tensor([0, 1], { dtype: 'float32' }).multinomial(2), /1 weights above 0, expected at least 2/);
  assert.throws(() => new Generator(1.5), /expected an integer/);
  assert.throws(() => cr.rand([1], { generator: {} as Generator }), /expected a Generator/);
});

test.run();
