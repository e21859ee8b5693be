// SPDX-License-Identifier: MIT
// suites: sanitizer isa arm64

import { arange, DTypeError, dtypes, ones, ShapeError, type Tensor, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGradients, sample } from '../support/gradients.js';

const ids = (values: unknown) => tensor(values as number[], { dtype: 'int64' });
const throws = (f: () => unknown, kind: new (...args: never[]) => Error, message: RegExp) =>
  assert.throws(f, (e: Error) => e instanceof kind && message.test(e.message), String(message));

test('gather reads along one dimension by an index of its own shape', () => {
  const x = arange(6).reshape([2, 3]);
  assert.equal(
    x
      .gather(
        1,
        ids([
          [2, 0],
          [1, 1],
        ]),
      )
      .tolist(),
    [
      [2, 0],
      [4, 4],
    ],
  );
  assert.equal(x.gather(0, ids([[1, 0]])).tolist(), [[3, 1]]);
  assert.equal(
    x
      .t()
      .gather(-2, ids([[2], [0]]))
      .tolist(),
    [[2], [0]],
  );
  assert.equal(
    tensor(5)
      .gather(0, ids([0, 0]))
      .tolist(),
    [5, 5],
  );
  assert.equal(x.gather(0, zeros([0, 3], { dtype: 'int64' })).shape, [0, 3]);
  assert.equal(x.takeAlongDim(ids([[1], [0]]), 1).tolist(), [[1], [3]]);
  assert.equal(x.takeAlongDim(ids([[0], [1]]), 0).tolist(), [
    [0, 1, 2],
    [3, 4, 5],
  ]);
  assert.equal(x.takeAlongDim(ids([5, 0])).tolist(), [5, 0]);
});

test('scatter writes along one dimension; the last of several values counts', () => {
  const source = tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { dtype: 'float32' },
  );
  assert.equal(
    zeros([2, 4])
      .scatter(
        1,
        ids([
          [3, 0, 3],
          [1, 1, 2],
        ]),
        source,
      )
      .tolist(),
    [
      [2, 0, 0, 3],
      [0, 5, 6, 0],
    ],
  );
  assert.equal(
    zeros([2, 2])
      .scatter(0, ids([[1]]), source)
      .tolist(),
    [
      [0, 0],
      [1, 0],
    ],
  );
  assert.equal(
    zeros([3])
      .scatter_(0, ids([2]), 7)
      .tolist(),
    [0, 0, 7],
  );
  const columns = zeros([3, 2]);
  columns.t().scatter_(1, ids([[2], [0]]), 1);
  assert.equal(columns.tolist(), [
    [0, 1],
    [0, 0],
    [1, 0],
  ]);
});

test('values that meet are joined, in every dtype', () => {
  for (const dtype of dtypes) {
    const x = tensor([1, 1, 0]).to(dtype);
    const source = tensor([1, 1, 1]).to(dtype);
    assert.is(x.scatterAdd(0, ids([0, 2, 2]), source).dtype, dtype);
    assert.equal(
      x
        .scatterAdd(0, ids([0, 2, 2]), source)
        .to('int64')
        .tolist(),
      dtype === 'bool' ? [1, 1, 1] : [2, 1, 2],
    );
    assert.equal(
      x
        .scatterReduce(0, ids([2]), source, 'amax')
        .to('int64')
        .tolist(),
      [1, 1, 1],
      dtype,
    );
    assert.equal(
      x
        .scatterReduce(0, ids([2]), source, 'amin', { includeSelf: false })
        .to('int64')
        .tolist(),
      [1, 1, 1],
      dtype,
    );
  }
  const x = tensor([2, 3, 4], { dtype: 'float32' });
  const source = tensor([5, 7, 1], { dtype: 'float32' });
  const at = ids([0, 0, 2]);
  assert.equal(x.scatterReduce(0, at, source, 'prod').tolist(), [70, 3, 4]);
  assert.equal(x.scatterReduce(0, at, source, 'prod', { includeSelf: false }).tolist(), [35, 3, 1]);
  assert.equal(x.scatterReduce(0, at, source, 'mean', { includeSelf: false }).tolist(), [6, 3, 1]);
  assert.equal(x.scatterReduce(0, at, source, 'amin').tolist(), [2, 3, 1]);
  assert.equal(x.scatterReduce(0, ids([1]), tensor([Number.NaN]), 'amax').tolist(), [2, Number.NaN, 4]);
  assert.equal(x.clone().scatterReduce_(0, at, source, 'sum').tolist(), [14, 3, 5]);
});

