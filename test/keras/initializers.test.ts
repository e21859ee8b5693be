// SPDX-License-Identifier: MIT
// Distributions by their moments: no generator but ours draws the same numbers.
import { Generator, manualSeed, ShapeError, type Tensor } from 'cresset';
import { initializers } from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isA } from './reference.js';

const { get } = initializers;
const near = (got: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${what}: got ${got}, expected ${expected}`);

/** Mean 0, this standard deviation, nothing beyond the bound and something close to it. */
function checkMoments(x: Tensor, std: number, bound: number, what: string): void {
  const spread = std / Math.sqrt(x.numel());
  near(x.mean().item(), 0, 5 * spread, `${what}: mean`);
  near(x.std().item(), std, 5 * spread, `${what}: standard deviation`);
  const largest = x.abs().amax().item();
  assert.ok(largest <= bound && largest > 0.95 * bound, `${what}: largest ${largest}, expected up to ${bound}`);
}

test('variance scaling: kernels [in, out] and [height, width, in, out]', () => {
  manualSeed(1);
  for (const [shape, fanIn, fanOut] of [
    [[300, 200], 300, 200],
    [[3, 5, 60, 40], 900, 600],
  ] as const) {
    const fans = { glorot: (fanIn + fanOut) / 2, he: fanIn / 2, lecun: fanIn };
    for (const [name, fan] of Object.entries(fans)) {
      const std = Math.sqrt(1 / fan);
      const make = (kind: string) => get(`${name}${kind}` as initializers.InitializerName).initialize(shape);
      checkMoments(make('Uniform'), std, Math.sqrt(3) * std, `${name} uniform`);
      checkMoments(make('Normal'), std, (2 * std) / 0.8796256610342398, `${name} normal`);
    }
  }
  const wide = new initializers.VarianceScaling({ scale: 4, mode: 'fanOut', distribution: 'untruncatedNormal' });
  near(wide.initialize([200, 300]).std().item(), Math.sqrt(4 / 300), 1e-3, 'fan out');
  near(get('heUniform').initialize([50_000]).std().item(), Math.sqrt(2 / 50_000), 1e-4, 'a vector');
});

test('normal, truncated normal and uniform', () => {
  manualSeed(2);
  const size = [200, 250];
  near(get('randomNormal').initialize(size).std().item(), 0.05, 1e-3, 'normal');
  checkMoments(get('truncatedNormal').initialize(size), 0.05 * 0.8796256610342398, 0.1, 'truncated normal');
  checkMoments(get('randomUniform').initialize(size), 0.1 / Math.sqrt(12), 0.05, 'uniform');
  near(new initializers.RandomNormal({ mean: 3 }).initialize(size).mean().item(), 3, 1e-3, 'mean');
  assert.equal(new initializers.TruncatedNormal({ stddev: 0, mean: 2 }).initialize([2]).tolist(), [2, 2]);
});

test('orthogonal matrices, wide, tall and of more dimensions', () => {
  for (const shape of [
    [6, 4],
    [4, 6],
    [2, 3, 5],
    [5, 5],
  ]) {
    const x = new initializers.Orthogonal({ gain: 2, seed: 1 }).initialize(shape).reshape([-1, shape.at(-1) as number]);
    const [rows, columns] = x.shape as [number, number];
    const product = rows < columns ? x.matmul(x.t()) : x.t().matmul(x);
    const n = Math.min(rows, columns);
    for (const [i, row] of (product.tolist() as number[][]).entries()) {
      for (const [j, value] of row.entries()) near(value, i === j ? 4 : 0, 1e-5, `${shape} at ${i}, ${j} of ${n}`);
    }
  }
  assert.throws(() => get('orthogonal').initialize([3]), isA(ShapeError));
});

test('fixed values', () => {
  assert.equal(get('zeros').initialize([2]).tolist(), [0, 0]);
  assert.equal(get('ones').initialize([2], 'float64').dtype, 'float64');
  assert.equal(new initializers.Constant({ value: 2.5 }).initialize([2]).tolist(), [2.5, 2.5]);
  const identity = new initializers.Identity({ gain: 3 }).initialize([2, 3]).tolist();
  assert.equal(identity, [
    [3, 0, 0],
    [0, 3, 0],
  ]);
  assert.throws(() => get('identity').initialize([2]), isA(ShapeError));
});

test('seeds: a number repeats, a generator and the default generator go on', () => {
  const draws = (initializer: initializers.Initializer) => [0, 1].map(() => `${initializer.initialize([4]).tolist()}`);
  for (const kind of [initializers.GlorotUniform, initializers.RandomNormal, initializers.TruncatedNormal]) {
    const [first, second] = draws(new kind({ seed: 7 }));
    assert.is(first, second);
    const [a, b] = draws(new kind({ seed: new Generator(7) }));
    assert.is(a, first);
    assert.is.not(a, b);
    manualSeed(7);
    assert.equal(draws(new kind()), [a, b]);
  }
});

test('wrong options are told by name', () => {
  assert.throws(() => get('glorot' as 'zeros'), /initializers.get: expected one of zeros, ones/);
  assert.throws(() => get(3 as never), /initializers.get: expected a name or an object, got number/);
  assert.throws(() => new initializers.VarianceScaling({ mode: 'fan' as 'fanIn' }), /VarianceScaling: mode/);
  assert.throws(() => new initializers.RandomNormal({ stddev: -1 }), /RandomNormal: stddev/);
});

test.run();
