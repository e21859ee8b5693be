// SPDX-License-Identifier: MIT
import { DataError, ShapeError } from '../errors.js';
import { cat, flip, fromBuffer, indexSelect, ones, pad as padTensor, rot90, type Tensor, tensor } from '../index.js';
import { expectImage, expectNumber, expectOneOf, expectSize, roundHalfEven, type Size } from './image-ops.js';

// Geometry of images [..., H, W], with torchvision's results (transforms.v2.functional).

/** One border for all sides; left and right, top and bottom; or left, top, right, bottom. */
export type Padding = number | readonly [number, number] | readonly [number, number, number, number];

/** How {@link pad} fills a border: with a value, the edge, the image mirrored without its edge, or with it. */
export type PaddingMode = (typeof paddingModes)[number];

/** @internal */
export const paddingModes = ['constant', 'edge', 'reflect', 'symmetric'] as const;

/** Options of {@link pad}. */
export interface PadOptions {
  /** The value of a constant border. Default: 0. */
  fill?: number;
  /** Default: `'constant'`. */
  mode?: PaddingMode;
}

/** How pixels between pixels are had. */
export type Interpolation = 'nearest' | 'bilinear';

/** @internal */
export function expectPadding(
  padding: Padding,
  where: string,
): [left: number, top: number, right: number, bottom: number] {
  const list: readonly number[] = typeof padding === 'number' ? [padding] : padding;
  const fits = Array.isArray(list) && [1, 2, 4].includes(list.length);
  if (!fits || !list.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 24)) {
    throw new DataError(`${where}: padding: expected 1, 2 or 4 whole numbers of at least 0, got ${String(padding)}`);
  }
  const [left, top = left, right = left, bottom = top] = list as [number, number?, number?, number?];
  return [left, top, right, bottom];
}

/** Rows or columns of a mirrored image that repeats its edge. */
function symmetric(image: Tensor, dim: number, before: number, after: number): Tensor {
  const size = image.size(dim);
  if (Math.max(before, after) > size) {
    throw new ShapeError(`pad: mode 'symmetric' cannot add ${before} and ${after} to a side of ${size}`);
  }
  const positions = Array.from({ length: before + size + after }, (_, i) => {
    const at = i - before;
    return at < 0 ? -at - 1 : at >= size ? 2 * size - 1 - at : at;
  });
  return indexSelect(image, dim, tensor(positions, { dtype: 'int64' }));
}

/**
 * A border around the image.
 *
 * @throws ShapeError where the image is too small to be mirrored
 */
export function pad(image: Tensor, padding: Padding, { fill = 0, mode = 'constant' }: PadOptions = {}): Tensor {
  expectImage(image, 'pad');
  expectNumber(fill, 'pad: fill');
  expectOneOf(mode, paddingModes, 'pad: mode');
  const [left, top, right, bottom] = expectPadding(padding, 'pad');
  if (mode === 'symmetric') return symmetric(symmetric(image, -1, left, right), -2, top, bottom);
  const value = image.isFloatingPoint() ? fill : Math.trunc(fill);
  return padTensor(image, [left, right, top, bottom], { mode: mode === 'edge' ? 'replicate' : mode, value });
}

/** A part of the image, as a view. */
export function crop(image: Tensor, top: number, left: number, height: number, width: number): Tensor {
  expectImage(image, 'crop');
  return image.narrow(-2, top, height).narrow(-1, left, width);
}

/** The middle of the image; what the image does not have is 0. */
export function centerCrop(image: Tensor, size: Size): Tensor {
  expectImage(image, 'centerCrop');
  const [height, width] = expectSize(size, 'centerCrop');
  const [moreHeight, moreWidth] = [Math.max(height - image.size(-2), 0), Math.max(width - image.size(-1), 0)];
  const border = [moreWidth >> 1, moreHeight >> 1, (moreWidth + 1) >> 1, (moreHeight + 1) >> 1] as const;
  const whole = moreHeight + moreWidth > 0 ? pad(image, border) : image;
  const top = roundHalfEven((whole.size(-2) - height) / 2);
  return crop(whole, top, roundHalfEven((whole.size(-1) - width) / 2), height, width);
}

