// SPDX-License-Identifier: MIT
// Valid calls of `cresset/keras` that the sweep spoils.
import { type Tensor, tensor } from 'cresset';
import { losses, optimizers } from 'cresset/keras';

const labels = () => tensor([1, 0, 2]);
const probabilities = () =>
  tensor([
    [0.2, 0.7, 0.1],
    [0.6, 0.3, 0.1],
    [0.1, 0.1, 0.8],
  ]);
const oneHot = () => tensor([0, 1, 0, 1, 0, 0, 0, 0, 1]).reshape([3, 3]);
const weights = () => tensor([1, 0.5, 2]);
const squared = (yTrue: Tensor, yPred: Tensor) => yTrue.sub(yPred).square();
const decay = () => ({ initialLearningRate: 0.1, decaySteps: 5, decayRate: 0.5, staircase: true });

export const kerasExamples: Record<string, (() => unknown[]) | undefined> = {
  'initializers.get': () => ['glorotUniform'],
  'losses.get': () => ['huber'],
  'losses.LossFunctionWrapper.perSample': () => [oneHot(), probabilities()],
  'new losses.LossFunctionWrapper': () => [squared, { name: 'squared', reduction: 'sum' }],
  'new losses.SparseCategoricalCrossentropy': () => [{ fromLogits: true, ignoreClass: 1, reduction: 'sum' }],
  'losses.SparseCategoricalCrossentropy.call': () => [labels(), probabilities(), weights()],
  'losses.sparseCategoricalCrossentropy': () => [labels(), probabilities(), { fromLogits: true, ignoreClass: 1 }],
  'metrics.get': () => ['accuracy', { outputShape: [null, 3], targetShape: [null] }],
  'new metrics.MeanMetricWrapper': () => [losses.meanSquaredError, { name: 'error' }],
  'metrics.MeanMetricWrapper.updateState': () => [oneHot(), probabilities(), weights()],
  'new metrics.Precision': () => [{ thresholds: [0.2, 0.5], topK: 2, classId: 1, name: 'precision' }],
  'new metrics.AUC': () => [{ numThresholds: 5, curve: 'PR', summationMethod: 'minoring', labelWeights: [1, 2, 3] }],
  'new metrics.F1Score': () => [{ average: 'macro', threshold: 0.3 }],
  'optimizers.get': () => ['adam'],
  'new optimizers.SGD': () => [{ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1, clipnorm: 1 }],
  'new optimizers.Adam': () => [{ learningRate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-3, amsgrad: true }],
  'new optimizers.Nadam': () => [{ learningRate: new optimizers.schedules.ExponentialDecay(decay()), clipvalue: 1 }],
  'new optimizers.schedules.ExponentialDecay': () => [decay()],
  'new optimizers.schedules.InverseTimeDecay': () => [decay()],
  'new optimizers.schedules.PiecewiseConstantDecay': () => [{ boundaries: [1, 2], values: [3, 2, 1] }],
  'new optimizers.schedules.PolynomialDecay': () => [{ ...decay(), endLearningRate: 0.01, power: 2, cycle: true }],
  'new optimizers.schedules.CosineDecay': () => [{ ...decay(), alpha: 0.1, warmupTarget: 0.2, warmupSteps: 3 }],
  'new optimizers.schedules.CosineDecayRestarts': () => [
    { initialLearningRate: 0.1, firstDecaySteps: 3, tMul: 1, mMul: 0.5, alpha: 0.1 },
  ],
};

/** Abstract classes, and what only the library calls. */
export const isKerasInternal = (name: string): boolean =>
  /^(new )?(losses\.Loss|metrics\.Metric|optimizers\.Optimizer|optimizers\.schedules\.LearningRateSchedule)$/.test(
    name,
  ) ||
  /^optimizers\.[A-Z]\w*\.(move|update|slots|decay|addVariable)$/.test(name) ||
  /^metrics\.[A-Z]\w*\.(whole|addVariable)$/.test(name);
