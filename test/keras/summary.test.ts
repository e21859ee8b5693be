// SPDX-License-Identifier: MIT
import { zeros } from 'cresset';
import * as keras from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from './models-reference.js';

const { layers } = keras;
process.env.COLUMNS = '80';

const mnistModel = () =>
  keras.sequential([
    layers.flatten({ inputShape: [28, 28] }),
    layers.dense(128, { activation: 'relu' }),
    layers.dropout(0.2),
    layers.batchNormalization(),
    layers.dense(10, { activation: 'softmax' }),
  ]);

function printed(model: keras.Model, options: keras.SummaryOptions = {}): string {
  let text = '';
  model.summary({ ...options, printFn: (part) => (text += part) });
  return text;
}

test('prints what Keras prints, before and after training, frozen and nested', async () => {
  keras.utils.clearSession();
  const model = mnistModel();
  assert.snapshot(printed(model), reference.summaries.built as string);
  assert.snapshot(printed(model, { lineLength: 60 }), reference.summaries.narrow as string);
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
  assert.snapshot(printed(model), reference.summaries.built as string);
  await model.fit(zeros([8, 28, 28]), zeros([8], { dtype: 'int64' }), { verbose: 0 });
  assert.snapshot(printed(model), reference.summaries.trained as string);
  (model.layers[1] as keras.layers.Layer).trainable = false;
  assert.snapshot(printed(model, { showTrainable: true }), reference.summaries.frozen as string);
  const outer = keras.sequential([model, layers.dense(2)]);
  assert.snapshot(printed(outer, { expandNested: true }), reference.summaries.nested as string);
});

test('tells layers that are not built', () => {
  keras.utils.clearSession();
  const model = keras.sequential(
    [
      layers.flatten(),
      layers.reshape([2, 3]),
      layers.permute([2, 1]),
      layers.repeatVector(3),
      layers.dropout(0.1),
      layers.gaussianNoise(0.1),
      layers.gaussianDropout(0.1),
      layers.reLU(),
      layers.leakyReLU(),
      layers.softmax(),
      layers.activation('relu'),
      layers.batchNormalization(),
      layers.layerNormalization(),
      layers.embedding(3, 4),
      layers.rescaling(1 / 255),
      layers.dense(3, { name: 'last' }),
    ],
    { name: 'unbuilt_model' },
  );
  assert.snapshot(printed(model), reference.summaries.unbuilt as string);
});

test.run();
