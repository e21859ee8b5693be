// SPDX-License-Identifier: MIT
// The Keras-style program of examples/mnist-keras.ts, training only, batch 32. Argument: epochs. Prints what an
// epoch took and the running loss of each.
import { manualSeed } from 'cresset';
import * as keras from 'cresset/keras';
import { kerasClassifier } from './keras-classifier.js';
import { printEpochs } from './support.js';

manualSeed(0);
const { train } = await keras.datasets.mnist.loadData();
const model = kerasClassifier();
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
printEpochs('keras-epoch', { seconds, losses: history.loss as number[] });
