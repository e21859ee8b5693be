// SPDX-License-Identifier: MIT
// suites: sanitizer isa arm64

import {
  arange,
  broadcastTensors,
  cat,
  dtypes,
  hstack,
  meshgrid,
  ones,
  ShapeError,
  stack,
  tensor,
  vstack,
  zeros,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGradients, sample } from '../support/gradients.js';

test('cat joins along a dimension, stack makes a new one', () => {
  const a = tensor([
    [1, 2],
    [3, 4],
  ]);
  const b = tensor([[5, 6]]);
  assert.equal(cat([a, b]).tolist(), [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  assert.equal(cat([a, b.expand([2, 2])], -1).tolist(), [
    [1, 2, 5, 6],
    [3, 4, 5, 6],
  ]);
  assert.equal(stack([a, a.t()], 1).tolist(), [
    [
      [1, 2],
      [1, 3],
    ],
    [
      [3, 4],
      [2, 4],
    ],
  ]);
  assert.equal(stack([tensor(1), tensor(2)]).tolist(), [1, 2]);
});

test('every dtype is joined, also from strided parts', () => {
  for (const dtype of dtypes) {
    const x = tensor([
      [0, 1, 0],
      [1, 1, 0],
    ]).to(dtype);
    assert.is(cat([x.t(), x.t()], 1).dtype, dtype);
    assert.equal(cat([x.t(), x.t()], 1).to('int64').tolist(), [
      [0, 1, 0, 1],
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ]);
  }
});

test('dtypes are promoted', () => {
  assert.is(cat([tensor([1]), tensor([0.5])]).dtype, 'float32');
  assert.is(stack([tensor([true]), tensor([1], { dtype: 'uint8' })]).dtype, 'uint8');
});

test('empty tensors join', () => {
  assert.equal(cat([zeros([0]), ones([2, 2])]).shape, [2, 2]);
  assert.equal(cat([zeros([2, 0]), ones([2, 3])], 1).shape, [2, 3]);
  assert.equal(cat([zeros([0]), zeros([0])]).shape, [0]);
});

test('shapes that do not fit are named', () => {
  const error = (f: () => unknown) => {
    try {
      f();
    } catch (e) {
      return e as Error;
    }
    throw new Error('nothing was thrown');
  };
  assert.instance(
    error(() => cat([])),
    ShapeError,
  );
  assert.match(error(() => cat([ones([2, 3]), ones([2, 4])])).message, /tensor 1 has shape \[2, 4\].*\[2, 3\]/);
  assert.match(error(() => cat([tensor(1)])).message, /zero-dim/);
  assert.match(error(() => stack([ones([2]), ones([3])])).message, /tensor 1 has shape \[3\], expected \[2\]/);
  assert.instance(
    error(() => cat([ones([2])], 1)),
    RangeError,
  );
  assert.throws(() => cat([1 as never]), /tensors\[0\]/);
});

test('hstack, vstack, meshgrid and broadcastTensors', () => {
  const x = arange(3);
  assert.equal(hstack([x, x]).tolist(), [0, 1, 2, 0, 1, 2]);
  assert.equal(vstack([x, x]).tolist(), [
    [0, 1, 2],
    [0, 1, 2],
  ]);
  const [rows, cols] = meshgrid([arange(2), x]);
  assert.equal(rows?.tolist(), [
    [0, 0, 0],
    [1, 1, 1],
  ]);
  assert.equal(cols?.tolist(), [
    [0, 1, 2],
    [0, 1, 2],
  ]);
  const [across, down] = meshgrid([arange(2), x], { indexing: 'xy' });
  assert.equal(across?.tolist(), [
    [0, 1],
    [0, 1],
    [0, 1],
  ]);
  assert.equal(down?.tolist(), [
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
  assert.equal(
    broadcastTensors(ones([3, 1]), ones([2])).map((t) => t.shape),
    [
      [3, 2],
      [3, 2],
    ],
  );
});

test('tensorSplit cuts at indices or evenly', () => {
  assert.equal(
    arange(7)
      .tensorSplit(3)
      .map((t) => t.tolist()),
    [
      [0, 1, 2],
      [3, 4],
      [5, 6],
    ],
  );
  assert.equal(
    arange(7)
      .tensorSplit([2, 4])
      .map((t) => t.tolist()),
    [
      [0, 1],
      [2, 3],
      [4, 5, 6],
    ],
  );
});

test('gradients agree with finite differences', () => {
  checkGradients((a, b) => cat([a, b.t(), a], 1), [sample([2, 2]), sample([3, 2])]);
  checkGradients((a, b) => stack([a, b], -1), [sample([2, 3]), sample([2, 3], 2)]);
  checkGradients((a) => cat([zeros([0], { dtype: 'float64' }), a]), [sample([3])]);
});

test.run();