test('an index or source that does not fit is refused before anything is written', () => {
  const x = zeros([2, 3]);
  throws(() => x.gather(1, ids([[3]])), RangeError, /index 3 is out of range for dimension 1 of size 3/);
  throws(() => x.gather(1, ids([[-1]])), RangeError, /index -1/);
  throws(() => x.scatter_(0, ids([[0, 1, 2]]), 1), RangeError, /index 2 .* dimension 0 of size 2/);
  throws(() => x.gather(0, ids([0])), ShapeError, /\[1\].*\[2, 3\]/);
  throws(() => x.gather(0, ids([[0, 0, 0, 0]])), ShapeError, /\[1, 4\]/);
  throws(() => x.scatter(1, ids([[0, 1]]), ones([1, 1])), ShapeError, /source of shape \[1, 1\]/);
  throws(() => zeros([3]).scatter(0, ids([0, 1]), tensor(1, { dtype: 'float32' })), ShapeError, /source/);
  throws(() => x.gather(0, zeros([1, 3])), DTypeError, /float32/);
  throws(() => x.scatter(0, ids([[0]]), ones([1, 1], { dtype: 'float64' })), DTypeError, /float64/);
  throws(() => x.scatterReduce(0, ids([[0]]), ones([1, 1]), 'max' as never), RangeError, /'amax'/);
  assert.equal(x.abs().sum().item(), 0);
});

test('scattering into the index itself uses the values it had', () => {
  const x = ids([2, 0, 1]);
  assert.equal(x.scatter_(0, x, 9).tolist(), [9, 9, 9]);
  const y = ids([1, 2, 0]);
  assert.equal(y.scatter_(0, y.clone(), y).tolist(), [0, 1, 2]);
});

test('gradients agree with finite differences', () => {
  const at = ids([
    [0, 2],
    [1, 1],
  ]);
  checkGradients((x) => x.gather(1, at), [sample([2, 3])]);
  checkGradients((x) => x.t().gather(0, at), [sample([2, 3])]);
  checkGradients(
    (x, s) =>
      x.scatter(
        1,
        ids([
          [0, 2],
          [1, 0],
        ]),
        s,
      ),
    [sample([2, 3]), sample([2, 2], 2)],
  );
  checkGradients((x, s) => x.sin().scatterAdd_(1, at, s), [sample([2, 3]), sample([3, 3], 2)]);
  for (const reduce of ['sum', 'prod', 'mean', 'amax', 'amin'] as const) {
    for (const includeSelf of [true, false]) {
      const f = (x: Tensor, s: Tensor) => x.scatterReduce(1, at, s, reduce, { includeSelf });
      checkGradients(f, [sample([2, 3]), sample([2, 2], 2)]);
    }
  }
});

test('the gradient of a product is right where factors are zero', () => {
  const zero = tensor(
    [
      [0, 2],
      [3, 0],
    ],
    { dtype: 'float64' },
  );
  checkGradients(
    (x, s) =>
      x.scatterReduce(
        1,
        ids([
          [0, 0],
          [1, 1],
        ]),
        s,
        'prod',
      ),
    [sample([2, 2]), zero],
  );
  checkGradients(
    (x, s) =>
      x.scatterReduce(
        1,
        ids([
          [0, 0],
          [1, 1],
        ]),
        s,
        'prod',
      ),
    [zeros([2, 2], { dtype: 'float64' }), zero],
  );
});

test.run();
