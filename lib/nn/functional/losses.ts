// SPDX-License-Identifier: MIT
import { raised } from '../../autocast.js';
import { arange } from '../../creation.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { clampMin } from '../../ops/pointwise.js';
import { mean } from '../../ops/statistics.js';
import { where } from '../../ops/where.js';
import { exp, log, log1p, logsigmoid, minimum, sub, xlogy } from '../../ops.js';
import type { Tensor } from '../../tensor.js';
import type { Reduction } from './classification.js';
import { pairwiseDistance } from './distance.js';

// Losses made of elementwise ops. `reduction` says what becomes of the losses of the elements: `'none'` keeps them, `'mean'` (the
// default) averages, `'sum'` adds.

/** Options that every loss has. */
export interface LossOptions {
  /** Default `'mean'`. */
  reduction?: Reduction | undefined;
}

/** @internal */
export function reduceLoss(op: string, loss: Tensor, reduction: string = 'mean'): Tensor {
  if (reduction === 'mean') return mean(loss);
  if (reduction === 'sum') return loss.sum();
  if (reduction === 'none') return loss;
  throw new ArgumentRangeError(`${op}: reduction: expected 'none', 'mean' or 'sum', got '${reduction}'`);
}

/** Its own dtype if floating, else float32. */
const floatOf = (x: Tensor) => (x.isFloatingPoint() ? x.dtype : 'float32');

/** (input - target)². */
export function mseLoss(
  input: Tensor,
  target: Tensor,
  { reduction, weight }: LossOptions & { weight?: Tensor } = {},
): Tensor {
  input = raised(input);
  const loss = input.sub(target).square();
  return reduceLoss('mseLoss', weight ? loss.mul(weight) : loss, reduction);
}
/** |input - target|. */
export function l1Loss(input: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor {
  input = raised(input);
  return reduceLoss('l1Loss', input.sub(target).abs(), reduction);
}
/** Quadratic below `beta`, linear above (Girshick 2015). */
export function smoothL1Loss(
  input: Tensor,
  target: Tensor,
  { beta = 1, reduction }: LossOptions & { beta?: number } = {},
): Tensor {
  input = raised(input);
  if (beta === 0) return l1Loss(input, target, { reduction });
  return reduceLoss('smoothL1Loss', huber(input.sub(target), beta).div(beta), reduction);
}
/** Quadratic below `delta`, linear above: `smoothL1Loss` times delta. */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  { delta = 1, reduction }: LossOptions & { delta?: number } = {},
): Tensor {
  input = raised(input);
  return reduceLoss('huberLoss', huber(input.sub(target), delta), reduction);
}
function huber(difference: Tensor, delta: number): Tensor {
  const size = difference.abs();
  return where(size.lt(delta), difference.square().mul(0.5), size.sub(0.5 * delta).mul(delta));
}

/** -(t log p + (1 - t) log(1 - p)) of probabilities; logarithms are at least -100. */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  { weight, reduction }: LossOptions & { weight?: Tensor | undefined } = {},
): Tensor {
  input = raised(input);
  const [yes, no] = [clampMin(log(input), -100), clampMin(log1p(input.neg()), -100)];
  const loss = target.sub(1).mul(no).sub(target.mul(yes));
  return reduceLoss('binaryCrossEntropy', weight ? loss.mul(weight) : loss, reduction);
}
/** `binaryCrossEntropy` of sigmoid(input), without overflow. */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  { weight, posWeight, reduction }: LossOptions & { weight?: Tensor | undefined; posWeight?: Tensor | undefined } = {},
): Tensor {
  input = raised(input);
  const off = target.neg().add(1);
  const pull = logsigmoid(input).mul(posWeight ? posWeight.sub(1).mul(target).add(1) : 1);
  const loss = posWeight ? off.mul(input).sub(pull) : off.mul(input).sub(logsigmoid(input));
  return reduceLoss('binaryCrossEntropyWithLogits', weight ? loss.mul(weight) : loss, reduction);
}

