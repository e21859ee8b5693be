// SPDX-License-Identifier: MIT
import { ShapeError } from '../../errors.js';
import { clamp, mean, nn, type Tensor } from '../../index.js';
import { epsilon, floatPair, type TensorInput, toFloat, toTensor } from '../inputs.js';

/** Options of the crossentropies. */
export interface CrossentropyOptions {
  /** Is yPred unnormalised? Default false: probabilities, clipped to [1e-7, 1 - 1e-7]. */
  fromLogits?: boolean | undefined;
}
/** Options of {@link binaryCrossentropy} and {@link categoricalCrossentropy}. */
export interface SmoothedCrossentropyOptions extends CrossentropyOptions {
  /** Share of the target spread evenly over all classes, in [0, 1] (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number | undefined;
  /** Axis of the classes, or that the mean is taken over. Default -1. */
  axis?: number | undefined;
}

/** Targets and predictions of one shape. */
function equalPair(op: string, yTrue: TensorInput, yPred: TensorInput): [Tensor, Tensor] {
  const [y, x] = floatPair(op, yTrue, yPred);
  if (y.ndim === 0 || y.shape.join() !== x.shape.join()) {
    throw new ShapeError(`${op}: yTrue: expected the shape of yPred [${x.shape}], at least one axis; got [${y.shape}]`);
  }
  return [y, x];
}
const clipped = (x: Tensor) => clamp(x, epsilon, 1 - epsilon);
const complement = (x: Tensor) => x.neg().add(1);

function smooth(y: Tensor, share: number, classes: number): Tensor {
  return share ? y.mul(1 - share).add(share / classes) : y;
}
/** -(y log p + (1 - y) log(1 - p)) of probabilities. */
function binaryEntropy(y: Tensor, x: Tensor): Tensor {
  const p = clipped(x);
  return y
    .mul(p.log())
    .add(complement(y).mul(complement(p).log()))
    .neg();
}

/** Mean over `axis` of -(y log p + (1 - y) log(1 - p)). @throws ShapeError unless both have one shape */
export function binaryCrossentropy(
  yTrue: TensorInput,
  yPred: TensorInput,
  { fromLogits = false, labelSmoothing = 0, axis = -1 }: SmoothedCrossentropyOptions = {},
): Tensor {
  const [y, x] = equalPair('binaryCrossentropy', yTrue, yPred);
  const target = smooth(y, labelSmoothing, 2);
  if (!fromLogits) return mean(binaryEntropy(target, x), axis);
  // x - x·y + log(1 + e^-x), without overflow
  return mean(x.mul(complement(target)).sub(x.logsigmoid()), axis);
}

/** Options of the focal crossentropies (Lin et al. 2018). */
export interface FocalOptions extends SmoothedCrossentropyOptions {
  /** Weight of the classes. Default 0.25. */
  alpha?: number | undefined;
  /** How strongly what is easy counts less. Default 2. */
  gamma?: number | undefined;
}
/** {@link binaryCrossentropy} times (1 - p of the truth)^gamma, and the classes' weights with `applyClassBalancing`. */
export function binaryFocalCrossentropy(
  yTrue: TensorInput,
  yPred: TensorInput,
  options: FocalOptions & { applyClassBalancing?: boolean | undefined } = {},
): Tensor {
  const { applyClassBalancing = false, alpha = 0.25, gamma = 2, fromLogits, labelSmoothing = 0, axis = -1 } = options;
  const [given, x] = equalPair('binaryFocalCrossentropy', yTrue, yPred);
  const y = smooth(given, labelSmoothing, 2);
  const p = fromLogits ? x.sigmoid() : x;
  const truth = y.mul(p).add(complement(y).mul(complement(p)));
  const loss = complement(truth).pow(gamma).mul(binaryEntropy(y, p));
  const weight = () => y.mul(alpha).add(complement(y).mul(1 - alpha));
  return mean(applyClassBalancing ? loss.mul(weight()) : loss, axis);
}

