// SPDX-License-Identifier: MIT

import * as cr from 'cresset';
import { Generator, nn, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { init } = nn;
const [rows, cols] = [200, 300];
const matrix = () => cr.zeros([rows, cols], { requiresGrad: true });
const generator = new Generator(5);

const std = (x: Tensor) => {
  const v = Array.from(x.toTypedArray(), Number);
  const mean = v.reduce((a, b) => a + b, 0) / v.length;
  return Math.sqrt(v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length);
};
const largest = (x: Tensor) => x.detach().abs().amax().item();
const isNear = (got: number, want: number, relative = 0.02) =>
  assert.ok(Math.abs(got - want) <= relative * want, `got ${got}, want ${want}`);

test('uniform bounds by their formulas', () => {
  for (const [x, bound] of [
    [init.kaimingUniform_(matrix(), { a: Math.sqrt(5), generator }), 1 / Math.sqrt(cols)],
    [init.kaimingUniform_(matrix(), { nonlinearity: 'relu', mode: 'fanOut', generator }), Math.sqrt(6 / rows)],
    [init.xavierUniform_(matrix(), { gain: 2, generator }), 2 * Math.sqrt(6 / (rows + cols))],
    [init.uniform_(matrix(), -3, 3, { generator }), 3],
  ] as const) {
    assert.ok(largest(x) <= bound);
    isNear(largest(x), bound, 0.001);
    isNear(std(x), bound / Math.sqrt(3));
  }
});

test('normal deviations by their formulas', () => {
  isNear(std(init.kaimingNormal_(matrix(), { nonlinearity: 'relu', generator })), Math.sqrt(2 / cols));
  isNear(std(init.xavierNormal_(matrix(), { generator })), Math.sqrt(2 / (rows + cols)));
  isNear(std(init.normal_(matrix(), 1, 0.5, { generator })), 0.5);
  const cut = init.truncNormal_(matrix(), { low: -1, high: 1, generator });
  assert.ok(largest(cut) <= 1);
  isNear(std(cut), 0.5396); // 1 - 2 φ(1) / (Φ(1) - Φ(-1)), its root
});

test('constants, and an initialised leaf stays a leaf', () => {
  const x = init.ones_(matrix());
  assert.is(x.detach().sum().item(), rows * cols);
  assert.ok(x.isLeaf && x.requiresGrad);
  assert.is(init.zeros_(x).detach().abs().sum().item(), 0);
  assert.is(init.constant_(x, 2).detach().amin().item(), 2);
  assert.equal(init.eye_(cr.full([2, 3], 9)).tolist(), [
    [1, 0, 0],
    [0, 1, 0],
  ]);
});

test('layers start as in PyTorch', () => {
  const layer = new nn.Linear(400, 300, { generator });
  for (const x of [layer.weight, layer.bias as Tensor]) {
    assert.ok(largest(x) <= 1 / 20);
    isNear(std(x), 1 / 20 / Math.sqrt(3), 0.1);
  }
});

test('wrong arguments', () => {
  assert.throws(() => init.kaimingUniform_(cr.zeros([3])), /at least 2 dimensions, got shape \[3\]/);
  assert.throws(() => init.kaimingNormal_(matrix(), { mode: 'in' as 'fanIn' }), /'fanIn' or 'fanOut', got in/);
  assert.throws(() => init.calculateGain('swish' as 'relu'), /expected one of .* got swish/);
  assert.throws(() => new nn.Linear(-1, 2), /inFeatures: expected an integer of at least 0, got -1/);
});

test.run();
