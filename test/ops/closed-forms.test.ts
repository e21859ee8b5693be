// SPDX-License-Identifier: MIT
// Values that can be computed by hand, at the places where kernels cut their work into pieces.
import { arange, nn, ones, optim, tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('a bias is added once, however long the product’s inner dimension', () => {
  const y = nn.functional.linear(ones([2, 2500]), ones([3, 2500]), tensor([1, 2, 3], { dtype: 'float32' }));
  const row = [2501, 2502, 2503];
  assert.equal(y.tolist(), [row, row]);
});

test('a long sum adds each of its parts once', () => {
  const n = 1 << 20;
  assert.is(arange(0, n, { dtype: 'float64' }).sum().item(), (n * (n - 1)) / 2);
});

test('a row stretches over rows', () => {
  const row = tensor([1, 2, 3]);
  assert.equal(row.expand([2, 3]).tolist(), [
    [1, 2, 3],
    [1, 2, 3],
  ]);
  assert.equal(row.mul(tensor([[1], [10]])).tolist(), [
    [1, 2, 3],
    [10, 20, 30],
  ]);
});

test('a number between two of bfloat16 becomes the even one', () => {
  const between = tensor([1 + 2 ** -8, 1 + 3 * 2 ** -8], { dtype: 'float32' });
  assert.equal(between.to('bfloat16').to('float32').tolist(), [1, 1 + 2 ** -6]);
});

test('two steps of Adam, by its formula', () => {
  const w = tensor([5], { dtype: 'float64' }).requiresGrad_();
  const optimizer = new optim.Adam([w], { lr: 0.1 });
  let [expected, m, v] = [5, 0, 0];
  [1, -2].forEach((g, i) => {
    w.grad = tensor([g], { dtype: 'float64' });
    optimizer.step();
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    expected -= (0.1 * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8);
  });
  assert.ok(Math.abs(w.item() - expected) < 1e-12, `got ${w.item()}, want ${expected}`);
});

test.run();
