// SPDX-License-Identifier: MIT
import { ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';

function divided(op: string, x: Tensor, dim: number, by: number): number {
  const size = x.size(dim);
  if (size % by !== 0)
    throw new ShapeError(
      `${op}: ${by} does not divide size ${size} of dimension ${dim} of shape [${x.shape.join(', ')}]`,
    );
  return size / by;
}

/** [*, C · r², H, W] as [*, C, H · r, W · r] (Shi et al. 2016). */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const r = upscaleFactor;
  const channels = divided('pixelShuffle', x, -3, r * r);
  const [height, width] = [x.size(-2), x.size(-1)];
  const outer = x.shape.slice(0, -3);
  const n = outer.length;
  const blocks = x.reshape([...outer, channels, r, r, height, width]);
  const order = [...outer.keys(), n, n + 3, n + 1, n + 4, n + 2];
  return blocks.permute(order).reshape([...outer, channels, height * r, width * r]);
}
/** The inverse of `pixelShuffle`. */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const r = downscaleFactor;
  const [height, width] = [divided('pixelUnshuffle', x, -2, r), divided('pixelUnshuffle', x, -1, r)];
  const outer = x.shape.slice(0, -3);
  const n = outer.length;
  const blocks = x.reshape([...outer, x.size(-3), height, r, width, r]);
  const order = [...outer.keys(), n, n + 2, n + 4, n + 1, n + 3];
  return blocks.permute(order).reshape([...outer, x.size(-3) * r * r, height, width]);
}
/** Channels of [N, C, …] dealt out over groups: channel i of group g becomes channel g of block i (Zhang et al. 2018). */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  const each = divided('channelShuffle', x, 1, groups);
  const rest = x.shape.slice(2);
  return x
    .reshape([x.size(0), groups, each, ...rest])
    .transpose(1, 2)
    .reshape(x.shape);
}
