// SPDX-License-Identifier: MIT
import { DataError, ShapeError } from '../errors.js';
import { rand, randn, randperm, type Tensor, tensor } from '../index.js';
import type { Generator } from '../random.js';
import { compose, type Transform } from './basic-transforms.js';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './color.js';
import {
  crop,
  erase,
  expectPadding,
  horizontalFlip,
  type Padding,
  type PaddingMode,
  type PadOptions,
  pad,
  paddingModes,
  type RotateOptions,
  rotate,
  verticalFlip,
} from './geometry.js';
import {
  expectImage,
  expectNumber,
  expectOneOf,
  expectPair,
  expectSize,
  roundHalfEven,
  type Size,
} from './image-ops.js';
import { describeTransform } from './recognised.js';

// Transforms of images [..., H, W] that draw random numbers, distributed as torchvision's.

/** `n` numbers in [0, 1). */
function draw(n: number, generator: Generator | undefined): Float64Array {
  return rand([n], { dtype: 'float64', generator }).toTypedArray() as Float64Array;
}
const between = ([low, high]: readonly [number, number], u: number) => low + u * (high - low);
const upTo = (n: number, u: number) => Math.floor(u * (n + 1));

/** Options of {@link randomCrop}. */
export interface RandomCropOptions {
  /** A border that is put around the image first. */
  padding?: Padding;
  /** Make an image that is too small large enough by a border on both sides. Default: false. */
  padIfNeeded?: boolean;
  /** The value of a constant border. Default: 0. */
  fill?: number;
  /** Default: `'constant'`. */
  paddingMode?: PaddingMode;
}

/**
 * A transform that cuts out a rectangle at a random place.
 *
 * @throws DataError for wrong options; while it runs, ShapeError for an image that is too small
 */
export function randomCrop(size: Size, options: RandomCropOptions = {}): Transform {
  const [height, width] = expectSize(size, 'randomCrop');
  const { padding = 0, padIfNeeded = false, fill = 0, paddingMode = 'constant' } = options;
  const border: PadOptions = { fill, mode: paddingMode };
  const sides = expectPadding(padding, 'randomCrop');
  expectOneOf(paddingMode, paddingModes, 'randomCrop: paddingMode');
  expectNumber(fill, 'randomCrop: fill');
  const transform: Transform = (image, generator) => {
    expectImage(image, 'randomCrop');
    let whole = padding === 0 ? image : pad(image, padding, border);
    const lacking = [Math.max(width - whole.size(-1), 0), Math.max(height - whole.size(-2), 0)] as const;
    if (lacking[0] + lacking[1] > 0) {
      if (!padIfNeeded) {
        throw new ShapeError(
          `randomCrop: image: shape [${whole.shape}] with its border, expected ${height} × ${width}`,
        );
      }
      whole = pad(whole, lacking, border);
    }
    const [u = 0, v = 0] = draw(2, generator);
    return crop(whole, upTo(whole.size(-2) - height, u), upTo(whole.size(-1) - width, v), height, width);
  };
  const before = padding === 0 ? undefined : sides;
  const step = { size: [height, width], padding: before, padIfNeeded, border: { fill, mode: paddingMode } } as const;
  return describeTransform(transform, [{ kind: 'crop', ...step }]);
}

function withProbability(p: number, where: string, transform: Transform): Transform {
  expectNumber(p, `${where}: p`, 0, 1);
  return (image, generator) => ((draw(1, generator)[0] as number) < p ? transform(image, generator) : image);
}

/** A transform that exchanges left and right with probability `p`. */
export function randomHorizontalFlip({ p = 0.5 }: { p?: number } = {}): Transform {
  const transform = withProbability(p, 'randomHorizontalFlip', horizontalFlip);
  return describeTransform(transform, [{ kind: 'flip', vertical: false, p }]);
}
/** A transform that exchanges top and bottom with probability `p`. */
export function randomVerticalFlip({ p = 0.5 }: { p?: number } = {}): Transform {
  const transform = withProbability(p, 'randomVerticalFlip', verticalFlip);
  return describeTransform(transform, [{ kind: 'flip', vertical: true, p }]);
}
/** A transform that applies the given ones, all or none, with probability `p`. */
export function randomApply(transforms: readonly Transform[], { p = 0.5 }: { p?: number } = {}): Transform {
  return withProbability(p, 'randomApply', compose(transforms));
}

/** A range: `[low, high]`, or one number for what is meant around the centre. */
export type Range = number | readonly [low: number, high: number];

