// SPDX-License-Identifier: MIT
import { ones, tensor, zeros } from '../../creation.js';
import type { DType } from '../../dtype.js';
import { ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { groupNorm, layerNorm, rmsNorm } from '../functional/normalization.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { pyBool, pyFloat } from '../repr.js';

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number | undefined;
  /** Learn a factor and an offset for each element. Default true. */
  elementwiseAffine?: boolean | undefined;
  /** Learn the offset too. Default true. */
  bias?: boolean | undefined;
  dtype?: DType | undefined;
}

const shapeOf = (shape: number | readonly number[]) => (typeof shape === 'number' ? [shape] : [...shape]);
const pyTuple = (shape: readonly number[]) => `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
const given = (x: Tensor | null) => x ?? undefined;

/** Mean 0 and variance 1 over the last dimensions (Ba et al. 2016). */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  weight: Tensor | null;
  bias: Tensor | null;

  constructor(
    normalizedShape: number | readonly number[],
    { eps = 1e-5, elementwiseAffine = true, bias = true, dtype }: LayerNormOptions = {},
  ) {
    super();
    this.normalizedShape = shapeOf(normalizedShape);
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape, { dtype })) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(zeros(this.normalizedShape, { dtype })) : null;
  }
  forward(x: Tensor): Tensor {
    const { eps, weight, bias } = this;
    return layerNorm(x, this.normalizedShape, { eps, weight: given(weight), bias: given(bias) });
  }
  override extraRepr(): string {
    return `${pyTuple(this.normalizedShape)}, eps=${pyFloat(this.eps)}, elementwise_affine=${pyBool(this.weight !== null)}`;
  }
}

/** Mean square 1 over the last dimensions (Zhang & Sennrich 2019); `eps` is the dtype's machine epsilon by default. */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number | undefined;
  weight: Tensor | null;

  constructor(
    normalizedShape: number | readonly number[],
    { eps, elementwiseAffine = true, dtype }: Omit<LayerNormOptions, 'bias'> = {},
  ) {
    super();
    this.normalizedShape = shapeOf(normalizedShape);
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape, { dtype })) : null;
  }
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, { eps: this.eps, weight: given(this.weight) });
  }
  override extraRepr(): string {
    const eps = this.eps === undefined ? 'None' : pyFloat(this.eps);
    return `${pyTuple(this.normalizedShape)}, eps=${eps}, elementwise_affine=${pyBool(this.weight !== null)}`;
  }
}

/** Mean 0 and variance 1 over groups of channels of [N, C, …] (Wu & He 2018). */
export class GroupNorm extends Module {
  readonly eps: number;
  weight: Tensor | null;
  bias: Tensor | null;

  constructor(
    readonly numGroups: number,
    readonly numChannels: number,
    { eps = 1e-5, affine = true, dtype }: { eps?: number; affine?: boolean; dtype?: DType } = {},
  ) {
    super();
    if (numChannels % numGroups !== 0) {
      throw new ShapeError(`GroupNorm: ${numGroups} groups do not divide ${numChannels} channels`);
    }
    this.eps = eps;
    this.weight = affine ? new Parameter(ones([numChannels], { dtype })) : null;
    this.bias = affine ? new Parameter(zeros([numChannels], { dtype })) : null;
  }
  forward(x: Tensor): Tensor {
    const { eps, weight, bias } = this;
    return groupNorm(x, this.numGroups, { eps, weight: given(weight), bias: given(bias) });
  }
  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${pyFloat(this.eps)}, affine=${pyBool(this.weight !== null)}`;
  }
}

/** Options of the batch and instance norms. */
export interface RunningNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number | undefined;
  /** Weight of the new value in the running statistics, default 0.1; null: the average of all. */
  momentum?: number | null | undefined;
  /** Learn a factor and an offset for each channel. */
  affine?: boolean | undefined;
  /** Keep running statistics for `eval()`. */
  trackRunningStats?: boolean | undefined;
  dtype?: DType | undefined;
}

/** @internal What batch and instance norms share: parameters, running statistics and the check of the rank. */
export abstract class RunningNorm extends Module {
  readonly eps: number;
  readonly momentum: number | null;
  weight: Tensor | null;
  bias: Tensor | null;
  declare running_mean: Tensor | undefined;
  declare running_var: Tensor | undefined;
  declare num_batches_tracked: Tensor | undefined;
  /** Numbers of dimensions that the input may have. */
  protected abstract ranks(): readonly number[];

  constructor(
    readonly numFeatures: number,
    { eps = 1e-5, momentum = 0.1, affine, trackRunningStats, dtype }: RunningNormOptions,
  ) {
    super();
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? new Parameter(ones([numFeatures], { dtype })) : null;
    this.bias = affine ? new Parameter(zeros([numFeatures], { dtype })) : null;
    if (!trackRunningStats) return;
    this.registerBuffer('running_mean', zeros([numFeatures], { dtype }));
    this.registerBuffer('running_var', ones([numFeatures], { dtype }));
    this.registerBuffer('num_batches_tracked', tensor(0));
  }
  protected checkRank(x: Tensor): void {
    const ranks = this.ranks();
    if (ranks.includes(x.ndim)) return;
    throw new ShapeError(
      `${this.constructor.name}: expected ${ranks.join(' or ')} dimensions, got shape [${x.shape.join(', ')}]`,
    );
  }
  override extraRepr(): string {
    const momentum = this.momentum === null ? 'None' : pyFloat(this.momentum);
    const [affine, tracks] = [pyBool(this.weight !== null), pyBool(this.running_mean !== undefined)];
    return `${this.numFeatures}, eps=${pyFloat(this.eps)}, momentum=${momentum}, affine=${affine}, track_running_stats=${tracks}`;
  }
}
