// SPDX-License-Identifier: MIT
// Whole trainings against Keras: the same weights, batches and options.
import { type Tensor, tensor } from 'cresset';
import * as keras from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, assertLogs, type Run, reference, toTensor } from './models-reference.js';

const { layers, regularizers } = keras;
const given = reference.training;
const x = toTensor(given.x);
const y = tensor(given.y);
const oneHot = y
  .unsqueeze(1)
  .eq(tensor([0, 1, 2]))
  .to('float32');

function smallModel(): keras.Sequential {
  const model = keras.sequential([
    layers.input([5]),
    layers.dense(8, {
      activation: 'relu',
      kernelRegularizer: regularizers.l2(0.02),
      biasRegularizer: regularizers.l1(0.01),
    }),
    layers.batchNormalization({ momentum: 0.8 }),
    layers.dense(3, { activation: 'softmax' }),
  ]);
  model.setWeights(given.weights.map((weight) => toTensor(weight)));
  return model;
}
const sgd = () => new keras.optimizers.SGD({ learningRate: 0.1 });

async function check(
  name: string,
  optimizer: 'adam' | keras.optimizers.Optimizer,
  targets: Tensor,
  options: keras.FitArrayOptions,
) {
  const expected = given.runs[name] as Run;
  const model = smallModel();
  const loss = targets === oneHot ? 'categoricalCrossentropy' : 'sparseCategoricalCrossentropy';
  model.compile({ optimizer, loss, metrics: ['accuracy'] });
  const history = await model.fit(x, targets, { shuffle: false, batchSize: 8, verbose: 0, ...options });
  assertLogs(history.history, expected.history, 'history');
  assert.equal(history.epoch, expected.epoch);
  assertLogs(await model.evaluate(x, targets, { batchSize: 8, verbose: 0 }), expected.evaluated, 'evaluate');
  assertClose(await model.predict(x, { verbose: 0 }), expected.predicted, 'predict', 1e-4);
  expected.weights.forEach((weight, i) => {
    assertClose(model.getWeights()[i] as Tensor, weight, `weight ${i}`, 1e-4);
  });
}

test('SGD, regularizers, batch normalisation, a validation split and a last batch that is not full', () =>
  check('sgd', sgd(), y, { epochs: 3, validationSplit: 0.25 }));
test('Adam by name, one-hot targets and a later first epoch', () =>
  check('adam', 'adam', oneHot, { epochs: 4, initialEpoch: 1 }));
test('weights of samples', () =>
  check('sampleWeight', sgd(), y, { epochs: 2, sampleWeight: toTensor(given.sampleWeight) }));
test('weights of classes', () => check('classWeight', sgd(), y, { epochs: 2, classWeight: { 0: 0.5, 2: 3 } }));
test('weights of classes with one-hot targets', () =>
  check('classWeightOneHot', sgd(), oneHot, { epochs: 2, classWeight: { 0: 0.5, 2: 3 } }));
test('steps of an epoch and validation after every other one', () =>
  check('steps', sgd(), y, {
    epochs: 3,
    stepsPerEpoch: 2,
    validationData: [x.narrow(0, 0, 10), y.narrow(0, 0, 10)],
    validationFreq: 2,
  }));

test('a stream of the same batches trains the same', async () => {
  const expected = given.runs.sgd as Run;
  const rows = (from: number, to: number) => [x.narrow(0, from, to - from), y.narrow(0, from, to - from)];
  const model = smallModel();
  model.compile({ optimizer: sgd(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  async function* validation() {
    yield rows(16, 22);
  }
  const history = await model.fit([rows(0, 8), rows(8, 16)], {
    epochs: 3,
    verbose: 0,
    validationData: { [Symbol.asyncIterator]: validation },
  });
  assertLogs(history.history, expected.history, 'history');
});

test('single batches train as a fit does', () => {
  const expected = given.runs.sgd as Run;
  const model = smallModel();
  model.compile({ optimizer: sgd(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  for (let epoch = 0; epoch < 3; epoch++) {
    model.resetMetrics();
    model.trainOnBatch(x.narrow(0, 0, 8), y.narrow(0, 0, 8));
    const logs = model.trainOnBatch(x.narrow(0, 8, 8), y.narrow(0, 8, 8));
    const { accuracy, loss } = expected.history as Record<string, number[]>;
    assertLogs(logs, { accuracy: accuracy?.[epoch] as number, loss: loss?.[epoch] as number }, `epoch ${epoch}`);
  }
  model.resetMetrics();
  const logs = model.testOnBatch(x.narrow(0, 16, 6), y.narrow(0, 16, 6));
  const { valAccuracy, valLoss } = expected.history as Record<string, number[]>;
  assertLogs(logs, { accuracy: valAccuracy?.[2] as number, loss: valLoss?.[2] as number }, 'validation');
  assertClose(model.predictOnBatch(x), expected.predicted, 'predict', 1e-4);
});

test.run();
