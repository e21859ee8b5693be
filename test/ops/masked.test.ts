// SPDX-License-Identifier: MIT

import { arange, DTypeError, histc, isin, oneHot, ones, ShapeError, slice, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGradients, sample } from '../support/gradients.js';

const x = () => arange(6).reshape([2, 3]);

test('masked fill, select and scatter', () => {
  assert.equal(x().maskedFill(x().gt(3), -1).tolist(), [
    [0, 1, 2],
    [3, -1, -1],
  ]);
  assert.is(x().maskedFill(x().gt(3), tensor(7, { dtype: 'int32' })).dtype, 'int64');
  assert.equal(
    x()
      .maskedFill_(tensor([true, false, false]), 9)
      .tolist(),
    [
      [9, 1, 2],
      [9, 4, 5],
    ],
  );
  assert.equal(
    x()
      .maskedSelect(tensor([[true], [false]]))
      .tolist(),
    [0, 1, 2],
  );
  assert.equal(
    x()
      .maskedScatter(tensor([true, false, true]), arange(10, 20))
      .tolist(),
    [
      [10, 1, 11],
      [12, 4, 13],
    ],
  );
  assert.equal(
    x()
      .maskedScatter_(x().eq(3), tensor([8]))
      .tolist(),
    [
      [0, 1, 2],
      [8, 4, 5],
    ],
  );
  assert.throws(
    () => x().maskedFill(x(), 1),
    (e: Error) => e instanceof DTypeError,
  );
  assert.throws(
    () => x().maskedFill(x().gt(1), ones([2])),
    (e: Error) => e instanceof ShapeError,
  );
  assert.throws(() => x().maskedScatter(x().ge(0), arange(5)), /selects 6 elements, the source has 5/);
});

test('selectScatter, sliceScatter, fill_ and zero_', () => {
  assert.equal(
    x()
      .selectScatter(tensor([7, 8]), 1, -1)
      .tolist(),
    [
      [0, 1, 7],
      [3, 4, 8],
    ],
  );
  assert.equal(
    x()
      .sliceScatter(tensor([[7], [8]]), 1, 0, 3, 3)
      .tolist(),
    [
      [7, 1, 2],
      [8, 4, 5],
    ],
  );
  assert.throws(() => x().sliceScatter(tensor([7]), 1, 0, 1), /shape \[2, 1\], got \[1\]/);
  assert.equal(x().fill_(tensor(3)).sum().item(), 18);
  const half = x();
  half.select(0, 1).zero_();
  assert.equal(half.tolist(), [
    [0, 1, 2],
    [0, 0, 0],
  ]);
});

test('oneHot, bincount, histc and isin', () => {
  assert.equal(oneHot(tensor([2, 0])).tolist(), [
    [0, 0, 1],
    [1, 0, 0],
  ]);
  assert.equal(oneHot(tensor([[1]], { dtype: 'uint8' }), 3).tolist(), [[[0, 1, 0]]]);
  assert.throws(
    () => oneHot(tensor([0, 3]), 3),
    (e: Error) => e instanceof RangeError && /index 3 .* size 3/.test(e.message),
  );
  assert.throws(
    () => oneHot(tensor([-1, 1])),
    (e: Error) => e instanceof RangeError,
  );
  assert.throws(
    () => oneHot(tensor([0.5])),
    (e: Error) => e instanceof DTypeError,
  );
  assert.equal(tensor([1, 3, 1]).bincount({ minlength: 5 }).tolist(), [0, 2, 0, 1, 0]);
  assert.equal(
    tensor([1, 0, 1])
      .bincount({ weights: tensor([0.5, 1, 2]) })
      .tolist(),
    [1, 2.5],
  );
  assert.throws(
    () => tensor([-1]).bincount(),
    (e: Error) => e instanceof RangeError,
  );
  assert.equal(histc(tensor([0.5, 1.5, 1.7, 3, -1, Number.NaN]), { bins: 3, min: 0, max: 3 }).tolist(), [1, 2, 1]);
  assert.equal(isin(x(), tensor([1, 5])).tolist(), [
    [false, true, false],
    [false, false, true],
  ]);
  assert.equal(
    isin(x(), zeros([0]), { invert: true })
      .all()
      .item(),
    true,
  );
});

test('gradients agree with finite differences', () => {
  const mask = tensor([
    [true, false, true],
    [false, true, false],
  ]);
  checkGradients((a, v) => a.maskedFill(mask, v), [sample([2, 3]), sample([], 2)]);
  checkGradients((a) => a.sin().maskedFill_(mask, 2).mul(a), [sample([2, 3])]);
  checkGradients((a) => a.maskedSelect(mask), [sample([2, 3])]);
  checkGradients((a, v) => a.maskedScatter(mask, v), [sample([2, 3]), sample([5], 2)]);
  checkGradients(
    (a, v) => a.selectScatter(v, 1, 0).sliceScatter(v.unsqueeze(1), 1, 2),
    [sample([2, 3]), sample([2], 2)],
  );
  checkGradients((a) => a.mul(2).indexPut_([slice(), 0], 0).mul(a), [sample([2, 3])]);
});

test.run();
