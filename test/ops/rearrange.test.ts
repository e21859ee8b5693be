// SPDX-License-Identifier: MIT

import { arange, gradgradcheck, ShapeError, type Tensor, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGradients, sample } from '../support/gradients.js';

const x = () => arange(6).reshape([2, 3]);

test('repeat, tile and repeatInterleave', () => {
  assert.equal(arange(2).repeat([2, 2]).tolist(), [
    [0, 1, 0, 1],
    [0, 1, 0, 1],
  ]);
  assert.equal(x().repeat([1, 2]).tolist(), [
    [0, 1, 2, 0, 1, 2],
    [3, 4, 5, 3, 4, 5],
  ]);
  assert.equal(x().repeat([0, 1]).shape, [0, 3]);
  assert.equal(x().tile([2]).shape, [2, 6]);
  assert.equal(x().repeatInterleave(2).tolist(), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  assert.equal(
    x()
      .repeatInterleave(tensor([2, 0, 1]), { dim: 1 })
      .tolist(),
    [
      [0, 0, 2],
      [3, 3, 5],
    ],
  );
  assert.throws(
    () => x().repeat([2]),
    (e: Error) => e instanceof ShapeError,
  );
  assert.throws(
    () => x().repeat([2, -1]),
    (e: Error) => e instanceof RangeError,
  );
  assert.throws(() => x().repeatInterleave(tensor([1, 2]), { dim: 1 }), /2 counts .* size 3/);
});

test('repeat copies, also where nothing repeats', () => {
  const y = x();
  y.repeat([1, 1]).fill_(9);
  assert.equal(y.tolist(), x().tolist());
});

test('flip, roll and rot90', () => {
  assert.equal(x().flip(1).tolist(), [
    [2, 1, 0],
    [5, 4, 3],
  ]);
  assert.equal(x().flip([0, -1]).tolist(), [
    [5, 4, 3],
    [2, 1, 0],
  ]);
  assert.equal(x().roll(1, 1).tolist(), [
    [2, 0, 1],
    [5, 3, 4],
  ]);
  assert.equal(x().roll([-1, 4], [0, 1]).tolist(), [
    [5, 3, 4],
    [2, 0, 1],
  ]);
  assert.equal(x().roll(2).tolist(), [
    [4, 5, 0],
    [1, 2, 3],
  ]);
  assert.equal(x().rot90().tolist(), [
    [2, 5],
    [1, 4],
    [0, 3],
  ]);
  assert.equal(x().rot90(-1).tolist(), [
    [3, 0],
    [4, 1],
    [5, 2],
  ]);
  assert.equal(x().rot90(2).tolist(), x().flip([0, 1]).tolist());
  assert.throws(() => x().flip([0, -2]), /twice/);
  assert.throws(() => x().rot90(1, [0, 0]), /different/);
});

test('pad in four modes', () => {
  assert.equal(arange(3).pad([1, 2], { value: 9 }).tolist(), [9, 0, 1, 2, 9, 9]);
  assert.equal(x().pad([0, -1, 1, 0]).tolist(), [
    [0, 0],
    [0, 1],
    [3, 4],
  ]);
  assert.equal(arange(3).pad([2, 1], { mode: 'reflect' }).tolist(), [2, 1, 0, 1, 2, 1]);
  assert.equal(arange(3).pad([2, 1], { mode: 'replicate' }).tolist(), [0, 0, 0, 1, 2, 2]);
  assert.equal(arange(3).pad([2, 1], { mode: 'circular' }).tolist(), [1, 2, 0, 1, 2, 0]);
  for (const [padding, mode] of [
    [[3, 0], 'reflect'],
    [[4, 0], 'circular'],
    [[-4, 0], 'constant'],
    [[1], 'constant'],
    [[1, 1, 1, 1], 'constant'],
  ] as const) {
    assert.throws(
      () => arange(3).pad(padding, { mode }),
      (e: Error) => e instanceof ShapeError,
      mode,
    );
  }
  assert.throws(() => arange(3).pad([1, 1], { mode: 'mirror' as never }), /'reflect'/);
});

test('tril and triu', () => {
  assert.equal(x().tril().tolist(), [
    [0, 0, 0],
    [3, 4, 0],
  ]);
  assert.equal(x().triu(1).tolist(), [
    [0, 1, 2],
    [0, 0, 5],
  ]);
  assert.is(x().eq(x()).triu().dtype, 'bool');
  assert.throws(
    () => arange(3).tril(),
    (e: Error) => e instanceof ShapeError,
  );
});

test('copies between layouts, around the sizes of their tiles', () => {
  const [n, c] = [3, 2];
  for (const dtype of ['uint8', 'float16', 'float32', 'float64'] as const)
    for (const rows of [1, 8, 17, 64, 70])
      for (const cols of [9, 16, 40, 513]) {
        const source = arange(n * rows * c * cols)
          .remainder(251)
          .reshape([n, rows, c, cols])
          .to(dtype);
        const copied = source.permute([2, 0, 3, 1]).contiguous();
        const want = Array.from({ length: c * n * cols * rows }, (_, i) => {
          const [row, col] = [i % rows, Math.floor(i / rows) % cols];
          const [sample, channel] = [Math.floor(i / (rows * cols)) % n, Math.floor(i / (rows * cols * n))];
          return (((sample * rows + row) * c + channel) * cols + col) % 251;
        });
        assert.equal(copied.shape, [c, n, cols, rows]);
        assert.equal([...copied.to('int32').flatten().toTypedArray()], want, `${dtype} ${rows} x ${cols}`);
      }
});

test('gradients agree with finite differences', () => {
  const y = sample([2, 3]);
  checkGradients((a) => a.repeat([2, 1, 2]), [y]);
  checkGradients((a) => a.repeatInterleave(tensor([0, 1, 2]), { dim: 1 }), [y]);
  checkGradients((a) => a.flip([0, 1]).roll([1, 1], [0, 1]).rot90(3), [y]);
  checkGradients((a) => a.pad([1, -1, 0, 2], { value: 3 }), [y]);
  checkGradients((a) => a.pad([2, 1], { mode: 'reflect' }).mul(a.pad([1, 2], { mode: 'circular' })), [y]);
  checkGradients((a) => a.pad([3, 1, 1, 0], { mode: 'replicate' }), [y]);
  checkGradients((a) => a.tril().mul(a.triu(-1).t()), [sample([3, 3])]);
  assert.equal(zeros([0, 3]).flip(1).roll(1, 0).shape, [0, 3]);
});

// Parts that fill a tensor are joined, in whatever order they were used; others lie in zeros.
test('gradients of parts, of both orders', () => {
  const uses: ((x: Tensor) => Tensor)[] = [
    (x) => x.unbind(1).reduceRight((sum, part, i) => sum.add(part.pow(i + 3)), tensor(0, { dtype: 'float64' })),
    (x) => (x.split([1, 3], -1)[0] as Tensor).exp().mul((x.split([1, 3], -1)[1] as Tensor).square()),
    (x) => x.select(0, -1).mul(x.select(0, 0)), // a row is missing
    (x) => x.narrow(1, 0, 3).mul(x.narrow(1, 1, 3)), // overlapping
    (x) => x.select(0, 0).mul(x.select(0, 1)).mul(x.select(0, 2)).mul(x.select(0, 1)), // one twice
    (x) => x.select(0, 1).sum().mul(x.select(1, 2)), // along two dimensions
    (x) =>
      x
        .select(0, 0)
        .mul(x.narrow(0, 1, 2))
        .mul(x.narrow(0, 0, 2))
        .add(x.narrow(0, 0, 2)),
  ];
  for (const use of uses) {
    const whole = (x: Tensor) => use(x.mul(1));
    checkGradients(whole, [sample([3, 4])]);
    checkGradients(use, [sample([3, 4])]); // of a leaf
    gradgradcheck(whole, [sample([3, 4]).requiresGrad_()]);
  }
});

test.run();
