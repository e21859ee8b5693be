// SPDX-License-Identifier: MIT
// Values and gradients of recurrent layers, attention and embeddings are held by golden.test.ts.
import { allclose, linalg, nn, randn, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('a recurrent layer is its cell, step by step', () => {
  const layer = new nn.GRU(3, 5);
  const cell = new nn.GRUCell(3, 5);
  cell.loadStateDict(Object.fromEntries(Object.entries(layer.stateDict()).map(([k, v]) => [k.replace('_l0', ''), v])));
  const x = randn([4, 2, 3]);
  const [output, last] = layer.forward(x);
  let h = zeros([2, 5]);
  x.unbind(0).forEach((step, i) => {
    h = cell.forward(step, h);
    assert.ok(allclose(output.select(0, i), h, { atol: 1e-6 }));
  });
  assert.ok(allclose(last.squeeze(0), h, { atol: 1e-6 }));
});

test('printed like PyTorch', () => {
  assert.is(
    String(new nn.LSTM(4, 6, { numLayers: 2, batchFirst: true })),
    'LSTM(4, 6, num_layers=2, batch_first=True)',
  );
  assert.is(String(new nn.Embedding(10, 3, { paddingIdx: -1 })), 'Embedding(10, 3, padding_idx=9)');
});

test('the padding row of an embedding is 0 and stays without a gradient', () => {
  const table = new nn.Embedding(4, 2, { paddingIdx: 1 });
  assert.equal(table.forward(tensor([1])).tolist(), [[0, 0]]);
  table
    .forward(tensor([1, 2, 2]))
    .sum()
    .backward();
  assert.equal(table.weight.grad?.tolist(), [
    [0, 0],
    [0, 0],
    [2, 2],
    [0, 0],
  ]);
});

test('multiDot takes the cheap order and vectors at the ends', () => {
  const [a, b, c] = [randn([20, 2]), randn([2, 30]), randn([30])];
  assert.ok(allclose(linalg.multiDot([a, b, c]), a.matmul(b).matmul(c), { atol: 1e-4 }));
});

test('bad arguments are named', () => {
  assert.throws(() => new nn.MultiheadAttention(7, 2), /2 heads do not divide embedDim 7/);
  assert.throws(
    () => new nn.LSTM(4, 6).forward(zeros([2, 3, 5])),
    /expected input \[L, N, 4\] or \[L, 4\], got \[2, 3, 5\]/,
  );
  assert.throws(() => new nn.RNN(4, 6, { numLayers: 0 }), /numLayers: expected an integer from 1 to 1000, got 0/);
  assert.throws(() => new nn.Embedding(4, 2, { paddingIdx: 4 }), /paddingIdx 4 is out of range for 4 rows/);
  assert.throws(() => new nn.Embedding(4, 2).forward(tensor([4])), RangeError);
  assert.throws(() => linalg.cross(zeros([2, 3]), zeros([2, 3]), { dim: 0 }), /expected size 3, got 2 and 2/);
  assert.throws(() => zeros([3]).diff({ n: -1 }), /n: expected a whole number from 0, got -1/);
});

test.run();
