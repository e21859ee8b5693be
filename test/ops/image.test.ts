// SPDX-License-Identifier: MIT
import { DTypeError, fromBuffer, imageBatch, ShapeError, type Tensor, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const f = Math.fround;
const [N, H, W] = [9, 17, 31];
const pixels = Uint8Array.from({ length: N * H * W }, (_, i) => (i * 37 + (i >> 7)) & 255);
const images = fromBuffer(pixels, { shape: [N, H, W] });
const bits = (x: Float32Array) => new Uint32Array(x.buffer, x.byteOffset, x.length);

for (const [mean, std] of [
  [0, 1],
  [0.1307, 0.3081],
  [-2, 1e-3],
] as const) {
  test(`gathers and rounds as the separate steps do: mean ${mean}, std ${std}`, () => {
    const order = [8, 0, 3, 3];
    const batch = imageBatch(images, tensor(order), { mean, std });
    assert.is(batch.dtype, 'float32');
    assert.equal(batch.shape, [4, H, W]);
    const expected = order.flatMap((k) =>
      Array.from(pixels.subarray(k * H * W, (k + 1) * H * W), (p) => f(f(f(p / 255) - f(mean)) / f(std))),
    );
    assert.equal(bits(batch.toTypedArray() as Float32Array), bits(Float32Array.from(expected)));
  });
}

test('takes views, other ranks, and no images at all', () => {
  const flipped = fromBuffer(Uint8Array.of(0, 51, 102, 153), { shape: [2, 2] }).permute([1, 0]);
  assert.equal([...imageBatch(flipped, tensor([1])).toTypedArray()], [f(0.2), f(0.6)]);
  assert.equal([...imageBatch(fromBuffer(Uint8Array.of(0, 255)), tensor([1, 0])).toTypedArray()], [1, 0]);
  assert.equal(imageBatch(images, zeros([0], { dtype: 'int64' })).shape, [0, H, W]);
  assert.equal(imageBatch(zeros([3, 0], { dtype: 'uint8' }), tensor([2])).shape, [1, 0]);
});

test('wrong arguments are refused', () => {
  const refused: [() => Tensor, new (...args: never[]) => Error, RegExp][] = [
    [() => imageBatch(zeros([2, 2]), tensor([0])), DTypeError, /images: expected dtype uint8, got float32/],
    [() => imageBatch(images, zeros([1], { dtype: 'int32' })), DTypeError, /index: expected dtype int64, got int32/],
    [() => imageBatch(images, tensor([[0]])), ShapeError, /an index of shape \[B\]/],
    [() => imageBatch(images, tensor([0, 9])), RangeError, /index\[1\] is 9, expected 0 to 8/],
    [() => imageBatch(images, tensor([-1])), RangeError, /index\[0\] is -1/],
    [() => imageBatch(5 as never, tensor([0])), TypeError, /imageBatch: images: expected a Tensor, got number/],
    [() => imageBatch(images, tensor([0]), { mean: 'x' as never }), TypeError, /mean/],
  ];
  for (const [work, type, message] of refused) {
    assert.throws(work, (error: Error) => error instanceof type && message.test(error.message), String(message));
  }
});

test.run();
