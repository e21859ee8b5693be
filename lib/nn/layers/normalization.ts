// SPDX-License-Identifier: MIT
import { noGrad } from '../../autograd.js';
import { type CreationOptions, ones, zeros } from '../../creation.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { batchNorm, groupNorm, instanceNorm, layerNorm, rmsNorm } from '../functional/normalization.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { pyBool, pyFloat } from '../repr.js';

type DTypeOption = Pick<CreationOptions, 'dtype'>;

const parameter = (
  make: typeof ones,
  shape: readonly number[],
  wanted: boolean,
  options: DTypeOption,
): Tensor | null => (wanted ? new Parameter(make(shape, options)) : null);
const given = (x: Tensor | null) => x ?? undefined;
/** Options of {@link LayerNorm} and {@link RMSNorm}. */
export interface LayerNormOptions extends DTypeOption {
  /** Added to the variance. Default 1e-5; for RMSNorm the dtype's machine epsilon. */
  eps?: number | undefined;
  /** Learn a scale (and for LayerNorm a shift) for each element. Default true. */
  elementwiseAffine?: boolean | undefined;
  /** Learn a shift. Default true. */
  bias?: boolean | undefined;
}

/** Normalises over the last dimensions, of shape `normalizedShape` (Ba et al. 2016). */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  weight: Tensor | null;
  bias: Tensor | null;

  constructor(
    normalizedShape: number | readonly number[],
    { eps = 1e-5, elementwiseAffine = true, bias = true, ...options }: LayerNormOptions = {},
  ) {
    super();
    this.normalizedShape = [normalizedShape].flat() as number[];
    this.eps = eps;
    this.weight = parameter(ones, this.normalizedShape, elementwiseAffine, options);
    this.bias = parameter(zeros, this.normalizedShape, elementwiseAffine && bias, options);
  }
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, { weight: given(this.weight), bias: given(this.bias), eps: this.eps });
  }
  override extraRepr(): string {
    const { normalizedShape: shape, eps, weight } = this;
    const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
    return `${tuple}, eps=${pyFloat(eps)}, elementwise_affine=${pyBool(weight !== null)}`;
  }
}

/** Divides by the root of the mean square over the last dimensions (Zhang & Sennrich 2019). */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number | undefined;
  weight: Tensor | null;

  constructor(
    normalizedShape: number | readonly number[],
    { eps, elementwiseAffine = true, ...options }: Omit<LayerNormOptions, 'bias'> = {},
  ) {
    super();
    this.normalizedShape = [normalizedShape].flat() as number[];
    this.eps = eps;
    this.weight = parameter(ones, this.normalizedShape, elementwiseAffine, options);
  }
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, { weight: given(this.weight), eps: this.eps });
  }
  override extraRepr(): string {
    const { normalizedShape: shape, eps, weight } = this;
    const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
    return `${tuple}, eps=${eps === undefined ? 'None' : pyFloat(eps)}, elementwise_affine=${pyBool(weight !== null)}`;
  }
}

/** Normalises groups of channels of each sample of [N, C, …] (Wu & He 2018). */
export class GroupNorm extends Module {
  weight: Tensor | null;
  bias: Tensor | null;
  readonly eps: number;

  constructor(
    readonly numGroups: number,
    readonly numChannels: number,
    { eps = 1e-5, affine = true, ...options }: DTypeOption & { eps?: number; affine?: boolean } = {},
  ) {
    super();
    if (numChannels % numGroups !== 0) {
      throw new ArgumentRangeError(`GroupNorm: ${numGroups} groups do not divide ${numChannels} channels`);
    }
    this.eps = eps;
    this.weight = parameter(ones, [numChannels], affine, options);
    this.bias = parameter(zeros, [numChannels], affine, options);
  }
  forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, { weight: given(this.weight), bias: given(this.bias), eps: this.eps });
  }
  override extraRepr(): string {
    const { numGroups, numChannels, eps, weight } = this;
    return `${numGroups}, ${numChannels}, eps=${pyFloat(eps)}, affine=${pyBool(weight !== null)}`;
  }
}

