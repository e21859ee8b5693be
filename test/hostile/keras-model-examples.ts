// SPDX-License-Identifier: MIT
// Valid calls of the layers, models and callbacks of `cresset/keras`.
import { tensor } from 'cresset';
import * as keras from 'cresset/keras';

const { callbacks, layers } = keras;
const x = () => tensor(Float32Array.from({ length: 24 }, (_, i) => 0.1 + ((i * 0.618) % 0.8))).reshape([4, 6]);
const built = <L extends keras.layers.Layer>(layer: L, shape: keras.layers.Shape = [null, 6]) => {
  layer.buildFor(shape);
  return layer;
};
const dense = () => built(layers.dense(3, { kernelInitializer: 'ones', biasInitializer: 'ones' }));

function model(): keras.Sequential {
  const made = keras.sequential([dense(), layers.softmax()]);
  made.build([null, 6]);
  made.compile({
    optimizer: 'sgd',
    loss: 'sparseCategoricalCrossentropy',
    metrics: [new keras.metrics.SparseCategoricalAccuracy({ name: 'hits' })],
  });
  return made;
}
const inModel = <C extends keras.callbacks.Callback>(callback: C) => {
  callback.setModel(model());
  callback.setParams({ epochs: 2, steps: 3, verbose: 0 });
  return callback;
};
const logs = () => ({ loss: 0.5, valLoss: 0.25 });
const affine = () => ({ epsilon: 0.01, center: true, scale: true, betaInitializer: 'ones', gammaRegularizer: 'l2' });

export const kerasModelExamples: Record<string, (() => unknown[]) | undefined> = {
  'layers.input': () => [[6], { name: 'in' }],
  'new layers.InputLayer': () => [[6], { name: 'in' }],
  'new layers.Dense': () => [
    3,
    { activation: 'relu', useBias: true, kernelInitializer: 'ones', kernelRegularizer: 'l2', inputShape: [6] },
  ],
  'layers.dense': () => [3, { activation: 'relu', useBias: true, trainable: false, name: 'own' }],
  'layers.embedding': () => [7, 3, { embeddingsInitializer: 'ones', embeddingsRegularizer: 'l1' }],
  'new layers.Embedding': () => [7, 3, { embeddingsInitializer: 'ones' }],
  'layers.Embedding.call': () => [tensor([1, 2, 0])],
  'layers.rescaling': () => [0.5, { offset: 1 }],
  'layers.reshape': () => [[2, -1]],
  'new layers.Reshape': () => [[2, 3]],
  'layers.permute': () => [[2, 1]],
  'new layers.Permute': () => [[1]],
  'layers.activation': () => ['relu'],
  'new layers.Activation': () => ['relu'],
  'layers.reLU': () => [{ maxValue: 1, negativeSlope: 0.1, threshold: 0.5 }],
  'layers.leakyReLU': () => [{ negativeSlope: 0.1 }],
  'layers.softmax': () => [{ axis: -1 }],
  'layers.dropout': () => [0.5, { seed: 1, noiseShape: [null, 1] }],
  'new layers.Dropout': () => [0.5, { seed: 1, noiseShape: [null, 1] }],
  'layers.Dropout.call': () => [x(), { training: true }],
  'layers.gaussianNoise': () => [0.5, { seed: 1 }],
  'layers.gaussianDropout': () => [0.5, { seed: 1 }],
  'layers.GaussianNoise.call': () => [x(), { training: true }],
  'layers.GaussianDropout.call': () => [x(), { training: true }],
  'layers.batchNormalization': () => [{ ...affine(), axis: 1, momentum: 0.9, movingMeanInitializer: 'ones' }],
  'new layers.BatchNormalization': () => [{ ...affine(), axis: 1, momentum: 0.9 }],
  'layers.BatchNormalization.call': () => [x(), { training: true }],
  'layers.layerNormalization': () => [{ ...affine(), axis: [1] }],
  'layers.Layer.apply': () => [x(), { training: true }],
  'layers.Layer.buildFor': () => [[null, 6]],
  'layers.Layer.computeOutputShape': () => [[null, 6]],
  'layers.Layer.addWeight': () => ['own', [2], { initializer: 'ones', regularizer: 'l2', trainable: true }],
  'layers.Layer.setWeights': () => [dense().getWeights()],
  'layers.Layer.trainable (set)': () => [true],
  'keras:sequential': () => [[dense()], { name: 'own', trainable: true }],
  'new Sequential': () => [[dense()], { name: 'own', trainable: true }],
  'Sequential.add': () => [layers.dense(2)],
  'Sequential.build': () => [[null, 6]],
  'Sequential.call': () => [x(), { training: false }],
  'Sequential.computeOutputShape': () => [[null, 6]],
  'Model.compile': () => [{ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] }],
  'Model.evaluate': () => [x(), tensor([0, 1, 2, 0]), { batchSize: 2, verbose: 0, steps: 1 }],
  'Model.predict': () => [x(), { batchSize: 2, verbose: 0, steps: 1 }],
  'Model.trainOnBatch': () => [x(), tensor([0, 1, 2, 0]), { classWeight: { 0: 2 } }],
  'Model.testOnBatch': () => [x(), tensor([0, 1, 2, 0]), { sampleWeight: [1, 2, 3, 4] }],
  'Model.predictOnBatch': () => [x()],
  'Model.summary': () => [{ lineLength: 60, printFn: () => undefined, expandNested: true, showTrainable: true }],
  'Model.saveWeights': () => ['weights.safetensors'],
  'Model.loadWeights': () => ['weights.safetensors'],
  'new callbacks.EarlyStopping': () => [{ monitor: 'loss', mode: 'min', patience: 1, baseline: 1, minDelta: 0.1 }],
  'new callbacks.ReduceLROnPlateau': () => [{ monitor: 'loss', factor: 0.5, patience: 1, cooldown: 1, minLr: 0.1 }],
  'new callbacks.ModelCheckpoint': () => ['{epoch:02d}.safetensors', { saveBestOnly: true, saveFreq: 2, mode: 'min' }],
  'new callbacks.CSVLogger': () => ['log.csv', { separator: ';', append: true }],
  'new callbacks.LearningRateScheduler': () => [() => 0.1, { verbose: 0 }],
  'new callbacks.LambdaCallback': () => [{ onEpochEnd: () => undefined }],
  'callbacks.Callback.setModel': () => [model()],
  'callbacks.Callback.setParams': () => [{ epochs: 1, steps: 2, verbose: 0 }],
  ...Object.fromEntries(
    Object.keys(callbacks).flatMap((name) => [
      [`callbacks.${name}.onEpochEnd`, () => [1, logs()]],
      [`callbacks.${name}.onEpochBegin`, () => [1, {}]],
      [`callbacks.${name}.onTrainBatchEnd`, () => [1, logs()]],
      [`callbacks.${name}.onTestBatchEnd`, () => [1, logs()]],
      [`callbacks.${name}.onTestEnd`, () => [logs()]],
    ]),
  ),
};

