// SPDX-License-Identifier: MIT
// The low-level TensorFlow program of examples/mnist-tf.ts, training only, batch 32. Argument: epochs. Prints
// what an epoch took and the mean training loss of each.
import { manualSeed } from 'cresset';
import * as tf from 'cresset/tf';
import { printEpochs } from './support.js';

manualSeed(0);
const { train } = await tf.datasets.mnist.loadData();
const images = train.x.reshape([-1, 784]).cast('float32').div(255);
const trainDs = tf.data.Dataset.fromTensorSlices([images, train.y] as const)
  .shuffle(10000)
  .batch(32);
const W1 = new tf.Variable(tf.random.normal([784, 128], { stddev: 0.1 }));
const b1 = new tf.Variable(tf.zeros([128]));
const W2 = new tf.Variable(tf.random.normal([128, 10], { stddev: 0.1 }));
const b2 = new tf.Variable(tf.zeros([10]));
const variables = [W1, b1, W2, b2];
const optimizer = new tf.optimizers.Adam({ learningRate: 0.001 });
const trainStep = tf.function((x: tf.Tensor, labels: tf.Tensor) => {
  const tape = new tf.GradientTape();
  const loss = tape.record(() => {
    const logits = tf.add(tf.matmul(tf.nn.relu(tf.add(tf.matmul(x, W1), b1)), W2), b2);
    return tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }));
  });
  const gradients = tape.gradient(loss, variables);
  optimizer.applyGradients(gradients.map((g, i) => [g, variables[i] as tf.Variable]));
  return loss;
});

const seconds: number[] = [];
const losses: number[] = [];
for (let epoch = 0; epoch < Number(process.argv[2]); epoch++) {
  const began = performance.now();
  let total = 0;
  let count = 0;
  for await (const [x, y] of trainDs) {
    total += (await trainStep.run(x, y)).item();
    count++;
  }
  seconds.push((performance.now() - began) / 1000);
  losses.push(total / count);
}
printEpochs('tf-epoch', { seconds, losses });
