// SPDX-License-Identifier: MIT
import { memoryStats, rand, type Tensor, tensor } from 'cresset';
import { metrics } from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, float32, type Numbers, type Options, readCases } from './reference.js';

interface Case {
  class: string;
  options: Options;
  batches: Numbers[][];
  results: Numbers[];
}
type Make = new (options?: Options) => metrics.Metric;
const table = metrics as unknown as Record<string, Make>;

for (const [i, { class: name, options, batches, results }] of readCases<Case>('metrics').entries()) {
  test(`${i}: ${name} ${JSON.stringify(options)}`, () => {
    const metric = new table[name](options);
    // twice: the second time after a reset
    for (const round of ['first', 'again']) {
      for (const [step, batch] of batches.entries()) {
        metric.updateState(...batch);
        assertClose(metric.result(), results[step], `${round}, after batch ${step}`);
      }
      metric.resetState();
    }
  });
}

test('a metric that has seen nothing is 0', () => {
  for (const name of ['mean', 'sum', 'binaryAccuracy', 'precision', 'auc', 'f1Score'] as const) {
    assert.is(metrics.get(name).result().item(), 0, name);
  }
});

test('accuracy is the one that fits the shapes', () => {
  const kind = (outputShape: (number | null)[], targetShape: (number | null)[]) =>
    metrics.get('accuracy', { outputShape, targetShape }).constructor;
  assert.is(kind([null, 1], [null, 1]), metrics.BinaryAccuracy);
  assert.is(kind([null, 1], [null]), metrics.BinaryAccuracy);
  assert.is(kind([null, 10], [null]), metrics.SparseCategoricalAccuracy);
  assert.is(kind([null, 10], [null, 1]), metrics.SparseCategoricalAccuracy);
  assert.is(kind([null, 10], [null, 10]), metrics.CategoricalAccuracy);
  assert.is(metrics.get('acc').name, 'acc');
});

test('metrics are found by name, object and function', () => {
  assert.is(metrics.get('mse').name, 'mse');
  assert.is(new metrics.SparseTopKCategoricalAccuracy({ k: 3 }).name, 'sparseTopKCategoricalAccuracy');
  assert.equal(new metrics.SparseTopKCategoricalAccuracy({ k: 3, name: 'top3' }).getConfig(), { name: 'top3', k: 3 });
  const own = metrics.get(function largest(_, yPred) {
    return (yPred as Tensor).amax(-1);
  });
  own.updateState(
    [0, 0],
    float32([
      [1, 4],
      [2, 1],
    ]),
  );
  assert.is(own.result().item(), 3);
  assert.is(own.name, 'largest');
  assert.is(metrics.get(own), own);
});

test('state is updated in place, records nothing and does not grow', () => {
  const metric = new metrics.SparseCategoricalAccuracy();
  const [y, x] = [tensor([1, 0, 2]), rand([3, 4]).requiresGrad_()];
  const variables = metric.variables;
  metric.updateState(y, x.mul(2));
  assert.is(metric.result().requiresGrad, false);
  const before = memoryStats().live;
  for (let i = 0; i < 20_000; i++) metric.updateState(y, x);
  assert.equal(metric.variables, variables);
  assert.ok(memoryStats().live < before + 16 * 1024 * 1024);
  assert.ok(metric.result().item() >= 0);
});

test('wrong arguments are told by name', () => {
  assert.throws(() => metrics.get('mean_squared' as metrics.MetricName), /metrics.get: expected one of mean/);
  assert.throws(() => new metrics.Precision({ thresholds: 1.5 }), /precision: thresholds/);
  assert.throws(() => new metrics.Precision({ topK: 0 }), /precision: topK: expected a whole number from 1/);
  assert.throws(() => new metrics.AUC({ curve: 'roc' as 'ROC' }), /auc: curve: expected one of ROC, PR/);
  assert.throws(() => new metrics.F1Score({ average: 'mean' as 'micro' }), /f1Score: average/);
  assert.throws(() => new metrics.F1Score().updateState([1], [1]), /expected two of shape \[batch, classes\]/);
  assert.throws(() => new metrics.Recall().updateState([1, 0, 1], [1, 0]), /yTrue: expected the shape of yPred/);
});

test.run();
