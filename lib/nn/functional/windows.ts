// SPDX-License-Identifier: MIT
import { zeros } from '../../creation.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { pad } from '../../ops/rearrange.js';
import { asStrided } from '../../ops/view.js';
import type { Tensor } from '../../tensor.js';

type Pair = number | readonly [number, number];

/** Options of `unfold` and `fold`. */
export interface WindowOptions {
  /** Steps between the elements of a window. Default 1. */
  dilation?: Pair | undefined;
  /** Zeros around the image. Default 0. */
  padding?: Pair | undefined;
  /** Steps between windows. Default 1. */
  stride?: Pair | undefined;
}

/** Sizes of windows in both dimensions, and how many there are. */
interface Windows {
  kernel: readonly [number, number];
  dilation: readonly [number, number];
  padding: readonly [number, number];
  stride: readonly [number, number];
  count: [number, number];
}

function pair(op: string, name: string, value: Pair, least: number): readonly [number, number] {
  const both = typeof value === 'number' ? ([value, value] as const) : value;
  if (both.length === 2 && both.every((n) => Number.isInteger(n) && n >= least)) return both;
  throw new ArgumentRangeError(
    `${op}: ${name}: expected one or two integers of at least ${least}, got ${JSON.stringify(value)}`,
  );
}

function windowsOf(op: string, image: readonly number[], kernelSize: Pair, options: WindowOptions): Windows {
  const kernel = pair(op, 'kernelSize', kernelSize, 1);
  const dilation = pair(op, 'dilation', options.dilation ?? 1, 1);
  const padding = pair(op, 'padding', options.padding ?? 0, 0);
  const stride = pair(op, 'stride', options.stride ?? 1, 1);
  const count = ([0, 1] as const).map((i) => {
    const room = (image[i] as number) + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1;
    return Math.floor(room / stride[i]) + 1;
  }) as [number, number];
  if (count[0] < 1 || count[1] < 1) {
    throw new ShapeError(
      `${op}: a kernel of [${kernel}] does not fit into an image of [${image.join(', ')}] with padding [${padding}]`,
    );
  }
  return { kernel, dilation, padding, stride, count };
}

/**
 * All windows of images [N, C, H, W] (or [C, H, W]) as columns: [N, C · kernel elements, windows].
 */
export function unfold(x: Tensor, kernelSize: Pair, options: WindowOptions = {}): Tensor {
  if (x.ndim === 3) return unfold(x.unsqueeze(0), kernelSize, options).squeeze(0);
  if (x.ndim !== 4) throw new ShapeError(`unfold: expected 3 or 4 dimensions, got shape [${x.shape.join(', ')}]`);
  const { kernel, dilation, padding, stride, count } = windowsOf('unfold', x.shape.slice(2), kernelSize, options);
  const image = pad(x, [padding[1], padding[1], padding[0], padding[0]]).contiguous();
  const [n, c] = image.shape as [number, number];
  const [sampleStep, channelStep, row, column] = image.strides as [number, number, number, number];
  const windows = asStrided(
    image,
    [n, c, ...kernel, ...count],
    [sampleStep, channelStep, row * dilation[0], column * dilation[1], row * stride[0], column * stride[1]],
  );
  return windows.reshape([n, c * kernel[0] * kernel[1], count[0] * count[1]]);
}

/** Adds columns [N, C · kernel elements, windows] up to images [N, C, …outputSize]; windows that overlap are summed. */
export function fold(x: Tensor, outputSize: Pair, kernelSize: Pair, options: WindowOptions = {}): Tensor {
  if (x.ndim === 2) return fold(x.unsqueeze(0), outputSize, kernelSize, options).squeeze(0);
  const size = pair('fold', 'outputSize', outputSize, 1);
  const { kernel, dilation, padding, stride, count } = windowsOf('fold', size, kernelSize, options);
  const channels = x.size(1) / (kernel[0] * kernel[1]);
  if (x.ndim !== 3 || !Number.isInteger(channels) || x.size(2) !== count[0] * count[1]) {
    throw new ShapeError(
      `fold: expected [N, C · ${kernel[0] * kernel[1]}, ${count[0] * count[1]}], got shape [${x.shape.join(', ')}]`,
    );
  }
  const windows = x.reshape([x.size(0), channels, ...kernel, ...count]);
  const image = zeros([x.size(0), channels, size[0] + 2 * padding[0], size[1] + 2 * padding[1]], { dtype: x.dtype });
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const [top, left] = [i * dilation[0], j * dilation[1]];
      const place = image
        .slice(2, top, top + stride[0] * (count[0] - 1) + 1, stride[0])
        .slice(3, left, left + stride[1] * (count[1] - 1) + 1, stride[1]);
      place.add_(windows.select(2, i).select(2, j));
    }
  }
  return image.narrow(2, padding[0], size[0]).narrow(3, padding[1], size[1]).contiguous();
}
