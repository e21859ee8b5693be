// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import * as core from '../index.js';
import { type Tensor, where } from '../index.js';
import { generatorOf, type SeedOptions } from '../keras/initializers/initializer.js';
import { gather } from './array.js';
import { type Operand, operands, toIndices, toTensor } from './convert.js';
import { type AxisOr, unary, withAxis } from './define.js';

export { inTopK, l2Normalize, sigmoid, softplus, softsign, tanh, topK, zeroFraction } from './math.js';

// Activations, losses of logits, and what layers are made of. Layouts are TensorFlow's: channels last.

const f = core.nn.functional;

/** max(x, 0). */
export const relu = unary('relu', core.relu);
/** min(max(x, 0), 6). */
export const relu6 = unary('relu6', f.relu6);
/** x where positive, else e^x - 1. */
export const elu = unary('elu', (x) => f.elu(x));
/** Self-normalising elu (Klambauer et al. 2017). */
export const selu = unary('selu', f.selu);
/** relu(x) and relu(-x) side by side in the last dimension. */
export const crelu = unary('crelu', (x) => core.cat([x.relu(), x.neg().relu()], -1));
/** x, and alpha · x below 0. */
export function leakyRelu(x: Operand, { alpha = 0.2 }: { alpha?: number } = {}): Tensor {
  return f.leakyRelu(toTensor(x, 'leakyRelu'), { negativeSlope: alpha });
}
/** x · Φ(x), exact unless `approximate`. */
export function gelu(x: Operand, { approximate = false }: { approximate?: boolean } = {}): Tensor {
  return core.gelu(toTensor(x, 'gelu'), { approximate: approximate ? 'tanh' : 'none' });
}
/** x · sigmoid(beta · x). */
export function silu(x: Operand, { beta = 1 }: { beta?: number } = {}): Tensor {
  const input = toTensor(x, 'silu');
  return beta === 1 ? input.silu() : input.mul(input.mul(beta).sigmoid());
}
/** Another name of {@link silu}. */
export const swish: typeof silu = silu;
/** e^x / Σ e^x along `axis`, the last by default. */
export function softmax(logits: Operand, options?: AxisOr<{ axis?: number }>): Tensor {
  const { axis = -1 } = withAxis<{ axis?: number }>(options);
  return core.softmax(toTensor(logits, 'softmax'), axis);
}
/** log(softmax(x)) along `axis`, the last by default. */
export function logSoftmax(logits: Operand, options?: AxisOr<{ axis?: number }>): Tensor {
  const { axis = -1 } = withAxis<{ axis?: number }>(options);
  return core.logSoftmax(toTensor(logits, 'logSoftmax'), axis);
}

/** What the cross entropies of logits take. */
export interface LabelsAndLogits {
  /** What should come out. */
  labels: Operand;
  /** What came out, before softmax or sigmoid. */
  logits: Operand;
}
/** Cross entropy of labels [...] of any integer dtype and logits [..., classes], one for each label. */
export function sparseSoftmaxCrossEntropyWithLogits({ labels, logits }: LabelsAndLogits): Tensor {
  const x = toTensor(logits, 'sparseSoftmaxCrossEntropyWithLogits: logits');
  const y = toIndices(labels, 'sparseSoftmaxCrossEntropyWithLogits: labels');
  if (y.isFloatingPoint() || y.dtype === 'bool') {
    throw new ArgumentTypeError(`sparseSoftmaxCrossEntropyWithLogits: labels: expected integers, got ${y.dtype}`);
  }
  if (x.ndim !== y.ndim + 1) {
    throw new ShapeError(
      `sparseSoftmaxCrossEntropyWithLogits: labels of shape [${y.shape}] do not fit logits of shape [${x.shape}]`,
    );
  }
  // No class stands for "ignore": -100 is as wrong as any other class that is not there.
  const options = { reduction: 'none', ignoreIndex: Number.MIN_SAFE_INTEGER } as const;
  if (x.ndim === 2) return f.crossEntropy(x, y, options);
  const classes = x.size(-1);
  return f.crossEntropy(x.reshape([y.numel(), classes]), y.reshape([y.numel()]), options).reshape(y.shape);
}
/** Cross entropy of probabilities and logits along `axis`, the last by default. */
export function softmaxCrossEntropyWithLogits({
  labels,
  logits,
  axis = -1,
}: LabelsAndLogits & { axis?: number | undefined }): Tensor {
  const x = toTensor(logits, 'softmaxCrossEntropyWithLogits: logits');
  const y = toTensor(labels, 'softmaxCrossEntropyWithLogits: labels').to(x.dtype);
  return core.logSoftmax(x, axis).mul(y).sum(axis).neg();
}
/** Elementwise cross entropy of probabilities and sigmoid(logits). */
export function sigmoidCrossEntropyWithLogits({ labels, logits }: LabelsAndLogits): Tensor {
  return weightedCrossEntropyWithLogits({ labels, logits, posWeight: 1 });
}
/** `sigmoidCrossEntropyWithLogits` with the positive part weighted. */
export function weightedCrossEntropyWithLogits({
  labels,
  logits,
  posWeight,
}: LabelsAndLogits & { posWeight: Operand }): Tensor {
  const x = toTensor(logits, 'weightedCrossEntropyWithLogits: logits');
  const y = toTensor(labels, 'weightedCrossEntropyWithLogits: labels').to(x.dtype);
  const weighted = posWeight === 1 ? undefined : toTensor(posWeight, 'weightedCrossEntropyWithLogits: posWeight');
  return f.binaryCrossEntropyWithLogits(x, y, { posWeight: weighted, reduction: 'none' });
}

