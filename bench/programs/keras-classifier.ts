// SPDX-License-Identifier: MIT
import * as keras from 'cresset/keras';

/** The classifier in Keras' way; apart from models.ts, whose programs are measured without loading Keras. */
export function kerasClassifier() {
  const { layers } = keras;
  const model = keras.sequential([
    layers.flatten({ inputShape: [28, 28] }),
    layers.dense(128, { activation: 'relu' }),
    layers.dropout(0.2),
    layers.dense(10, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}
