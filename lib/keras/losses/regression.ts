// SPDX-License-Identifier: MIT
import { clampMin, mean, type Tensor, where } from '../../index.js';
import { epsilon, floatPair, matchRanks, type TensorInput } from '../inputs.js';

// One loss for each sample: the mean (cosine similarity: the sum) over the last axis.

function pair(op: string, yTrue: TensorInput, yPred: TensorInput): [Tensor, Tensor] {
  return matchRanks(...floatPair(op, yTrue, yPred));
}

/** Mean of (yTrue - yPred)². */
export function meanSquaredError(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = pair('meanSquaredError', yTrue, yPred);
  return mean(y.sub(x).square(), -1);
}
/** Mean of |yTrue - yPred|. */
export function meanAbsoluteError(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = pair('meanAbsoluteError', yTrue, yPred);
  return mean(y.sub(x).abs(), -1);
}
/** 100 · mean of |yTrue - yPred| / |yTrue|. */
export function meanAbsolutePercentageError(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = pair('meanAbsolutePercentageError', yTrue, yPred);
  return mean(y.sub(x).div(clampMin(y.abs(), epsilon)).abs(), -1).mul(100);
}
/** Mean of (log(1 + yTrue) - log(1 + yPred))². */
export function meanSquaredLogarithmicError(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = pair('meanSquaredLogarithmicError', yTrue, yPred);
  const log1p = (v: Tensor) => clampMin(v, epsilon).add(1).log();
  return mean(log1p(x).sub(log1p(y)).square(), -1);
}
/** Mean of log(cosh(yPred - yTrue)). */
export function logCosh(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = pair('logCosh', yTrue, yPred);
  const error = x.sub(y);
  // softplus(-2 e) = -log(sigmoid(2 e))
  return mean(error.sub(error.mul(2).logsigmoid()).sub(Math.LN2), -1);
}
/** Options of {@link huber}. */
export interface HuberOptions {
  /** Quadratic up to this error, linear beyond. Default 1. */
  delta?: number | undefined;
}
/** Mean of e² / 2 where |e| <= delta, else delta · |e| - delta² / 2 (Huber 1964). */
export function huber(yTrue: TensorInput, yPred: TensorInput, { delta = 1 }: HuberOptions = {}): Tensor {
  const [y, x] = pair('huber', yTrue, yPred);
  const error = x.sub(y);
  const size = error.abs();
  const linear = size.mul(delta).sub(0.5 * delta * delta);
  return mean(where(size.le(delta), error.square().mul(0.5), linear), -1);
}

/** @internal x over its length along `axis`. */
export function normalized(x: Tensor, axis: number): Tensor {
  return x.mul(clampMin(x.square().sum({ dim: axis, keepdim: true }), epsilon * epsilon).rsqrt());
}
/** Options of {@link cosineSimilarity}. */
export interface AxisOptions {
  /** Default -1. */
  axis?: number | undefined;
}
/** Minus the cosine of the angle between yTrue and yPred along `axis`: -1 for equal directions. */
export function cosineSimilarity(yTrue: TensorInput, yPred: TensorInput, { axis = -1 }: AxisOptions = {}): Tensor {
  const [y, x] = pair('cosineSimilarity', yTrue, yPred);
  return normalized(y, axis).mul(normalized(x, axis)).sum(axis).neg();
}
/** Mean of yPred - yTrue · log(yPred). */
export function poisson(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = floatPair('poisson', yTrue, yPred);
  return mean(x.sub(y.mul(x.add(epsilon).log())), -1);
}

/** Labels 0 and 1 as -1 and 1; others stay. */
function signedLabels(y: Tensor): Tensor {
  const isBinary = y.eq(0).logicalOr(y.eq(1)).all();
  return where(isBinary, y.mul(2).sub(1), y);
}
function margin(op: string, yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = floatPair(op, yTrue, yPred);
  return signedLabels(y).mul(x).neg().add(1).relu();
}
/** Mean of max(0, 1 - yTrue · yPred); labels are -1 and 1, or 0 and 1. */
export function hinge(yTrue: TensorInput, yPred: TensorInput): Tensor {
  return mean(margin('hinge', yTrue, yPred), -1);
}
/** Mean of max(0, 1 - yTrue · yPred)²; labels are -1 and 1, or 0 and 1. */
export function squaredHinge(yTrue: TensorInput, yPred: TensorInput): Tensor {
  return mean(margin('squaredHinge', yTrue, yPred).square(), -1);
}
/** max(0, 1 + the largest score of a wrong class - the score of the right one), for one-hot targets. */
export function categoricalHinge(yTrue: TensorInput, yPred: TensorInput): Tensor {
  const [y, x] = floatPair('categoricalHinge', yTrue, yPred);
  const own = y.mul(x).sum(-1);
  return y.neg().add(1).mul(x).amax(-1).sub(own).add(1).relu();
}
