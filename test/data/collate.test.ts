// SPDX-License-Identifier: MIT
import { DataError, type Tensor, tensor } from 'cresset';
import { defaultCollate } from 'cresset/data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

function expectTensor(t: Tensor, dtype: string, shape: number[], values: unknown): void {
  assert.is(t.dtype, dtype);
  assert.equal([...t.shape], shape);
  assert.equal(t.tolist(), values);
}

test('tensors are stacked, labels become int64', () => {
  const [images, labels] = defaultCollate<[Tensor, number]>([
    [tensor([1.5, 2]), 3],
    [tensor([4, 5.5]), 7],
  ]);
  expectTensor(
    images,
    'float32',
    [2, 2],
    [
      [1.5, 2],
      [4, 5.5],
    ],
  );
  expectTensor(labels, 'int64', [2], [3, 7]);
});

test('numbers with a fraction become float32, booleans bool, bigints int64', () => {
  expectTensor(defaultCollate([1, 2.5]), 'float32', [2], [1, 2.5]);
  expectTensor(defaultCollate([1, 1e300]), 'float32', [2], [1, Number.POSITIVE_INFINITY]);
  expectTensor(defaultCollate([-1, 0]), 'int64', [2], [-1, 0]);
  expectTensor(defaultCollate([1n, 2n]), 'int64', [2], [1, 2]);
  assert.is(defaultCollate([true, false]).dtype, 'bool');
});

test('strings stay an array; typed arrays are stacked; structure is kept', () => {
  const batch = defaultCollate([
    { name: 'a', pixels: new Float32Array([1, 2]), box: [0, 1] as [number, number] },
    { name: 'b', pixels: new Float32Array([3, 4]), box: [2, 3] as [number, number] },
  ]);
  assert.equal(batch.name, ['a', 'b']);
  expectTensor(
    batch.pixels,
    'float32',
    [2, 2],
    [
      [1, 2],
      [3, 4],
    ],
  );
  expectTensor(batch.box[0], 'int64', [2], [0, 2]);
  expectTensor(batch.box[1], 'int64', [2], [1, 3]);
});

test('a key named __proto__ is a key like others', () => {
  const sample = JSON.parse('{"__proto__": 1}');
  const batch = defaultCollate<Record<string, number>>([sample, sample]);
  assert.equal(Object.keys(batch), ['__proto__']);
  assert.is(Object.getPrototypeOf(batch), Object.prototype);
});

const disagreeing: [string, unknown[], RegExp][] = [
  ['no samples', [], /expected an array of at least one sample/],
  [
    'shapes',
    [[tensor([1])], [tensor([1, 2])]],
    /sample 1 .* a Tensor of shape \[2\] at sample\[0\], expected shape \[1\]/,
  ],
  ['types', [[1], ['a']], /sample 1 of the batch has string at sample\[0\], expected a number/],
  ['lengths', [[1, 2], [1]], /sample 1 of the batch has an array of 1 at sample, expected an array of 2/],
  ['keys', [{ a: { b: 1 } }, { a: { c: 1 } }], /sample 1 .* keys c at sample\.a, expected the key 'b'/],
  ['null', [[null]], /sample 0 of the batch has null at sample\[0\], expected tensors/],
  ['functions', [() => 1], /has function at sample/],
];

for (const [what, samples, message] of disagreeing) {
  test(`refuses samples that differ: ${what}`, () => {
    try {
      defaultCollate(samples);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, DataError);
      assert.match((error as Error).message, message);
    }
  });
}

test.run();
