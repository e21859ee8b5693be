// SPDX-License-Identifier: MIT
import { CressetError, fromBuffer, type Tensor, tensor } from 'cresset';
import { transforms } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { compose, lambda, normalize, toTensor } = transforms;
const pixels = (shape: number[], values: number[]) => fromBuffer(Uint8Array.from(values), { dtype: 'uint8', shape });
const f = Math.fround;

function expectTensor(t: Tensor, shape: number[], values: number[]): void {
  assert.is(t.dtype, 'float32');
  assert.equal([...t.shape], shape);
  assert.equal([...(t.toTypedArray() as Float32Array)], values.map(f));
}

test('toTensor divides by 255 and puts the channels first', () => {
  expectTensor(toTensor()(pixels([1, 4], [0, 51, 128, 255])), [1, 1, 4], [0, 0.2, 128 / 255, 1]);
  const rgb = pixels([1, 2, 3], [0, 51, 102, 153, 204, 255]);
  expectTensor(toTensor()(rgb), [3, 1, 2], [0, 0.6, 0.2, 0.8, 0.4, 1]);
});

test('normalize is (x - mean) / std, channel by channel, in float32', () => {
  const x = tensor([[[0.5, 1]], [[0, 0.25]]]);
  expectTensor(normalize([0.5, 0.25], [0.5, 2])(x), [2, 1, 2], [0, 1, -0.125, 0]);
  const [mean, std] = [f(0.1307), f(0.3081)];
  const expected = [0.5, 1, 0, 0.25].map((v) => f(f(f(v) - mean) / std));
  expectTensor(normalize([0.1307], [0.3081])(x), [2, 1, 2], expected);
});

test('compose calls one after the other; lambda takes any function', () => {
  const twice = lambda((t: Tensor) => t.reshape([6]));
  const count = lambda((t: Tensor) => t.numel());
  assert.is(compose([toTensor(), twice, count])(pixels([2, 3], [1, 2, 3, 4, 5, 6])), 6);
  expectTensor(
    compose([toTensor(), normalize([0.2], [0.4])])(pixels([1, 2], [51, 255])),
    [1, 1, 2],
    [0, f(f(1 - f(0.2)) / f(0.4))],
  );
  const same = tensor([1]);
  assert.is(compose<Tensor>([])(same), same);
});

test('wrong arguments are refused', () => {
  const refused: [() => unknown, RegExp][] = [
    [() => toTensor()(tensor([[1]])), /toTensor: image: dtype int64, expected uint8/],
    [() => toTensor()(pixels([2], [1, 2])), /shape \[2\], expected \[H, W\]/],
    [() => toTensor()(5 as never), /toTensor: image: expected a Tensor, got number/],
    [() => normalize([], []), /normalize: mean: \[\]/],
    [() => normalize([0], [0]), /std: \[0\], expected no 0/],
    [() => normalize([0, 1], [1]), /std has 1 numbers, expected 2/],
    [() => normalize([Number.NaN], [1]), /mean: \[NaN\]/],
    [() => normalize([0, 0], [1, 1])(tensor([[[0.5]]])), /shape \[1,1,1\], expected \[C, H, W\] with C = 2/],
    [() => normalize([0], [1])(tensor([0.5])), /shape \[1\]/],
    [() => lambda(5 as never), /lambda: fn: expected a function/],
    [() => compose([toTensor(), 5] as never), /transforms\[1\]: expected a function, got number/],
    [() => compose(5 as never), /expected an array/],
  ];
  for (const [work, message] of refused) {
    assert.throws(
      work,
      (error: Error) => error instanceof CressetError && message.test(error.message),
      String(message),
    );
  }
});

test.run();