/**
 * A transform that turns the image by a random angle.
 *
 * @param degrees - from -degrees to degrees, or from low to high; counter-clockwise
 */
export function randomRotation(degrees: Range, options: RotateOptions = {}): Transform {
  const range =
    typeof degrees === 'number' && degrees >= 0
      ? expectPair([-degrees, degrees], 'randomRotation: degrees')
      : expectPair(degrees, 'randomRotation: degrees');
  const { fill = 0, interpolation = 'nearest' } = options;
  expectOneOf(interpolation, ['nearest', 'bilinear'], 'randomRotation: interpolation');
  expectNumber(fill, 'randomRotation: fill');
  return (image, generator) => rotate(image, between(range, draw(1, generator)[0] as number), { fill, interpolation });
}

/** What {@link colorJitter} changes: factors from 1 - x to 1 + x (hues from -x to x), or from low to high. */
export interface ColorJitterOptions {
  brightness?: Range;
  contrast?: Range;
  saturation?: Range;
  /** Within ±0.5. */
  hue?: Range;
}

const adjustments = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
} as const;

/** A transform that changes brightness, contrast, saturation and hue by random factors, in random order. */
export function colorJitter(options: ColorJitterOptions = {}): Transform {
  const steps = Object.entries(adjustments).map(([name, adjust]) => {
    const range = options[name as keyof ColorJitterOptions];
    const [low, high, centre] = name === 'hue' ? [-0.5, 0.5, 0] : [0, Number.MAX_VALUE, 1];
    const around = (x: number) => [Math.max(centre - x, low), centre + expectNumber(x, `colorJitter: ${name}`, 0)];
    const limits = typeof range === 'number' ? around(range) : range;
    return { adjust, limits: limits && expectPair(limits, `colorJitter: ${name}`, low, high) };
  });
  return (image, generator) => {
    const order = randperm(steps.length, { dtype: 'int32', generator }).toTypedArray() as Int32Array;
    const u = draw(steps.length, generator);
    return order.reduce((result, i) => {
      const { adjust, limits } = steps[i] as (typeof steps)[number];
      return limits ? adjust(result, between(limits, u[i] as number)) : result;
    }, image);
  };
}

/** Options of {@link randomErasing}. */
export interface RandomErasingOptions {
  /** Default: 0.5. */
  p?: number;
  /** The part of the image's area. Default: [0.02, 0.33]. */
  scale?: readonly [number, number];
  /** Height over width. Default: [0.3, 3.3]. */
  ratio?: readonly [number, number];
  /** A number, one for each channel, or `'random'` (normal random numbers). Default: 0. */
  value?: number | readonly number[] | 'random';
}

function erasingValue(value: NonNullable<RandomErasingOptions['value']>): Tensor | undefined {
  if (value === 'random') return undefined;
  const values = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(values) || values.length === 0 || !values.every(Number.isFinite)) {
    throw new DataError("randomErasing: value: expected a number, numbers for the channels, or 'random'");
  }
  return tensor(values, { dtype: 'float32' }).reshape([-1, 1, 1]);
}

/** A transform that erases a random rectangle of an image `[C, H, W]` (Zhong et al. 2017). */
export function randomErasing(options: RandomErasingOptions = {}): Transform {
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  const areas = expectPair(scale, 'randomErasing: scale', 0, 1);
  const ratios = expectPair(ratio, 'randomErasing: ratio', Number.MIN_VALUE);
  const filling = erasingValue(value);
  const logs = ratios.map(Math.log) as [number, number];
  const eraseOne: Transform = (image, generator) => {
    expectImage(image, 'randomErasing');
    if (image.ndim < 3) throw new ShapeError(`randomErasing: image: shape [${image.shape}], expected [C, H, W]`);
    const [channels, height, width] = image.shape.slice(-3) as [number, number, number];
    for (let attempt = 0; attempt < 10; attempt++) {
      const [u = 0, v = 0, y = 0, x = 0] = draw(4, generator);
      const [area, aspect] = [height * width * between(areas, u), Math.exp(between(logs, v))];
      const [h, w] = [roundHalfEven(Math.sqrt(area * aspect)), roundHalfEven(Math.sqrt(area / aspect))];
      if (h >= height || w >= width) continue;
      const content = filling ?? randn([channels, h, w], { generator });
      return erase(image, upTo(height - h, y), upTo(width - w, x), h, w, content);
    }
    return image;
  };
  return withProbability(p, 'randomErasing', eraseOne);
}