/** Left and right exchanged. */
export function horizontalFlip(image: Tensor): Tensor {
  expectImage(image, 'horizontalFlip');
  return flip(image, -1);
}
/** Top and bottom exchanged. */
export function verticalFlip(image: Tensor): Tensor {
  expectImage(image, 'verticalFlip');
  return flip(image, -2);
}

/** Weights of a triangle as wide as the step between output pixels: row i holds what output i takes of each input. */
function triangleWeights(from: number, to: number): Tensor {
  const weights = new Float32Array(to * from);
  const step = from / to;
  const reach = Math.max(step, 1);
  for (let i = 0; i < to; i++) {
    const center = step * (i + 0.5);
    const [begin, end] = [
      Math.max(Math.trunc(center - reach + 0.5), 0),
      Math.min(Math.trunc(center + reach + 0.5), from),
    ];
    const row = weights.subarray(i * from, (i + 1) * from);
    let sum = 0;
    for (let j = begin; j < end; j++) {
      row[j] = Math.max(0, 1 - Math.abs((j - center + 0.5) / reach));
      sum += row[j] as number;
    }
    for (let j = begin; j < end; j++) row[j] = (row[j] as number) / sum;
  }
  return fromBuffer(weights, { shape: [to, from] });
}

/** The weights of the sizes seen last: all images of a data set share them. */
const weightsCache = new Map<string, Tensor>();
function cachedWeights(from: number, to: number): Tensor {
  const key = `${from} ${to}`;
  const found = weightsCache.get(key);
  if (found) return found;
  if (weightsCache.size >= 16) weightsCache.clear();
  const weights = triangleWeights(from, to);
  weightsCache.set(key, weights);
  return weights;
}

function resizeNearest(image: Tensor, height: number, width: number): Tensor {
  const along = (x: Tensor, dim: number, to: number) => {
    const step = x.size(dim) / to;
    const positions = Array.from({ length: to }, (_, i) => Math.min(Math.floor(i * step), x.size(dim) - 1));
    return indexSelect(x, dim, tensor(positions, { dtype: 'int64' }));
  };
  return along(along(image, -2, height), -1, width);
}

/** Back to the image's dtype; whole numbers are rounded. */
const restore = (values: Tensor, image: Tensor) =>
  image.isFloatingPoint() ? values.to(image.dtype) : values.round().to(image.dtype);

/**
 * The image in another size. `'bilinear'` averages over all that an output pixel covers, as torchvision does with
 * `antialias=True`; uint8 images may differ by 1 from torchvision, which computes those in fixed point.
 *
 * @param size - height and width, or the length of the shorter side, the other in proportion
 */
export function resize(
  image: Tensor,
  size: Size,
  { interpolation = 'bilinear' }: { interpolation?: Interpolation } = {},
): Tensor {
  expectImage(image, 'resize');
  expectOneOf(interpolation, ['nearest', 'bilinear'], 'resize: interpolation');
  const [from, across] = [image.size(-2), image.size(-1)];
  const both = expectSize(size, 'resize');
  const isShort = typeof size === 'number';
  const height = isShort && from > across ? Math.trunc((size * from) / across) : both[0];
  const width = isShort && from < across ? Math.trunc((size * across) / from) : both[1];
  if (image.numel() === 0) throw new ShapeError(`resize: image: shape [${image.shape}] has no pixels`);
  if (height === from && width === across) return image;
  if (interpolation === 'nearest') return resizeNearest(image, height, width);
  const values = image.dtype === 'float64' ? image : image.to('float32');
  const weights = (a: number, b: number) => cachedWeights(a, b).to(values.dtype);
  const rows = width === across ? values : values.matmul(weights(across, width).t());
  return restore(height === from ? rows : weights(from, height).matmul(rows), image);
}

/** Options of {@link rotate}. */
export interface RotateOptions {
  /** Default: `'nearest'`. */
  interpolation?: Interpolation;
  /** What lies outside the image. Default: 0. */
  fill?: number;
}