/** Probabilities normalised and clipped. */
function probabilities(x: Tensor, axis: number): Tensor {
  return clipped(x.div(x.sum({ dim: axis, keepdim: true })));
}
/** -Σ y log p over the classes, for one-hot targets or probabilities. @throws ShapeError unless both have one shape */
export function categoricalCrossentropy(
  yTrue: TensorInput,
  yPred: TensorInput,
  { fromLogits = false, labelSmoothing = 0, axis = -1 }: SmoothedCrossentropyOptions = {},
): Tensor {
  const [y, x] = equalPair('categoricalCrossentropy', yTrue, yPred);
  const logs = fromLogits ? x.logSoftmax(axis) : probabilities(x, axis).log();
  return smooth(y, labelSmoothing, y.size(-1)).mul(logs).sum(axis).neg();
}
/** -alpha Σ (1 - p)^gamma · y log p over the classes. */
export function categoricalFocalCrossentropy(
  yTrue: TensorInput,
  yPred: TensorInput,
  { alpha = 0.25, gamma = 2, fromLogits = false, labelSmoothing = 0, axis = -1 }: FocalOptions = {},
): Tensor {
  const [y, x] = equalPair('categoricalFocalCrossentropy', yTrue, yPred);
  const p = probabilities(fromLogits ? x.softmax(axis) : x, axis);
  const entropy = smooth(y, labelSmoothing, y.size(-1)).mul(p.log());
  return complement(p).pow(gamma).mul(-alpha).mul(entropy).sum(axis);
}

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCrossentropyOptions extends CrossentropyOptions {
  /** Samples of this class have no loss and do not count. Default: none. */
  ignoreClass?: number | undefined;
}

/** @internal Class indices as integers of shape `[batch, …]`, from that or `[batch, …, 1]`. */
export function classIndices(op: string, yTrue: TensorInput, x: Tensor): Tensor {
  const given = toTensor(yTrue, `${op}: yTrue`);
  const y = given.ndim === x.ndim && given.size(-1) === 1 ? given.squeeze(-1) : given;
  if (y.shape.join() !== x.shape.slice(0, -1).join()) {
    const expected = x.shape.slice(0, -1);
    throw new ShapeError(`${op}: yTrue: expected one class a sample, shape [${expected}], got [${given.shape}]`);
  }
  return y.isFloatingPoint() || y.dtype === 'bool' ? y.to('int64') : y;
}

/** No class has it. */
const noClass = Number.MIN_SAFE_INTEGER;

/**
 * -log of the probability of the true class; the classes are the last axis.
 * @param yTrue - class indices of any dtype, shape `[batch, …]` or `[batch, …, 1]`
 * @throws RangeError for a class that is not there
 */
export function sparseCategoricalCrossentropy(
  yTrue: TensorInput,
  yPred: TensorInput,
  { fromLogits = false, ignoreClass }: SparseCrossentropyOptions = {},
): Tensor {
  const x = toFloat(yPred, 'sparseCategoricalCrossentropy: yPred');
  const y = classIndices('sparseCategoricalCrossentropy', yTrue, x);
  // as TensorFlow does it: the logarithms are normalised once more
  const logits = fromLogits ? x : clipped(x).log();
  const options = { reduction: 'none', ignoreIndex: ignoreClass ?? noClass } as const;
  return nn.functional.crossEntropy(logits.reshape([y.numel(), x.size(-1)]), y.reshape([-1]), options).reshape(y.shape);
}

/** Σ yTrue · log(yTrue / yPred) over the last axis, both clipped to [1e-7, 1] (Kullback & Leibler 1951). */
export function klDivergence(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = floatPair('klDivergence', yTrue, yPred).map((v) => clamp(v, epsilon, 1)) as [Tensor, Tensor];
  return y.mul(y.div(x).log()).sum(-1);
}
