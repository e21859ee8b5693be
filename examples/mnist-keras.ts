// SPDX-License-Identifier: MIT
// A classifier of handwritten digits, written Keras' way.
// npm start -- --style keras [--epochs N] [--seed S] [--json]
import * as keras from 'cresset/keras';
import { loadTensors } from './support/data.js';
import { jsonLines } from './support/json-lines.js';
import { readOptions } from './support/options.js';

const { layers } = keras;
const { epochs, seed, json } = readOptions();
if (seed !== undefined) keras.utils.setRandomSeed(seed);

const { train, test } = await loadTensors(keras.datasets.mnist);
const [xTrain, xTest] = [train.x.div(255), test.x.div(255)];
const model = keras.sequential([
  layers.flatten({ inputShape: [28, 28] }),
  layers.dense(128, { activation: 'relu' }),
  layers.dropout(0.2),
  layers.dense(10, { activation: 'softmax' }),
]);
model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
if (json) {
  await model.fit(xTrain, train.y, { epochs, ...jsonLines(xTrain.size(0), [xTest, test.y]) });
} else {
  model.summary();
  await model.fit(xTrain, train.y, { epochs });
  const { loss, accuracy } = await model.evaluate(xTest, test.y, { verbose: 0 });
  console.log(`test loss ${loss?.toFixed(4)}, test accuracy ${(100 * (accuracy as number)).toFixed(2)} %`);
}
