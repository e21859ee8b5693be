// SPDX-License-Identifier: MIT
// Valid calls of what `cresset/tf` exports. `tf:` tells names that other modules have too.
import { type Tensor, tensor } from 'cresset';
import * as tf from 'cresset/tf';

const x = () => tf.range(24, undefined, { dtype: 'float32' }).reshape([4, 6]).div(24);
const index = () => tensor([1, 0, 2, 1]);
const mask = () => x().gt(0.4);
const coordinates = () => tensor([[0], [2]]);
const unsorted = () => [x(), index(), 5];
const w = new tf.Variable(x());
const tape = new tf.GradientTape({ persistent: true });
const recorded = () => tape.record(() => tf.reduceSum(tf.square(w), { axis: 0 }));

export const tfExamples: Record<string, () => unknown[]> = {
  'GradientTape.gradient': () => [recorded(), [w], { outputGradients: tf.ones([6]), unconnectedGradients: 'zero' }],
  'GradientTape.jacobian': () => [recorded(), [w], { unconnectedGradients: 'zero' }],
  'tf:booleanMask': () => [x(), mask()],
  'tf:einsum': () => ['ij,kj->ik', x(), x()],
  'tf:linalg.einsum': () => ['ij,kj->ik', x(), x()],
  'tf:pad': () => [
    x(),
    [
      [1, 2],
      [0, 1],
    ],
    { mode: 'constant', constantValues: 2 },
  ],
  'tf:scatterNd': () => [coordinates(), tf.ones([2, 3]), [4, 3]],
  'tf:slice': () => [x(), [0, 1], [2, 3]],
  'tf:stridedSlice': () => [x(), [0, 1], [4, 5], [2, 1]],
  'tf:tensorScatterNdAdd': () => [x(), coordinates(), tf.ones([2, 6])],
  'tf:tensorScatterNdUpdate': () => [x(), coordinates(), tf.ones([2, 6])],
  'tf:transpose': () => [x(), [1, 0]],
  'tf:unsortedSegmentMax': unsorted,
  'tf:unsortedSegmentMean': unsorted,
  'tf:unsortedSegmentMin': unsorted,
  'tf:unsortedSegmentProd': unsorted,
  'tf:unsortedSegmentSum': unsorted,
  'tf:data.Dataset.zip': () => [tf.data.Dataset.range(3), tf.data.Dataset.range(4)],
  'data.Dataset.fromTensorSlices': () => [{ x: x(), y: [index(), index()] }],
  'data.Dataset.shard': () => [3, 1],
  'data.Dataset.fromGenerator': () => [() => [1, 2]],
  'data.Dataset.interleave': () => [() => [1], { cycleLength: 2, blockLength: 2 }],
  'data.Dataset.concatenate': () => [tf.data.Dataset.range(2)],
  'data.Dataset.shuffle': () => [3, { seed: 1, reshuffleEachIteration: false }],
  'data.Dataset.map': () => [(a: Tensor) => a, { numParallelCalls: 2 }],
  'tf:nn.batchNormalization': () => [
    x(),
    { mean: tf.zeros([6]), variance: tf.ones([6]), offset: 1, scale: 2, varianceEpsilon: 1e-3 },
  ],
  'tf:nn.dropout': () => [x(), { rate: 0.5, noiseShape: [4, 1], seed: 1 }],
  'nn.sparseSoftmaxCrossEntropyWithLogits': () => [{ labels: index(), logits: x() }],
  'nn.softmaxCrossEntropyWithLogits': () => [{ labels: x(), logits: x(), axis: 1 }],
  'nn.sigmoidCrossEntropyWithLogits': () => [{ labels: x(), logits: x() }],
  'nn.weightedCrossEntropyWithLogits': () => [{ labels: x(), logits: x(), posWeight: 2 }],
  'new Variable': () => [x(), { trainable: true, name: 'w', dtype: 'float64' }],
  'Variable.assign': () => [x().to('float64')],
  'Variable.assignAdd': () => [x().to('float64')],
  'Variable.assignSub': () => [x().to('float64')],
};

/** Objects of classes that nobody constructs, or whose methods need one that was used before. */
export const instances: Record<string, (() => unknown) | undefined> = {
  'data.Dataset': () => tf.data.Dataset.fromTensorSlices([x(), index()]),
  GradientTape: () => tape,
};
