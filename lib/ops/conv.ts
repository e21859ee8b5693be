// SPDX-License-Identifier: MIT
import { lowered } from '../autocast.js';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { batched, type Spatial, spatial } from './spatial.js';

const rawConv = raw(
  'conv',
  'x: Tensor, weight: Tensor, bias: Tensor?, stride: int[], padding: int[], dilation: int[], groups: int, channels_last: bool -> Tensor',
);
const rawConvTranspose = raw(
  'conv_transpose',
  'y: Tensor, weight: Tensor, bias: Tensor?, size: int[], stride: int[], padding: int[], dilation: int[], groups: int, channels_last: bool -> Tensor',
);
// Bound so that the signatures are held against each other; called by gradients alone.
raw(
  'conv_weight',
  'x: Tensor, y: Tensor, size: int[], stride: int[], padding: int[], dilation: int[], groups: int, channels_last: bool -> Tensor',
);

/** Options that convolutions and their transposes share. */
interface ConvCommonOptions {
  /** Steps between the places of the kernel. Default 1. */
  stride?: Spatial | undefined;
  /** Steps between the elements of the kernel. Default 1. */
  dilation?: Spatial | undefined;
  /** Channels are cut into so many groups that know nothing of one another. Default 1. */
  groups?: number | undefined;
  /** Inputs and outputs are [N, …, C] instead of [N, C, …]. Default false. */
  channelsLast?: boolean | undefined;
}
/** Options of `conv1d`, `conv2d` and `conv3d`. */
export interface ConvOptions extends ConvCommonOptions {
  /** Zeros on both sides, `'valid'` for none, or `'same'` for as many outputs as inputs (stride 1). Default 0. */
  padding?: Spatial | 'same' | 'valid' | undefined;
}
/** Options of `convTranspose1d`, `convTranspose2d` and `convTranspose3d`. */
export interface ConvTransposeOptions extends ConvCommonOptions {
  /** What the convolution that is transposed would pad: cut off from the result. Default 0. */
  padding?: Spatial | undefined;
  /** Added to the result's sizes at their ends. Default 0. */
  outputPadding?: Spatial | undefined;
}

/** @internal Zeros before and after each dimension, in the order of the dimensions. */
export function convPadding(
  op: string,
  padding: Spatial | 'same' | 'valid',
  kernel: readonly number[],
  { stride = 1, dilation = 1 }: ConvCommonOptions,
): { before: number[]; after: number[] } {
  const dims = kernel.length;
  if (padding === 'valid') return convPadding(op, 0, kernel, {});
  if (padding !== 'same') {
    const both = spatial(op, 'padding', padding, dims, 0);
    return { before: both, after: both };
  }
  if (spatial(op, 'stride', stride, dims, 1).some((step) => step !== 1)) {
    throw new ArgumentRangeError(`${op}: padding 'same' takes a stride of 1, got ${String(stride)}`);
  }
  const steps = spatial(op, 'dilation', dilation, dims, 1);
  const total = kernel.map((size, i) => (steps[i] as number) * (size - 1));
  const before = total.map((n) => Math.floor(n / 2));
  return { before, after: total.map((n, i) => n - (before[i] as number)) };
}

function checkGroups(op: string, groups: number): number {
  if (Number.isSafeInteger(groups) && groups >= 1) return groups;
  throw new ArgumentRangeError(`${op}: groups: expected an integer of at least 1, got ${String(groups)}`);
}
function checkLayout(op: string, channelsLast: boolean): boolean {
  if (typeof channelsLast === 'boolean') return channelsLast;
  throw new ArgumentTypeError(`${op}: channelsLast: expected a boolean, got ${typeof channelsLast}`);
}

/** @internal Cross-correlation of [N, C, …] with a weight [out, C / groups, kernel …]. */
export function convNd(
  op: string,
  dims: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  options: ConvOptions,
): Tensor {
  const { stride = 1, dilation = 1, groups = 1, padding = 0, channelsLast = false } = options;
  const { before, after } = convPadding(op, padding, weight.shape.slice(2), options);
  return batched(op, x, dims, (images) =>
    fromHandle(
      rawConv(
        handleOf(lowered(images), `${op}: input`),
        handleOf(lowered(weight), `${op}: weight`),
        bias ? handleOf(lowered(bias), `${op}: bias`) : undefined,
        spatial(op, 'stride', stride, dims, 1),
        [...before, ...after],
        spatial(op, 'dilation', dilation, dims, 1),
        checkGroups(op, groups),
        checkLayout(op, channelsLast),
      ),
    ),
  );
}

/** @internal The gradient of a convolution's input: [N, C, …] with a weight [C, out / groups, kernel …]. */
export function convTransposeNd(
  op: string,
  dims: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  options: ConvTransposeOptions,
): Tensor {
  const { groups = 1, channelsLast = false } = options;
  const stride = spatial(op, 'stride', options.stride ?? 1, dims, 1);
  const padding = spatial(op, 'padding', options.padding ?? 0, dims, 0);
  const extra = spatial(op, 'outputPadding', options.outputPadding ?? 0, dims, 0);
  const dilation = spatial(op, 'dilation', options.dilation ?? 1, dims, 1);
  if (extra.some((n, i) => n >= Math.max(stride[i] as number, dilation[i] as number))) {
    throw new ArgumentRangeError(`${op}: outputPadding: expected less than stride or dilation, got [${extra}]`);
  }
  return batched(op, x, dims, (images) => {
    const first = checkLayout(op, channelsLast) ? 1 : 2;
    const size = stride.map((step, i) => {
      const reach = (dilation[i] as number) * (weight.size(2 + i) - 1) + 1;
      return (images.size(first + i) - 1) * step - 2 * (padding[i] as number) + reach + (extra[i] as number);
    });
    return fromHandle(
      rawConvTranspose(
        handleOf(lowered(images), `${op}: input`),
        handleOf(lowered(weight), `${op}: weight`),
        bias ? handleOf(lowered(bias), `${op}: bias`) : undefined,
        size,
        stride,
        [...padding, ...padding.map((n, i) => n - (extra[i] as number))],
        dilation,
        checkGroups(op, groups),
        channelsLast,
      ),
    );
  });
}
