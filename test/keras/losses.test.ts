// SPDX-License-Identifier: MIT
import { grad, manualSeed, ShapeError, tensor } from 'cresset';
import { losses } from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, float32, isA, type Numbers, type Options, readCases } from './reference.js';

interface Case {
  fn: string;
  class: string;
  yTrue: Numbers;
  yPred: Numbers;
  options: Options;
  values: Numbers;
  gradient?: Numbers;
  weights: Numbers;
}
type Call = (yTrue: Numbers, yPred: unknown, options: Options) => ReturnType<typeof tensor>;
type Make = new (options: Options) => losses.Loss;

const reductions = ['sumOverBatchSize', 'sum', 'meanWithSampleWeight', 'none'] as const;
const cases = readCases<Case & Record<(typeof reductions)[number], [Numbers, Numbers?]>>('losses');
const table = losses as unknown as Record<string, Call & Make>;

for (const [i, expected] of cases.entries()) {
  const name = `${i}: ${expected.class} ${JSON.stringify(expected.options)}`;

  test(`function ${name}`, () => {
    const x = float32(expected.yPred).requiresGrad_();
    const values = table[expected.fn](expected.yTrue, x, expected.options);
    assertClose(values, expected.values, 'values');
    if (expected.gradient) assertClose(grad(values.sum(), x)[0] as never, expected.gradient, 'gradient', 2e-5);
  });

  test(`class ${name}`, () => {
    for (const reduction of reductions) {
      const loss = new table[expected.class]({ reduction, ...expected.options });
      const [plain, weighted] = expected[reduction];
      const x = float32(expected.yPred);
      assertClose(loss.call(expected.yTrue, x), plain, reduction);
      if (weighted !== undefined) {
        assertClose(loss.call(expected.yTrue, x, expected.weights), weighted, `weighted ${reduction}`);
      }
    }
  });
}

test('every class is found by the name it has, and says how to make an equal one', () => {
  for (const expected of cases) {
    const loss = losses.get(expected.fn as losses.LossName);
    assert.instance(loss, table[expected.class]);
    assert.is(loss.name, expected.fn);
    assert.equal(loss.getConfig(), { name: expected.fn, reduction: 'sumOverBatchSize' });
  }
  const smooth = new losses.CategoricalCrossentropy({ labelSmoothing: 0.1, name: 'mine' });
  assert.equal(smooth.getConfig(), { name: 'mine', reduction: 'sumOverBatchSize', labelSmoothing: 0.1 });
  assert.is(losses.get(smooth), smooth);
});

test('a function of the user is a loss', () => {
  const absolute = losses.get((yTrue, yPred) => yTrue.sub(yPred).abs());
  assert.is(absolute.call(float32([1, 2]), float32([3, 5])).item(), 2.5);
});

test('class indices of any dtype give the same loss', () => {
  manualSeed(1);
  const x = float32([
    [0.1, 0.7, 0.2],
    [0.3, 0.3, 0.4],
  ]);
  const loss = new losses.SparseCategoricalCrossentropy();
  const expected = loss.call(tensor([1, 2]), x).item();
  assert.ok(Math.abs(expected + (Math.log(0.7) + Math.log(0.4)) / 2) < 1e-6);
  for (const dtype of ['uint8', 'int8', 'int16', 'int32', 'float32', 'float64'] as const) {
    assert.is(loss.call(tensor([1, 2]).to(dtype), x).item(), expected);
    assert.is(loss.call(tensor([[1], [2]]).to(dtype), x).item(), expected);
  }
});

test('wrong arguments are told by name', () => {
  const x = float32([[0.5, 0.5]]);
  assert.throws(() => losses.get('mean' as losses.LossName), /losses.get: expected one of meanSquaredError/);
  assert.throws(() => new losses.Huber({ reduction: 'average' as 'sum' }), /Huber: reduction: expected one of none/);
  assert.throws(() => losses.binaryCrossentropy([1], x), isA(ShapeError));
  assert.throws(() => losses.categoricalCrossentropy([1], x), /categoricalCrossentropy: yTrue: expected the shape/);
  assert.throws(() => losses.sparseCategoricalCrossentropy([1, 0], x), /one class a sample, shape \[1\], got \[2\]/);
  assert.throws(() => losses.sparseCategoricalCrossentropy([2], x), isA(RangeError));
  assert.throws(() => losses.sparseCategoricalCrossentropy([-100], x), isA(RangeError));
  assert.throws(() => losses.hinge(undefined as never, x), /hinge: yTrue: expected a tensor or numbers/);
});

test.run();