/** target · (log target - input) of log-probabilities `input`; `'batchmean'` divides the sum by the first size. */
export function klDiv(
  input: Tensor,
  target: Tensor,
  { logTarget = false, reduction = 'mean' }: { logTarget?: boolean; reduction?: Reduction | 'batchmean' } = {},
): Tensor {
  input = raised(input);
  const loss = logTarget ? exp(target).mul(target.sub(input)) : xlogy(target, target).sub(target.mul(input));
  if (reduction === 'batchmean') return loss.sum().div(input.ndim > 0 ? input.size(0) : 1);
  return reduceLoss('klDiv', loss, reduction);
}
/** e^input - target · input (or input - target · log(input + eps)); `full` adds Stirling's term. */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  options: LossOptions & { logInput?: boolean; full?: boolean; eps?: number } = {},
): Tensor {
  input = raised(input);
  const { logInput = true, full = false, eps = 1e-8, reduction } = options;
  const loss = logInput ? exp(input).sub(target.mul(input)) : input.sub(target.mul(log(input.add(eps))));
  if (!full) return reduceLoss('poissonNllLoss', loss, reduction);
  const large = target.gt(1);
  const safe = where(large, target, 1);
  const stirling = safe
    .mul(log(safe))
    .sub(safe)
    .add(log(safe.mul(2 * Math.PI)).mul(0.5));
  return reduceLoss('poissonNllLoss', loss.add(where(large, stirling, 0)), reduction);
}
/** ½ (log variance + (input - target)² / variance), the variance at least `eps`; `full` adds ½ log 2π. */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor,
  { full = false, eps = 1e-6, reduction }: LossOptions & { full?: boolean; eps?: number } = {},
): Tensor {
  input = raised(input);
  const missing = variance.ndim < input.ndim && `${variance.shape}` === `${input.shape.slice(0, -1)}`;
  const spread = missing ? variance.unsqueeze(-1) : variance;
  // The bound keeps values off zero but does not enter the gradient.
  const safe = spread.add(clampMin(spread.detach(), eps).sub(spread.detach()));
  const loss = log(safe).add(input.sub(target).square().div(safe)).mul(0.5);
  return reduceLoss('gaussianNllLoss', full ? loss.add(0.5 * Math.log(2 * Math.PI)) : loss, reduction);
}

/** input where target is 1, max(0, margin - input) where it is -1. */
export function hingeEmbeddingLoss(
  input: Tensor,
  target: Tensor,
  { margin = 1, reduction }: LossOptions & { margin?: number } = {},
): Tensor {
  input = raised(input);
  const far = where(target.eq(1), 0, clampMin(input.neg().add(margin), 0));
  return reduceLoss('hingeEmbeddingLoss', far.add(where(target.eq(-1), 0, input)), reduction);
}
/** max(0, -target · (a - b) + margin). */
export function marginRankingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  { margin = 0, reduction }: LossOptions & { margin?: number } = {},
): Tensor {
  a = raised(a);
  return reduceLoss('marginRankingLoss', clampMin(a.sub(b).mul(target.neg()).to(floatOf(a)).add(margin), 0), reduction);
}
/** 1 - cos(a, b) where target is 1, max(0, cos(a, b) - margin) where it is -1. */
export function cosineEmbeddingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  { margin = 0, reduction }: LossOptions & { margin?: number } = {},
): Tensor {
  a = raised(a);
  const dot = (x: Tensor, y: Tensor) => x.mul(y).sum(-1);
  const size = dot(a, a).add(1e-12).mul(dot(b, b).add(1e-12)).sqrt();
  const cosine = dot(a, b).div(size);
  const near = where(target.eq(1), cosine.neg().add(1), 0);
  const far = where(target.eq(-1), clampMin(cosine.sub(margin), 0), 0);
  return reduceLoss('cosineEmbeddingLoss', near.add(far), reduction);
}
/** log(1 + e^(-target · input)). */
export function softMarginLoss(input: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor {
  input = raised(input);
  return reduceLoss('softMarginLoss', log1p(exp(target.neg().mul(input))), reduction);
}
/** Mean over the classes of the logistic losses with targets 0 and 1. */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  { weight, reduction }: LossOptions & { weight?: Tensor | undefined } = {},
): Tensor {
  input = raised(input);
  const loss = target
    .mul(logsigmoid(input))
    .add(target.neg().add(1).mul(logsigmoid(input.neg())))
    .neg();
  return reduceLoss('multilabelSoftMarginLoss', mean(weight ? loss.mul(weight) : loss, -1), reduction);
}

