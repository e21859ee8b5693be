// SPDX-License-Identifier: MIT
import { ArgumentRangeError } from '../errors.js';
import { type Handle, raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { batched, type Spatial, spatial } from './spatial.js';

const rawAvgPool = raw(
  'avg_pool',
  'x: Tensor, kernel: int[], stride: int[], padding: int[], ceil_mode: bool, count_include_pad: bool, divisor: int?, channels_last: bool -> Tensor',
);
const rawMaxPool = raw(
  'max_pool',
  'x: Tensor, kernel: int[], stride: int[], padding: int[], dilation: int[], ceil_mode: bool, channels_last: bool -> Tensor, Tensor',
);
const rawAdaptiveAvgPool = raw('adaptive_avg_pool', 'x: Tensor, size: int[], channels_last: bool -> Tensor');
const rawAdaptiveMaxPool = raw('adaptive_max_pool', 'x: Tensor, size: int[], channels_last: bool -> Tensor, Tensor');
// Bound so that the signatures are held against each other; called by gradients alone.
raw(
  'avg_pool_backward',
  'g: Tensor, size: int[], kernel: int[], stride: int[], padding: int[], ceil_mode: bool, count_include_pad: bool, divisor: int?, channels_last: bool -> Tensor',
);
raw('adaptive_avg_pool_backward', 'g: Tensor, size: int[], channels_last: bool -> Tensor');

interface PoolOptions {
  /** Steps between windows. Default: the kernel's size. */
  stride?: Spatial | null | undefined;
  /** On both sides, at most half of the kernel. Default 0. */
  padding?: Spatial | undefined;
  /** Windows that begin inside but reach beyond the end count too. Default false. */
  ceilMode?: boolean | undefined;
  /** Inputs and outputs are [N, …, C] instead of [N, C, …]. Default false. */
  channelsLast?: boolean | undefined;
}
/** Options of `maxPool1d`, `maxPool2d` and `maxPool3d`. */
export interface MaxPoolOptions extends PoolOptions {
  /** Steps between the elements of a window. Default 1. */
  dilation?: Spatial | undefined;
  /** Also give the maxima's positions among the channel's inputs (int64). Default false. */
  returnIndices?: boolean | undefined;
}
/** Options of `avgPool1d`, `avgPool2d` and `avgPool3d`. */
export interface AvgPoolOptions extends PoolOptions {
  /** Padding counts as zeros; else as nothing. Default true. */
  countIncludePad?: boolean | undefined;
  /** What the sum is divided by instead of the count. */
  divisorOverride?: number | null | undefined;
}
/** Sizes of an adaptive pool's output; null keeps the input's. */
export type AdaptiveSize = number | null | readonly (number | null)[];

/** @internal */
export type MaxPoolResult<O> = O extends { returnIndices: true } ? [values: Tensor, indices: Tensor] : Tensor;

const strideOf = (op: string, kernel: number[], stride: PoolOptions['stride'], dims: number) =>
  stride === undefined || stride === null || (Array.isArray(stride) && stride.length === 0)
    ? kernel
    : spatial(op, 'stride', stride as Spatial, dims, 1);

function withIndices<O>(outputs: Handle[], wanted: boolean | undefined): MaxPoolResult<O> {
  const [values, indices] = outputs.map(fromHandle) as [Tensor, Tensor];
  return (wanted === true ? [values, indices] : values) as MaxPoolResult<O>;
}

/** @internal */
export function maxPoolNd<O extends MaxPoolOptions>(
  op: string,
  dims: number,
  x: Tensor,
  kernelSize: Spatial,
  options: O,
): MaxPoolResult<O> {
  const { stride, padding = 0, dilation = 1, ceilMode = false, returnIndices, channelsLast = false } = options;
  const kernel = spatial(op, 'kernelSize', kernelSize, dims, 1);
  return batched(op, x, dims, (images) =>
    withIndices<O>(
      rawMaxPool(
        handleOf(images, op),
        kernel,
        strideOf(op, kernel, stride, dims),
        spatial(op, 'padding', padding, dims, 0),
        spatial(op, 'dilation', dilation, dims, 1),
        ceilMode,
        channelsLast,
      ),
      returnIndices,
    ),
  );
}

/** @internal */
export function avgPoolNd(
  op: string,
  dims: number,
  x: Tensor,
  kernelSize: Spatial,
  {
    stride,
    padding = 0,
    ceilMode = false,
    countIncludePad = true,
    divisorOverride,
    channelsLast = false,
  }: AvgPoolOptions,
): Tensor {
  const kernel = spatial(op, 'kernelSize', kernelSize, dims, 1);
  return batched(op, x, dims, (images) =>
    fromHandle(
      rawAvgPool(
        handleOf(images, op),
        kernel,
        strideOf(op, kernel, stride, dims),
        spatial(op, 'padding', padding, dims, 0),
        ceilMode,
        countIncludePad,
        divisorOverride ?? undefined,
        channelsLast,
      ),
    ),
  );
}

/** Options of the adaptive pools. */
export interface AdaptivePoolOptions {
  /** Inputs and outputs are [N, …, C] instead of [N, C, …]. Default false. */
  channelsLast?: boolean | undefined;
}
/** Options of the adaptive maximum pools. */
export interface AdaptiveMaxPoolOptions extends AdaptivePoolOptions {
  /** Also give the maxima's positions among the channel's inputs (int64). Default false. */
  returnIndices?: boolean | undefined;
}

function adaptiveSizes(op: string, images: Tensor, size: AdaptiveSize, dims: number, channelsLast: boolean): number[] {
  const list = Array.isArray(size) ? (size as readonly (number | null)[]) : [size as number | null];
  const all = list.length === 1 ? (Array(dims).fill(list[0]) as (number | null)[]) : list;
  if (all.length !== dims) {
    throw new ArgumentRangeError(`${op}: outputSize: expected one or ${dims} sizes, got ${String(size)}`);
  }
  const sizes = all.map((n, i) => n ?? images.size((channelsLast ? 1 : 2) + i));
  return spatial(op, 'outputSize', sizes, dims, 0);
}

/** @internal */
export function adaptiveAvgPoolNd(
  op: string,
  dims: number,
  x: Tensor,
  outputSize: AdaptiveSize,
  { channelsLast = false }: AdaptivePoolOptions,
): Tensor {
  return batched(op, x, dims, (images) => {
    const size = adaptiveSizes(op, images, outputSize, dims, channelsLast);
    return fromHandle(rawAdaptiveAvgPool(handleOf(images, op), size, channelsLast));
  });
}

/** @internal */
export function adaptiveMaxPoolNd<O extends AdaptiveMaxPoolOptions>(
  op: string,
  dims: number,
  x: Tensor,
  outputSize: AdaptiveSize,
  options: O,
): MaxPoolResult<O> {
  const { channelsLast = false, returnIndices } = options;
  return batched(op, x, dims, (images) => {
    const size = adaptiveSizes(op, images, outputSize, dims, channelsLast);
    return withIndices<O>(rawAdaptiveMaxPool(handleOf(images, op), size, channelsLast), returnIndices);
  });
}