class OwnCallback extends callbacks.Callback {}
/** What methods are called on, where the constructor's example is not ready for it. */
export const kerasInstances: Record<string, (() => unknown) | undefined> = {
  'layers.Layer': dense,
  'layers.Dense': dense,
  'layers.Embedding': () => built(layers.embedding(7, 3, { embeddingsInitializer: 'ones' })),
  'layers.BatchNormalization': () => built(layers.batchNormalization()),
  'layers.LayerNormalization': () => built(layers.layerNormalization()),
  Sequential: model,
  Model: model,
  'callbacks.Callback': () => inModel(new OwnCallback()),
  'callbacks.EarlyStopping': () => inModel(new callbacks.EarlyStopping({ monitor: 'loss', restoreBestWeights: true })),
  'callbacks.ReduceLROnPlateau': () => inModel(new callbacks.ReduceLROnPlateau({ monitor: 'loss', patience: 0 })),
  'callbacks.ModelCheckpoint': () => inModel(new callbacks.ModelCheckpoint('{epoch}.safetensors', { saveFreq: 1 })),
  'callbacks.LearningRateScheduler': () => inModel(new callbacks.LearningRateScheduler(() => 0.1)),
  'callbacks.TerminateOnNaN': () => inModel(new callbacks.TerminateOnNaN()),
  'callbacks.ProgbarLogger': () => inModel(new callbacks.ProgbarLogger()),
};
/** Abstract classes; what only prints; `fit`, which hostile numbers of epochs would keep busy for ever: test/keras/fit.test.ts has them. */
export const isModelInternal = (name: string): boolean =>
  /^new (Model|layers\.Layer|callbacks\.(Monitor)?Callback)$/.test(name) ||
  name === 'Model.fit' ||
  name.startsWith('callbacks.ProgbarLogger.');
