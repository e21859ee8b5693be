// SPDX-License-Identifier: MIT
// suites: sanitizer isa arm64

import {
  arange,
  DTypeError,
  dtypes,
  getNumThreads,
  grad,
  type Index,
  ones,
  ShapeError,
  setNumThreads,
  slice,
  type Tensor,
  tensor,
  zeros,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGradients, sample } from '../support/gradients.js';

/** 0 … 23 as (2, 3, 4): element [i, j, k] is 12 i + 4 j + k. */
const cube = () => arange(24).reshape([2, 3, 4]);
const ints = (...values: number[]) => tensor(values, { dtype: 'int64' });

test('numbers, slices, null and ... make views', () => {
  const x = cube();
  assert.equal(x.index(1, 2, 3).item(), 23);
  assert.equal(x.index(-1, '...', 0).tolist(), [12, 16, 20]);
  assert.equal(x.index(slice(), slice(1), slice(undefined, undefined, 2)).tolist(), [
    [
      [4, 6],
      [8, 10],
    ],
    [
      [16, 18],
      [20, 22],
    ],
  ]);
  assert.equal(x.index(0, slice(undefined, undefined, -1), -1).tolist(), [11, 7, 3]);
  assert.equal(x.index(null, slice(), null, 0).shape, [1, 2, 1, 4]);
  assert.equal(x.index('...').shape, [2, 3, 4]);
  assert.equal(x.index(0, slice(3, 1)).shape, [0, 4]);
  x.index(0, slice(2, 0, -1), 0).copy_(tensor([-1, -2]));
  assert.equal(x.index(0, slice(), 0).tolist(), [0, -2, -1]);
});

test('arrays and index tensors select, negative ones from the end', () => {
  const x = cube();
  assert.equal(x.index([1, 0, -1], 0, 0).tolist(), [12, 0, 12]);
  assert.equal(x.index(slice(), [0, 2], [1, 3]).tolist(), [
    [1, 11],
    [13, 23],
  ]);
  assert.equal(
    x
      .index(ints(0, 1).reshape([2, 1]), ints(0, 2))
      .index('...', 0)
      .tolist(),
    [
      [0, 8],
      [12, 20],
    ],
  );
  assert.equal(x.index(ints(1).to('int32'), tensor([2], { dtype: 'uint8' }), 1).tolist(), [21]);
  assert.equal(x.index([]).shape, [0, 3, 4]);
});

test('dimensions of index tensors apart from each other come first', () => {
  const x = cube();
  assert.equal(x.index([0, 1, 0], slice(), [0, 1, 2]).shape, [3, 3]);
  assert.equal(x.index([0, 1, 0], slice(), [0, 1, 2]).tolist(), [
    [0, 4, 8],
    [13, 17, 21],
    [2, 6, 10],
  ]);
});

test('masks select where they are true', () => {
  const x = cube();
  assert.equal(x.index(x.gt(20)).tolist(), [21, 22, 23]);
  assert.equal(x.index(slice(), [true, false, true], 0).tolist(), [
    [0, 8],
    [12, 20],
  ]);
  assert.equal(x.index(0, slice(), [false, false, true, false]).tolist(), [[2], [6], [10]]);
  assert.equal(x.index(zeros([2], { dtype: 'bool' })).shape, [0, 3, 4]);
});

test('every dtype is read and written, through strided views too', () => {
  for (const dtype of dtypes) {
    const x = tensor([
      [0, 1, 0],
      [1, 1, 0],
    ]).to(dtype);
    assert.equal(
      x.t().index([2, 0]).to('int64').tolist(),
      [
        [0, 0],
        [0, 1],
      ],
      dtype,
    );
    assert.equal(
      x.indexSelect(1, ints(1, 1)).to('int64').tolist(),
      [
        [1, 1],
        [1, 1],
      ],
      dtype,
    );
    const y = x.clone();
    y.t().indexPut_([[2]], 1);
    assert.equal(
      y.to('int64').tolist(),
      [
        [0, 1, 1],
        [1, 1, 1],
      ],
      dtype,
    );
    assert.equal(
      zeros([2], { dtype })
        .indexPut([[0, 0, 1]], 1, { accumulate: true })
        .to('int64')
        .tolist(),
      dtype === 'bool' ? [1, 1] : [2, 1],
    );
  }
});

