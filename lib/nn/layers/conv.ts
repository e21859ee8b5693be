// SPDX-License-Identifier: MIT
import { zeros } from '../../creation.js';
import type { DType } from '../../dtype.js';
import { ArgumentRangeError } from '../../errors.js';
import { type ConvTransposeOptions, convNd, convPadding, convTransposeNd } from '../../ops/conv.js';
import { pad } from '../../ops/rearrange.js';
import { type Spatial, spatial } from '../../ops/spatial.js';
import type { RandomOptions } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { calculateFanInAndFanOut, kaimingUniform_, uniform_ } from '../init.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { pyTuple } from '../repr.js';

interface ConvBaseOptions extends RandomOptions {
  /** Steps between the places of the kernel. Default 1. */
  stride?: Spatial | undefined;
  /** Steps between the elements of the kernel. Default 1. */
  dilation?: Spatial | undefined;
  /** Channels are cut into so many groups that know nothing of one another. Default 1. */
  groups?: number | undefined;
  /** Add a learned offset to each channel. Default true. */
  bias?: boolean | undefined;
  /** Of the parameters. Default float32. */
  dtype?: DType | undefined;
}
/** Options of the convolutions. */
export interface ConvLayerOptions extends ConvBaseOptions {
  /** On both sides, `'valid'` for none, or `'same'` for as many outputs as inputs (stride 1). Default 0. */
  padding?: Spatial | 'same' | 'valid' | undefined;
  /** What is padded: zeros, the image mirrored, its edge, or its other end. Default `'zeros'`. */
  paddingMode?: 'zeros' | 'reflect' | 'replicate' | 'circular' | undefined;
}
/** Options of the transposed convolutions. */
export interface ConvTransposeLayerOptions extends ConvBaseOptions {
  /** What the convolution that is transposed would pad: cut off from the result. Default 0. */
  padding?: Spatial | undefined;
  /** Added to the result's sizes at their ends. Default 0. */
  outputPadding?: Spatial | undefined;
}

const paddingModes = ['zeros', 'reflect', 'replicate', 'circular'];

/** What both directions share: parameters under PyTorch's names and with its initialisation, and the printed form. */
abstract class ConvBase extends Module {
  weight: Tensor;
  bias: Tensor | null;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;

  constructor(
    protected readonly dims: number,
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Spatial,
    transposed: boolean,
    { stride = 1, dilation = 1, groups = 1, bias = true, dtype = 'float32', generator }: ConvBaseOptions,
  ) {
    super();
    const op = this.constructor.name;
    this.groups = spatial(op, 'groups', groups, 1, 1)[0] as number;
    for (const [name, channels] of Object.entries({ inChannels, outChannels })) {
      if (Number.isSafeInteger(channels) && channels >= 1 && channels % this.groups === 0) continue;
      throw new ArgumentRangeError(
        `${op}: ${name}: expected a positive multiple of ${this.groups} groups, got ${String(channels)}`,
      );
    }
    this.kernelSize = spatial(op, 'kernelSize', kernelSize, dims, 1);
    this.stride = spatial(op, 'stride', stride, dims, 1);
    this.dilation = spatial(op, 'dilation', dilation, dims, 1);
    const [from, to] = transposed ? [inChannels, outChannels] : [outChannels, inChannels];
    this.weight = new Parameter(zeros([from, to / this.groups, ...this.kernelSize], { dtype }));
    this.bias = bias ? new Parameter(zeros([outChannels], { dtype })) : null;
    kaimingUniform_(this.weight, { a: Math.sqrt(5), generator });
    const bound = 1 / Math.sqrt(calculateFanInAndFanOut(this.weight).fanIn);
    if (this.bias) uniform_(this.bias, -bound, bound, { generator });
  }
}