/** For each output pixel the corner before it in an image with a border of 1, and how far it lies behind that corner. */
interface Sampling {
  corner: Int32Array;
  right: Float32Array;
  down: Float32Array;
}

function sampleRotated(height: number, width: number, angle: number, isNearest: boolean): Sampling {
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const count = height * width;
  const [corner, right, down] = [new Int32Array(count), new Float32Array(count), new Float32Array(count)];
  for (let row = 0, at = 0; row < height; row++) {
    const dy = row - middleY;
    for (let column = 0; column < width; column++, at++) {
      const dx = column - middleX;
      // Rounded as in float32, in which torchvision computes: what falls between two pixels goes to the even one.
      const x = Math.fround(cos * dx - sin * dy + middleX);
      const y = Math.fround(sin * dx + cos * dy + middleY);
      const left = isNearest ? roundHalfEven(x) : Math.floor(x);
      const top = isNearest ? roundHalfEven(y) : Math.floor(y);
      if (left < -1 || top < -1 || left >= width || top >= height) continue; // corner 0, which is border
      corner[at] = (top + 1) * (width + 2) + left + 1;
      right[at] = x - left;
      down[at] = y - top;
    }
  }
  return { corner, right, down };
}

/** Pixels `[C, (H + 2) * (W + 2)]` with a border, read where `sampling` says. */
function read(pixels: Tensor, stride: number, { corner, right, down }: Sampling, isNearest: boolean): Tensor {
  const first = fromBuffer(corner).to('int64');
  if (isNearest) return pixels.indexSelect(1, first);
  const [rights, downs] = [fromBuffer(right).to(pixels.dtype), fromBuffer(down).to(pixels.dtype)];
  const upper = pixels.indexSelect(1, first).lerp(pixels.indexSelect(1, first.add(1)), rights);
  const below = first.add(stride);
  return upper.lerp(pixels.indexSelect(1, below).lerp(pixels.indexSelect(1, below.add(1)), rights), downs);
}

/**
 * The image turned about its middle.
 *
 * @param angle - in degrees, counter-clockwise; multiples of 90 are exact where the image is square
 */
export function rotate(
  image: Tensor,
  angle: number,
  { interpolation = 'nearest', fill = 0 }: RotateOptions = {},
): Tensor {
  expectImage(image, 'rotate');
  expectNumber(angle, 'rotate: angle');
  expectNumber(fill, 'rotate: fill');
  expectOneOf(interpolation, ['nearest', 'bilinear'], 'rotate: interpolation');
  const turn = ((angle % 360) + 360) % 360;
  const [height, width] = [image.size(-2), image.size(-1)];
  if (turn % 180 === 0 || (turn % 90 === 0 && height === width)) return rot90(image, turn / 90, [-2, -1]);
  const isNearest = interpolation === 'nearest';
  const values = (image.dtype === 'float64' ? image : image.to('float32')).reshape([-1, height, width]);
  // One channel more, of ones, tells how much of an output pixel is covered by the image.
  const framed = padTensor(cat([values, ones([1, height, width], { dtype: values.dtype })]), [1, 1, 1, 1]);
  const sampling = sampleRotated(height, width, turn, isNearest);
  const turned = read(framed.reshape([framed.size(0), -1]), width + 2, sampling, isNearest);
  const covered = turned.narrow(0, -1, 1);
  const filled = turned
    .narrow(0, 0, framed.size(0) - 1)
    .sub(fill)
    .mul(covered)
    .add(fill);
  return restore(filled, image).reshape(image.shape);
}

/**
 * A rectangle of the image replaced.
 *
 * @param value - a number for all of it, or a tensor that broadcasts to `[..., height, width]`
 */
export function erase(
  image: Tensor,
  top: number,
  left: number,
  height: number,
  width: number,
  value: number | Tensor,
): Tensor {
  expectImage(image, 'erase');
  const result = image.clone();
  const region = crop(result, top, left, height, width);
  if (typeof value === 'number') region.fill_(value);
  else region.copy_(value);
  return result;
}