test('indexPut_ writes into plain entries, index tensors and masks', () => {
  const x = zeros([3, 4]);
  x.indexPut_([0], 1)
    .indexPut_([slice(1), -1], tensor([2, 3]))
    .indexPut_(
      [
        [1, 2],
        [0, 1],
      ],
      4,
    );
  assert.equal(x.tolist(), [
    [1, 1, 1, 1],
    [4, 0, 0, 2],
    [0, 4, 0, 3],
  ]);
  x.indexPut_([x.eq(0)], 9).indexPut_([1, slice(2)], 1, { accumulate: true });
  assert.equal(x.tolist(), [
    [1, 1, 1, 1],
    [4, 9, 10, 3],
    [9, 4, 9, 3],
  ]);
  const y = ones([2]);
  assert.equal(y.indexPut([[0]], 5).tolist(), [5, 1]);
  assert.equal(y.tolist(), [1, 1]);
});

test('a write whose values or index lie in the target itself sees the old ones', () => {
  const x = arange(4);
  x.indexPut_([x.clone().sub(3).abs()], x);
  assert.equal(x.tolist(), [3, 2, 1, 0]);
  x.indexPut_([x], x.index(slice(undefined, undefined, -1)));
  assert.equal(x.tolist(), [3, 2, 1, 0]);
});

test('an index out of range is a RangeError that names it, and nothing was written', () => {
  const x = zeros([2, 3]);
  const cases: [() => unknown, RegExp][] = [
    [() => x.index([0, 2]), /index 2 is out of range for dimension 0 of size 2/],
    [() => x.index(0, [-4]), /index -4 .* of size 3/],
    [() => x.index(2), /index 2 .* size 2/],
    [() => x.index(0, 0, 0), /3 dimensions/],
    [() => x.index('...', '...'), /once/],
    [() => x.indexSelect(1, ints(0, 3)), /index 3 is out of range for dimension 1 of size 3/],
    [() => x.indexSelect(0, ints(-1)), /index -1/],
    [() => x.take(ints(6)), /index 6 .* size 6/],
    [() => x.indexPut_([[0, 1, 5]], 1), /index 5/],
    [() => zeros([0]).index([0]), /index 0 .* size 0/],
  ];
  for (const [f, message] of cases) {
    assert.throws(f, (e: Error) => e instanceof RangeError && message.test(e.message), String(message));
  }
  assert.equal(x.sum().item(), 0);
});

test('what cannot be an index is refused', () => {
  const x = zeros([2, 3]);
  assert.throws(
    () => x.index(tensor([0.5])),
    (e: Error) => e instanceof DTypeError,
  );
  assert.throws(() => x.index([0.5]), /integers or booleans/);
  assert.throws(() => x.index('a' as never), /expected a number/);
  assert.throws(() => x.index({ start: 0.5 } as Index), /integer/);
  assert.throws(
    () => x.index([true, false, true]),
    (e: Error) => e instanceof ShapeError,
  );
  assert.throws(
    () => x.indexPut_([[0]], ones([2])),
    (e: Error) => e instanceof ShapeError,
  );
  assert.throws(
    () => x.indexPut_([[0]], ones([3], { dtype: 'float64' })),
    (e: Error) => e instanceof DTypeError,
  );
  assert.throws(
    () => x.indexSelect(0, ints(0, 1).reshape([1, 2])),
    (e: Error) => e instanceof ShapeError,
  );
});

