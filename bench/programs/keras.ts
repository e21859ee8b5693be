// SPDX-License-Identifier: MIT
// The Keras-style program of examples/mnist-keras.ts, training only, batch 32. Prints the median seconds of an epoch
// and the running loss of each.
import { manualSeed } from 'cresset';
import * as keras from 'cresset/keras';
import { median, print } from './support.js';

const { layers } = keras;
manualSeed(0);
const { train } = await keras.datasets.mnist.loadData();
const model = keras.sequential([
  layers.flatten({ inputShape: [28, 28] }),
  layers.dense(128, { activation: 'relu' }),
  layers.dropout(0.2),
  layers.dense(10, { activation: 'softmax' }),
]);
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
const seconds: number[] = [];
let began = 0;
const clock: keras.callbacks.CallbackLike = {
  onEpochBegin: () => {
    began = performance.now();
  },
  onEpochEnd: () => {
    seconds.push((performance.now() - began) / 1000);
  },
};
const options = { epochs: Number(process.argv[2]), verbose: 0, callbacks: [clock] } as const;
const { history } = await model.fit(train.x.div(255), train.y, options);
print({
  values: { 'keras-epoch': median(seconds) },
  losses: { 'keras-epoch': history.loss as number[] },
  notes: { 'keras-epoch': { 'peak memory, MB': process.resourceUsage().maxRSS / 1024 } },
});