/** Options of the batch and instance normalisations. */
export interface RunningNormOptions extends DTypeOption {
  /** Added to the variance. Default 1e-5. */
  eps?: number | undefined;
  /** Weight of the new value in the running statistics; null for a cumulative average. Default 0.1. */
  momentum?: number | null | undefined;
  /** Learn a scale and a shift for each channel. Default true for batches, false for instances. */
  affine?: boolean | undefined;
  /** Keep running statistics and use them in evaluation. Default true for batches, false for instances. */
  trackRunningStats?: boolean | undefined;
}

/** What batch and instance normalisation share: parameters, and buffers under PyTorch's names. */
abstract class RunningNorm extends Module {
  weight: Tensor | null;
  bias: Tensor | null;
  readonly eps: number;
  readonly momentum: number | null;
  declare running_mean?: Tensor;
  declare running_var?: Tensor;
  declare num_batches_tracked?: Tensor;
  /** How many dimensions the input may have. */
  protected abstract readonly inputDims: readonly number[];

  constructor(
    readonly numFeatures: number,
    { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true, ...options }: RunningNormOptions = {},
  ) {
    super();
    this.eps = eps;
    this.momentum = momentum;
    this.weight = parameter(ones, [numFeatures], affine, options);
    this.bias = parameter(zeros, [numFeatures], affine, options);
    if (!trackRunningStats) return;
    this.registerBuffer('running_mean', zeros([numFeatures], options));
    this.registerBuffer('running_var', ones([numFeatures], options));
    this.registerBuffer('num_batches_tracked', zeros([], { dtype: 'int64' }));
  }
  protected checkInput(x: Tensor): void {
    if (this.inputDims.includes(x.ndim)) return;
    const expected = this.inputDims.join(' or ');
    throw new ShapeError(
      `${this.constructor.name}: expected ${expected} dimensions, got shape [${x.shape.join(', ')}]`,
    );
  }
  override extraRepr(): string {
    const { numFeatures, eps, momentum, weight, running_mean } = this;
    return `${numFeatures}, eps=${pyFloat(eps)}, momentum=${momentum === null ? 'None' : pyFloat(momentum)}, affine=${pyBool(weight !== null)}, track_running_stats=${pyBool(running_mean !== undefined)}`;
  }
}

abstract class BatchNorm extends RunningNorm {
  forward(x: Tensor): Tensor {
    this.checkInput(x);
    const { running_mean, running_var, num_batches_tracked, weight, bias, eps } = this;
    const options = { weight: given(weight), bias: given(bias), eps };
    if (!this.training)
      return batchNorm(x, running_mean, running_var, { ...options, training: running_mean === undefined });
    if (num_batches_tracked) noGrad(() => num_batches_tracked.copy_(num_batches_tracked.add(1)));
    const momentum = this.momentum ?? num_batches_tracked?.to('float64').reciprocal();
    return batchNorm(x, running_mean, running_var, { ...options, training: true, momentum });
  }
}
/** Normalises each channel of [N, C] or [N, C, L] over the batch (Ioffe & Szegedy 2015). */
export class BatchNorm1d extends BatchNorm {
  protected readonly inputDims = [2, 3];
}
/** `BatchNorm1d` for images [N, C, H, W]. */
export class BatchNorm2d extends BatchNorm {
  protected readonly inputDims = [4];
}
/** `BatchNorm1d` for volumes [N, C, D, H, W]. */
export class BatchNorm3d extends BatchNorm {
  protected readonly inputDims = [5];
}

abstract class InstanceNorm extends RunningNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super(numFeatures, { affine: false, trackRunningStats: false, ...options });
  }
  forward(x: Tensor): Tensor {
    this.checkInput(x);
    const { running_mean: runningMean, running_var: runningVar, weight, bias, eps } = this;
    const options = { weight: given(weight), bias: given(bias), eps };
    if (!this.training && runningMean) return batchNorm(x, runningMean, runningVar, options);
    return instanceNorm(x, { ...options, runningMean, runningVar, momentum: this.momentum ?? 0 });
  }
}
/** Normalises each channel of each sample of [N, C, L] (Ulyanov et al. 2016). */
export class InstanceNorm1d extends InstanceNorm {
  protected readonly inputDims = [3];
}
/** `InstanceNorm1d` for images [N, C, H, W]. */
export class InstanceNorm2d extends InstanceNorm {
  protected readonly inputDims = [4];
}
/** `InstanceNorm1d` for volumes [N, C, D, H, W]. */
export class InstanceNorm3d extends InstanceNorm {
  protected readonly inputDims = [5];
}