test('slices are added, copied and filled', () => {
  const x = zeros([3, 2]);
  const rows = tensor(
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    { dtype: 'float32' },
  );
  assert.equal(x.indexAdd(0, ints(0, 2, 0), rows).tolist(), [
    [6, 8],
    [0, 0],
    [3, 4],
  ]);
  assert.equal(x.indexAdd(0, ints(1), rows.narrow(0, 0, 1), { alpha: -2 }).tolist(), [
    [0, 0],
    [-2, -4],
    [0, 0],
  ]);
  assert.equal(x.indexCopy(0, ints(2, 0, 1), rows).tolist(), [
    [3, 4],
    [5, 6],
    [1, 2],
  ]);
  assert.equal(x.indexFill(1, ints(-1), 7).tolist(), [
    [0, 7],
    [0, 7],
    [0, 7],
  ]);
  x.indexAdd_(0, ints(0, 0), ones([2, 2]))
    .indexCopy_(1, ints(1), ones([3, 1]))
    .indexFill_(0, ints(2), tensor(5));
  assert.equal(x.tolist(), [
    [2, 1],
    [0, 1],
    [5, 5],
  ]);
  assert.throws(
    () => x.indexAdd(0, ints(0, 1), rows),
    (e: Error) => e instanceof ShapeError,
  );
});

test('nonzero lists positions in row-major order', () => {
  const x = tensor([
    [0, 2],
    [-1, 0],
  ]);
  assert.equal(x.nonzero().tolist(), [
    [0, 1],
    [1, 0],
  ]);
  assert.equal(
    x
      .t()
      .nonzero({ asTuple: true })
      .map((t) => t.tolist()),
    [
      [0, 1],
      [1, 0],
    ],
  );
  assert.equal(tensor(3).argwhere().shape, [1, 0]);
  assert.equal(zeros([2, 0, 3]).nonzero().shape, [0, 3]);
  assert.equal(tensor([Number.NaN, 0]).nonzero().tolist(), [[0]]);
});

test('gradients agree with finite differences', () => {
  checkGradients((x) => x.index([0, 2, 0], slice(undefined, undefined, -1)), [sample([3, 4])]);
  checkGradients((x) => x.index([0, 1, 0], slice(), [2, 2, 1]), [sample([2, 2, 3])]);
  checkGradients((x) => x.index(sample([2, 3]).gt(0)), [sample([2, 3])]);
  checkGradients((x) => x.t().indexSelect(0, ints(1, 1, 0)), [sample([2, 3])]);
  checkGradients((x) => x.take(ints(5, 0, 5)), [sample([2, 3])]);
  for (const accumulate of [false, true]) {
    checkGradients((x, v) => x.indexPut([slice(), [0, 2]], v, { accumulate }), [sample([2, 3]), sample([2, 2], 2)]);
    checkGradients((x, v) => x.indexPut([[0, 1]], v, { accumulate }), [sample([2, 3]), sample([3], 2)]);
  }
  checkGradients((x, v) => x.indexAdd(1, ints(0, 0, 1), v, { alpha: 3 }), [sample([2, 2]), sample([2, 3], 2)]);
  checkGradients(
    (x, v) =>
      x
        .mul(2)
        .index(slice(0, 2), [0, 1])
        .mul(
          x
            .sin()
            .indexPut_([1, slice(1)], v)
            .index(slice(0, 2), [0, 1]),
        ),
    [sample([3, 3]), sample([2], 2)],
  );
});

test('gradients of gradients', () => {
  const second = (x: Tensor) => {
    const y = x.index([0, 2, 0], [1, 1, 1]).pow(3).sum();
    return grad(y, x, { createGraph: true })[0] as Tensor;
  };
  const x = sample([3, 2]).requiresGrad_();
  const [g] = grad(second(x).sum(), x);
  const hand = x
    .detach()
    .mul(6)
    .mul(
      tensor([
        [0, 2],
        [0, 0],
        [0, 1],
      ]),
    );
  assert.ok((g as Tensor).sub(hand).abs().amax().item() < 1e-12);
});

test('the gradient of a row gather has the same bits for any number of threads', () => {
  const threads = getNumThreads();
  const ids = arange(20000).mul(7919).remainder(50);
  const rows = sample([20000, 40]).to('float32');
  const results = [1, 2, 3].map((n) => {
    setNumThreads(n);
    const table = zeros([50, 40]).requiresGrad_();
    table.indexSelect(0, ids).backward({ gradient: rows });
    return (table.grad as Tensor).toTypedArray();
  });
  setNumThreads(threads);
  assert.equal(results[1], results[0]);
  assert.equal(results[2], results[0]);
});

test.run();
