// SPDX-License-Identifier: MIT
// A classifier of handwritten digits, written TensorFlow's way, low level.
// npm start -- --style tf [--epochs N] [--seed S] [--json]
import * as tf from 'cresset/tf';
import { loadTensors } from './support/data.js';
import { readOptions } from './support/options.js';
import { Report } from './support/report.js';

const { epochs, seed, json } = readOptions();
if (seed !== undefined) tf.random.setSeed(seed);

const { train, test } = await loadTensors(tf.datasets.mnist);
const flatten = (images: tf.Tensor) => images.reshape([-1, 784]).to('float32').div(255);
const trainDs = tf.data.Dataset.fromTensorSlices([flatten(train.x), train.y])
  .shuffle(10000)
  .batch(32);
const testDs = tf.data.Dataset.fromTensorSlices([flatten(test.x), test.y]).batch(32);

const W1 = new tf.Variable(tf.random.normal([784, 128], { stddev: 0.1 }));
const b1 = new tf.Variable(tf.zeros([128]));
const W2 = new tf.Variable(tf.random.normal([128, 10], { stddev: 0.1 }));
const b2 = new tf.Variable(tf.zeros([10]));
const variables = [W1, b1, W2, b2];
const model = (x: tf.Tensor) => tf.add(tf.matmul(tf.nn.relu(tf.add(tf.matmul(x, W1), b1)), W2), b2);
const lossFn = (logits: tf.Tensor, labels: tf.Tensor) =>
  tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }));
const optimizer = new tf.optimizers.Adam({ learningRate: 0.001 });
const testLoss = new tf.metrics.Mean();
const testAccuracy = new tf.metrics.SparseCategoricalAccuracy();

const trainStep = tf.function((x: tf.Tensor, y: tf.Tensor) => {
  const tape = new tf.GradientTape();
  const loss = tape.record(() => lossFn(model(x), y));
  optimizer.applyGradients(tape.gradient(loss, variables).map((g, i) => [g, variables[i]]));
  return loss;
});
const testStep = tf.function((x: tf.Tensor, y: tf.Tensor) => {
  const logits = model(x);
  testLoss.updateState(lossFn(logits, y));
  testAccuracy.updateState(y, logits);
});

const report = new Report('tf', { epochs, json, batches: trainDs.cardinality() ?? 0 });
for (let epoch = 1; epoch <= epochs; epoch++) {
  report.start(epoch);
  for await (const [x, y] of trainDs) report.trained(trainStep(x, y).item(), x.size(0));
  report.test();
  for (const metric of [testLoss, testAccuracy]) metric.resetState();
  for await (const [x, y] of testDs) testStep(x, y);
  const images = test.y.size(0);
  report.tested(testLoss.result().item(), testAccuracy.result().item() * images, images);
  report.finish();
}
