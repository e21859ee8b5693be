// SPDX-License-Identifier: MIT
import { raised } from '../../autocast.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { logSoftmax } from '../../ops/softmax.js';
import { raw } from '../../raw.js';
import { fromHandle, handleOf, type Tensor } from '../../tensor.js';

const rawNllLoss = raw(
  'nll_loss',
  'x: Tensor, target: Tensor, weight: Tensor?, ignore_index: int, reduction: int -> Tensor, Tensor',
);
const rawCrossEntropy = raw(
  'cross_entropy',
  'x: Tensor, target: Tensor, weight: Tensor?, ignore_index: int, reduction: int, smoothing: float -> Tensor, Tensor, Tensor',
);

/** What becomes of the losses of the samples. */
export type Reduction = 'none' | 'mean' | 'sum';

/** Options of {@link nllLoss}. */
export interface NllLossOptions {
  /** A factor for each class, shape [C]. */
  weight?: Tensor | undefined;
  /** Targets of this value count for nothing. Default -100. */
  ignoreIndex?: number | undefined;
  /** `mean` (the default) divides by the sum of the targets' weights. */
  reduction?: Reduction | undefined;
}
/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** Share of the target spread evenly over all classes, in [0, 1] (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number | undefined;
}

const reductions: readonly Reduction[] = ['none', 'mean', 'sum'];

/** The native number of a reduction. */
function reductionCode(op: string, reduction: Reduction): number {
  const code = reductions.indexOf(reduction);
  if (code < 0) {
    throw new ArgumentRangeError(`${op}: reduction: expected 'none', 'mean' or 'sum', got ${String(reduction)}`);
  }
  return code;
}

const optional = (x: Tensor | undefined, what: string) => (x ? handleOf(x, what) : undefined);

/**
 * Negative log likelihood: -w[target] · x[target] for log probabilities x of shape [C], [N, C] or [N, C, d1 …] and
 * class indices of shape [], [N] or [N, d1 …] in any integer dtype.
 * @throws RangeError for a target outside [0, C) that is not `ignoreIndex`
 */
export function nllLoss(
  x: Tensor,
  target: Tensor,
  { weight, ignoreIndex = -100, reduction = 'mean' }: NllLossOptions = {},
): Tensor {
  const [loss] = rawNllLoss(
    handleOf(raised(x), 'nllLoss: input'),
    handleOf(target, 'nllLoss: target'),
    optional(weight, 'nllLoss: weight'),
    ignoreIndex,
    reductionCode('nllLoss', reduction),
  );
  return fromHandle(loss as NonNullable<typeof loss>);
}

/**
 * Cross entropy of logits of shape [C], [N, C] or [N, C, d1 …]: `nllLoss(logSoftmax(x), target)` in one pass.
 * Targets are class indices of any integer dtype, or probabilities in a float tensor of the shape of `x`.
 * @throws RangeError for a target outside [0, C) that is not `ignoreIndex`
 */
export function crossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { weight, ignoreIndex = -100, reduction = 'mean', labelSmoothing = 0 } = options;
  x = raised(x);
  const handles = [handleOf(x, 'crossEntropy: input'), handleOf(target, 'crossEntropy: target')] as const;
  if (target.isFloatingPoint()) return crossEntropyOfProbabilities(x, target, options);
  const [loss] = rawCrossEntropy(
    ...handles,
    optional(weight, 'crossEntropy: weight'),
    ignoreIndex,
    reductionCode('crossEntropy', reduction),
    labelSmoothing,
  );
  return fromHandle(loss as NonNullable<typeof loss>);
}

function crossEntropyOfProbabilities(x: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { weight, reduction = 'mean', labelSmoothing = 0 } = options;
  reductionCode('crossEntropy', reduction);
  if (x.ndim === 0 || x.shape.join() !== target.shape.join()) {
    throw new ShapeError(
      `crossEntropy: target: expected probabilities of the input's shape [${x.shape}], got [${target.shape}]`,
    );
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ArgumentRangeError(`crossEntropy: labelSmoothing: expected a number in [0, 1], got ${labelSmoothing}`);
  }
  const dim = x.ndim === 1 ? 0 : 1;
  const classes = x.size(dim);
  const smoothed = labelSmoothing ? target.mul(1 - labelSmoothing).add(labelSmoothing / classes) : target;
  let likelihood = logSoftmax(x, dim).mul(smoothed);
  if (weight) likelihood = likelihood.mul(weight.reshape(x.shape.map((_, d) => (d === dim ? -1 : 1))));
  if (reduction === 'none') return likelihood.sum(dim).neg();
  const total = likelihood.sum().neg();
  return reduction === 'sum' ? total : total.div(x.numel() / classes);
}
