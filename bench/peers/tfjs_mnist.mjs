// SPDX-License-Identifier: MIT
// The MNIST classifier as Keras' users write it, in TensorFlow.js on its WebAssembly backend, batch 32. Argument: epochs.
// DATA names a folder with MNIST/raw. Prints what a training epoch took and the running loss of each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tf from '@tensorflow/tfjs';
import wasm from '@tensorflow/tfjs-backend-wasm';

const readRaw = (name, header) => readFileSync(join(process.env.DATA, 'MNIST/raw', name)).subarray(header);

await tf.setBackend('wasm');
await tf.ready();
const images = readRaw('train-images-idx3-ubyte', 16);
const labels = readRaw('train-labels-idx1-ubyte', 8);
const x = tf.tensor(
  Float32Array.from(images, (value) => value / 255),
  [labels.length, 28, 28],
);
const y = tf.tensor(Float32Array.from(labels), [labels.length]);
const model = tf.sequential({
  layers: [
    tf.layers.flatten({ inputShape: [28, 28] }),
    tf.layers.dense({ units: 128, activation: 'relu' }),
    tf.layers.dropout({ rate: 0.2 }),
    tf.layers.dense({ units: 10, activation: 'softmax' }),
  ],
});
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
const seconds = [];
let began = 0;
const callbacks = {
  onEpochBegin: () => {
    began = performance.now();
  },
  onEpochEnd: () => {
    seconds.push((performance.now() - began) / 1000);
  },
};
const { history } = await model.fit(x, y, { epochs: Number(process.argv[2]), batchSize: 32, verbose: 0, callbacks });
const steady = (seconds.length > 1 ? seconds.slice(1) : seconds).sort((a, b) => a - b);
const values = {
  'keras-epoch': steady[Math.floor(steady.length / 2)],
  'keras-epoch-first': seconds[0],
  'keras-epoch-memory': process.resourceUsage().maxRSS / 1024,
};
const version = `tfjs ${tf.version.tfjs}, ${wasm.getThreadsCount()} thread`;
console.log(JSON.stringify({ values, version, losses: { 'keras-epoch': history.loss } }));