/** Options of {@link dropout}. */
export interface DropoutOptions extends SeedOptions {
  /** Probability of an element to become zero. */
  rate: number;
  /** Shape of the mask, which broadcasts: size 1 drops along a whole dimension. Default: that of x. */
  noiseShape?: readonly number[] | undefined;
}
/** Zeroes elements with probability `rate` and divides the others by 1 - rate (Srivastava et al. 2014). */
export function dropout(x: Operand, { rate, noiseShape, seed }: DropoutOptions): Tensor {
  const input = toTensor(x, 'dropout');
  if (!(rate >= 0 && rate < 1)) throw new ArgumentRangeError(`dropout: rate: expected a number in [0, 1), got ${rate}`);
  const generator = generatorOf({ seed });
  if (noiseShape === undefined || rate === 0) return f.dropout(input, { p: rate, generator });
  const mask = core.rand(noiseShape, { generator }).ge(rate).to(input.dtype);
  return input.mul(mask).div(1 - rate);
}
/** Adds a vector along the last dimension, or along the second for `'NCHW'`. */
export function biasAdd(
  value: Operand,
  bias: Operand,
  { dataFormat = 'NHWC' }: { dataFormat?: 'NHWC' | 'NCHW' } = {},
): Tensor {
  const [x, b] = [toTensor(value, 'biasAdd: value'), toTensor(bias, 'biasAdd: bias')];
  if (dataFormat !== 'NHWC' && dataFormat !== 'NCHW') {
    throw new ArgumentRangeError(`biasAdd: dataFormat: expected 'NHWC' or 'NCHW', got ${String(dataFormat)}`);
  }
  const dim = dataFormat === 'NHWC' ? x.ndim - 1 : 1;
  if (x.ndim < 2 || b.ndim !== 1 || b.numel() !== x.shape[dim]) {
    throw new ShapeError(`biasAdd: a bias of shape [${b.shape}] does not fit dimension ${dim} of shape [${x.shape}]`);
  }
  return x.add(dim === x.ndim - 1 ? b : b.reshape(x.shape.slice(dim).map((_, d) => (d === 0 ? -1 : 1))));
}
/** Σ x² / 2. */
export const l2Loss = unary('l2Loss', (x) => x.square().sum().div(2));
/** Mean and variance (of the population) over `axes`. */
export function moments(
  x: Operand,
  axes: number | readonly number[],
  { keepdims = false }: { keepdims?: boolean } = {},
): [mean: Tensor, variance: Tensor] {
  const [variance, mean] = core.varMean(toTensor(x, 'moments'), { dim: axes, keepdim: keepdims, correction: 0 });
  return [mean, variance];
}
/** Options of {@link batchNormalization}. */
export interface BatchNormalizationOptions {
  mean: Operand;
  variance: Operand;
  /** Added last. Default: nothing. */
  offset?: Operand | null | undefined;
  /** The normalised values are multiplied by it. Default: 1. */
  scale?: Operand | null | undefined;
  /** Added to the variance. */
  varianceEpsilon: number;
}
/** scale · (x - mean) / √(variance + varianceEpsilon) + offset; all of them broadcast. */
export function batchNormalization(x: Operand, options: BatchNormalizationOptions): Tensor {
  const { mean, variance, offset, scale, varianceEpsilon } = options;
  if (typeof varianceEpsilon !== 'number') {
    throw new ArgumentTypeError(
      `batchNormalization: varianceEpsilon: expected a number, got ${typeof varianceEpsilon}`,
    );
  }
  const inverse = toTensor(variance, 'batchNormalization: variance').add(varianceEpsilon).rsqrt();
  const factor = scale == null ? inverse : inverse.mul(toTensor(scale, 'batchNormalization: scale'));
  const [input, centre] = operands(x, mean, 'batchNormalization');
  const y = input.sub(centre).mul(factor);
  return offset == null ? y : y.add(toTensor(offset, 'batchNormalization: offset'));
}
/** Rows of `params`. */
export function embeddingLookup(params: Operand, ids: Operand): Tensor {
  return gather(params, ids);
}
/** e^logInput - target · logInput; `computeFullLoss` adds Stirling's term where the target is above 1. */
export function logPoissonLoss(
  targets: Operand,
  logInput: Operand,
  { computeFullLoss = false }: { computeFullLoss?: boolean } = {},
): Tensor {
  const x = toTensor(logInput, 'logPoissonLoss: logInput');
  const y = toTensor(targets, 'logPoissonLoss: targets').to(x.dtype);
  const loss = x.exp().sub(x.mul(y));
  if (!computeFullLoss) return loss;
  const safe = y.clampMin(1);
  const stirling = safe
    .mul(safe.log())
    .sub(safe)
    .add(
      safe
        .mul(2 * Math.PI)
        .log()
        .mul(0.5),
    );
  return loss.add(where(y.ge(0).logicalAnd(y.le(1)), 0, stirling));
}