/** The printed form of what both directions share. */
function describe(conv: ConvBase, padding: readonly number[] | string, ...more: string[]): string {
  const { kernelSize, stride, dilation, groups, bias } = conv;
  const isPadded = typeof padding === 'string' || padding.some((n) => n !== 0);
  return [
    `${conv.inChannels}, ${conv.outChannels}, kernel_size=${pyTuple(kernelSize)}, stride=${pyTuple(stride)}`,
    ...(isPadded ? [`padding=${typeof padding === 'string' ? padding : pyTuple(padding)}`] : []),
    ...(dilation.some((n) => n !== 1) ? [`dilation=${pyTuple(dilation)}`] : []),
    ...more,
    ...(groups !== 1 ? [`groups=${groups}`] : []),
    ...(bias ? [] : ['bias=False']),
  ].join(', ');
}

abstract class Conv extends ConvBase {
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly paddingMode: NonNullable<ConvLayerOptions['paddingMode']>;

  constructor(
    dims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: Spatial,
    { padding = 0, paddingMode = 'zeros', ...options }: ConvLayerOptions,
  ) {
    super(dims, inChannels, outChannels, kernelSize, false, options);
    const op = this.constructor.name;
    if (!paddingModes.includes(paddingMode)) {
      throw new ArgumentRangeError(
        `${op}: paddingMode: expected one of ${paddingModes.join(', ')}, got ${String(paddingMode)}`,
      );
    }
    convPadding(op, padding, this.kernelSize, this);
    this.padding = padding === 'same' || padding === 'valid' ? padding : spatial(op, 'padding', padding, dims, 0);
    this.paddingMode = paddingMode;
  }
  forward(x: Tensor): Tensor {
    const { weight, bias, dims, stride, dilation, groups, padding, paddingMode } = this;
    const op = this.constructor.name;
    const options = { stride, dilation, groups };
    if (paddingMode === 'zeros') return convNd(op, dims, x, weight, bias, { ...options, padding });
    const { before, after } = convPadding(op, padding, this.kernelSize, this);
    const borders = before.map((n, i) => [n, after[i] as number]).reverse();
    return convNd(op, dims, pad(x, borders.flat(), { mode: paddingMode }), weight, bias, options);
  }
  override extraRepr(): string {
    const { padding, paddingMode } = this;
    const mode = paddingMode === 'zeros' ? '' : `, padding_mode=${paddingMode}`;
    return describe(this, padding) + mode;
  }
}

/** Cross-correlation of [N, C, L] with `outChannels` kernels; weight [out, in / groups, kernel], initialised as PyTorch's. */
export class Conv1d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Spatial, options: ConvLayerOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}
/** `Conv1d` for images [N, C, H, W]. */
export class Conv2d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Spatial, options: ConvLayerOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}
/** `Conv1d` for volumes [N, C, D, H, W]. */
export class Conv3d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: Spatial, options: ConvLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}

abstract class ConvTranspose extends ConvBase {
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];

  constructor(
    dims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: Spatial,
    { padding = 0, outputPadding = 0, ...options }: ConvTransposeLayerOptions,
  ) {
    super(dims, inChannels, outChannels, kernelSize, true, options);
    this.padding = spatial(this.constructor.name, 'padding', padding, dims, 0);
    this.outputPadding = spatial(this.constructor.name, 'outputPadding', outputPadding, dims, 0);
  }
  forward(x: Tensor): Tensor {
    const { weight, bias, stride, padding, outputPadding, dilation, groups } = this;
    const options: ConvTransposeOptions = { stride, padding, outputPadding, dilation, groups };
    return convTransposeNd(this.constructor.name, this.dims, x, weight, bias, options);
  }
  override extraRepr(): string {
    const { padding, outputPadding } = this;
    const extra = outputPadding.some((n) => n !== 0) ? [`output_padding=${pyTuple(outputPadding)}`] : [];
    return describe(this, padding, ...extra);
  }
}

/** The transpose of a convolution: [N, C, L] spread out with `outChannels` kernels; weight [in, out / groups, kernel]. */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Spatial, options: ConvTransposeLayerOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}
/** `ConvTranspose1d` for images [N, C, H, W]. */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Spatial, options: ConvTransposeLayerOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}
/** `ConvTranspose1d` for volumes [N, C, D, H, W]. */
export class ConvTranspose3d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: Spatial, options: ConvTransposeLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