/** Options of `tripletMarginLoss`. */
export interface TripletOptions extends LossOptions {
  /** Default 1. */
  margin?: number;
  /** Which norm. Default 2. */
  p?: number;
  /** Added to differences. Default 1e-6. */
  eps?: number;
  /** Use the positive's distance to the negative where that is smaller. Default false. */
  swap?: boolean;
}
/** max(0, d(anchor, positive) - d(anchor, negative) + margin). */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletOptions = {},
): Tensor {
  anchor = raised(anchor);
  const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction } = options;
  const near = pairwiseDistance(anchor, positive, { p, eps });
  const far = pairwiseDistance(anchor, negative, { p, eps });
  const distance = swap ? minimum(far, pairwiseDistance(positive, negative, { p, eps })) : far;
  return reduceLoss('tripletMarginLoss', clampMin(near.sub(distance).add(margin), 0), reduction);
}

/** Classes of the last dimension compared with the index of the true one: true at the target. */
function isTarget(target: Tensor, classes: number): Tensor {
  return arange(classes).eq(target.unsqueeze(-1));
}
/** Σ max(0, margin - input[target] + input[i])^p over the other classes, over their number. */
export function multiMarginLoss(
  input: Tensor,
  target: Tensor,
  options: LossOptions & { p?: 1 | 2; margin?: number; weight?: Tensor | undefined } = {},
): Tensor {
  input = raised(input);
  const { p = 1, margin = 1, weight, reduction } = options;
  const classes = input.size(-1);
  const index = input.ndim === 1 && target.numel() === 1 ? target.reshape([]) : target;
  if (`${index.shape}` !== `${input.shape.slice(0, -1)}`) {
    throw new ShapeError(
      `multiMarginLoss: target: expected shape [${input.shape.slice(0, -1)}], got [${target.shape}]`,
    );
  }
  const own = isTarget(index, classes);
  const truth = where(own, input, 0).sum({ dim: -1, keepdim: true });
  const violation = clampMin(input.sub(truth).add(margin), 0);
  const costs = p === 2 ? violation.square() : violation;
  const weighed = weight ? costs.mul(where(own, weight, 0).sum({ dim: -1, keepdim: true })) : costs;
  return reduceLoss('multiMarginLoss', where(own, 0, weighed).sum(-1).div(classes), reduction);
}
/**
 * Σ max(0, 1 - (input[t] - input[i])) over targets t and other classes i, over the number of classes. Targets are class
 * indices; the first -1 ends the list.
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor {
  input = raised(input);
  if (`${target.shape}` !== `${input.shape}`) {
    throw new ShapeError(`multilabelMarginLoss: target: expected shape [${input.shape}], got [${target.shape}]`);
  }
  const classes = input.size(-1);
  const listed = target.lt(0).to('float32').unsqueeze(-2).mul(lowerTriangle(classes)).sum(-1).eq(0);
  const own = isTarget(target, classes).logicalAnd(listed.unsqueeze(-1));
  const truth = where(own, input.unsqueeze(-2), 0).sum({ dim: -1, keepdim: true });
  const counts = listed.unsqueeze(-1).logicalAnd(own.any({ dim: -2, keepdim: true }).logicalNot());
  const violation = clampMin(sub(input.unsqueeze(-2), truth).add(1), 0);
  return reduceLoss('multilabelMarginLoss', where(counts, violation, 0).sum([-2, -1]).div(classes), reduction);
}
function lowerTriangle(n: number): Tensor {
  return arange(n).unsqueeze(1).ge(arange(n)).to('float32');
}
