// SPDX-License-Identifier: MIT

import { gradgradcheck, nn, type Tensor, tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGradients, sample } from '../support/gradients.js';

const F = nn.functional;
const toLast = (x: Tensor) => x.movedim(1, -1).contiguous();
const toFirst = (x: Tensor) => x.movedim(-1, 1);

type Pool = (x: Tensor, options: { channelsLast?: boolean }) => Tensor;
const cases: [name: string, shape: number[], f: Pool][] = [
  ['maxPool1d', [2, 3, 7], (x, o) => F.maxPool1d(x, 3, { stride: 2, padding: 1, ...o })],
  ['maxPool2d', [2, 3, 6, 7], (x, o) => F.maxPool2d(x, 2, o)],
  ['maxPool2d dilated', [1, 2, 6, 7], (x, o) => F.maxPool2d(x, [2, 3], { stride: 1, dilation: [3, 2], ...o })],
  ['maxPool3d', [1, 2, 4, 4, 5], (x, o) => F.maxPool3d(x, 2, { ceilMode: true, ...o })],
  ['avgPool1d', [2, 3, 7], (x, o) => F.avgPool1d(x, 3, { stride: 2, padding: 1, ...o })],
  [
    'avgPool2d',
    [2, 3, 6, 7],
    (x, o) => F.avgPool2d(x, 3, { padding: 1, countIncludePad: false, ceilMode: true, ...o }),
  ],
  ['avgPool2d by 5', [1, 2, 6, 7], (x, o) => F.avgPool2d(x, 3, { stride: 1, divisorOverride: 5, ...o })],
  ['avgPool3d', [1, 2, 4, 4, 5], (x, o) => F.avgPool3d(x, 2, o)],
  ['adaptiveAvgPool2d', [2, 3, 5, 7], (x, o) => F.adaptiveAvgPool2d(x, [3, 4], o)],
  ['adaptiveAvgPool1d', [2, 3, 5], (x, o) => F.adaptiveAvgPool1d(x, 1, o)],
  ['adaptiveMaxPool2d', [2, 3, 5, 7], (x, o) => F.adaptiveMaxPool2d(x, [3, null], o)],
];
for (const [name, shape, f] of cases) {
  test(`${name}: gradients of both orders, channels first and last`, () => {
    const x = sample(shape);
    checkGradients((a) => f(a, {}), [x]);
    gradgradcheck((a) => f(a, {}), [x.clone().requiresGrad_()]);
    const last = toLast(x);
    assert.equal(toFirst(f(last, { channelsLast: true })).tolist(), f(x, {}).tolist());
    checkGradients((a) => f(a, { channelsLast: true }), [last]);
    gradgradcheck((a) => f(a, { channelsLast: true }), [last.clone().requiresGrad_()]);
  });
}

test('indices point at the maxima; the first of equals, and NaN above all', () => {
  const x = tensor([3, 3, 1, Number.NaN, -1, -2], { dtype: 'float32' }).reshape([1, 1, 6]);
  const [y, indices] = F.maxPool1d(x, 2, { returnIndices: true });
  assert.equal(y.tolist(), [[[3, Number.NaN, -1]]]);
  assert.equal(indices.tolist(), [[[0, 3, 4]]]);
});

test('more channels than a block, and half precision', () => {
  const x = sample([2, 130, 4, 5]);
  assert.equal(toFirst(F.maxPool2d(toLast(x), 2, { channelsLast: true })).tolist(), F.maxPool2d(x, 2).tolist());
  assert.equal(F.maxPool2d(x.to('float16'), 2).tolist(), F.maxPool2d(x.to('float16').to('float32'), 2).tolist());
});

test('a dilated window that sees nothing has an index all the same', () => {
  const x = tensor([[[2]]], { dtype: 'float32', requiresGrad: true });
  const [y, indices] = F.maxPool1d(x, 2, { dilation: 2, padding: 1, returnIndices: true });
  assert.equal([y.item(), indices.item()], [Number.NEGATIVE_INFINITY, 0]);
});

test('errors', () => {
  const x = sample([1, 2, 5, 5]);
  assert.throws(() => F.maxPool2d(x, 2, { padding: 2 }), /more than half of the kernel/);
  assert.throws(() => F.avgPool2d(x, 6), /does not fit/);
  assert.throws(() => F.avgPool2d(x, 2, { divisorOverride: 0 }), /divisor/);
  assert.throws(() => F.adaptiveAvgPool2d(x, [1, 2, 3]), /outputSize: expected one or 2 sizes/);
  assert.throws(() => F.maxPool2d(sample([2, 2]), 2), /expected an input of 3 or 4 dimensions/);
});

test.run();
