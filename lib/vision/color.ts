// SPDX-License-Identifier: MIT
import { type DType, isDType, itemSize } from '../dtype.js';
import { DataError, DTypeError } from '../errors.js';
import { stack, type Tensor, where } from '../index.js';
import { expectChannels, expectImage, expectNumber } from './image-ops.js';

// Colours of images [..., C, H, W], with torchvision's results (transforms.v2.functional). Float images lie in [0, 1].

const bitsOf = (dtype: DType) => 8 * itemSize(dtype) - (dtype === 'uint8' ? 0 : 1);
/** The value of white. */
function whiteOf(image: Tensor): number {
  return image.isFloatingPoint() ? 1 : 2 ** bitsOf(image.dtype) - 1;
}

/**
 * The image in another dtype, white staying white: floats from 0 to 1, integers from 0 to their largest value.
 *
 * @throws DTypeError from or to bool, and from float32 to int32 or int64 and float64 to int64, which could not hold white
 */
export function convertDtype(image: Tensor, dtype: DType = 'float32'): Tensor {
  expectImage(image, 'convertDtype');
  if (!isDType(dtype)) throw new DataError(`convertDtype: dtype: ${String(dtype)}, expected a dtype`);
  if (dtype === 'bool' || image.dtype === 'bool') throw new DTypeError('convertDtype: bool has no levels');
  const toFloat = /float/.test(dtype);
  if (image.dtype === dtype || (image.isFloatingPoint() && toFloat)) return image.to(dtype);
  if (toFloat) return image.to(dtype).div(whiteOf(image));
  if (image.isFloatingPoint()) {
    if (dtype === 'int64' || (dtype === 'int32' && image.dtype !== 'float64')) {
      throw new DTypeError(`convertDtype: image: ${image.dtype} cannot be made ${dtype}, which has more digits`);
    }
    // A little less than one more step: every level gets the same share of [0, 1].
    return image.mul(2 ** bitsOf(dtype) - 1e-3).to(dtype);
  }
  const more = bitsOf(dtype) - bitsOf(image.dtype);
  return more < 0 ? image.bitwiseRightShift(-more).to(dtype) : image.to(dtype).bitwiseLeftShift(more);
}

/** The brightness of a colour image as floats, not rounded, with one channel (ITU-R 601-2). */
function brightnessOf(image: Tensor): Tensor {
  const [r, g, b] = [0, 1, 2].map((channel) => image.narrow(-3, channel, 1)) as [Tensor, Tensor, Tensor];
  return r.mul(0.2989).add(g, { alpha: 0.587 }).add(b, { alpha: 0.114 });
}

/** Without colours: one channel, or three equal ones. */
export function grayscale(image: Tensor, channels: 1 | 3 = 1): Tensor {
  const isGrey = expectChannels(image, 'grayscale') === 1;
  if (channels !== 1 && channels !== 3)
    throw new DataError(`grayscale: channels: ${String(channels)}, expected 1 or 3`);
  const grey = isGrey ? image : brightnessOf(image).to(image.dtype);
  return channels === 1 ? grey : grey.expand([...image.shape.slice(0, -3), 3, ...image.shape.slice(-2)]).contiguous();
}

const wholeIf = (image: Tensor, values: Tensor) => (image.isFloatingPoint() ? values : values.floor());
/** A whole number as a factor would keep integer images integer. */
const asFloat = (image: Tensor) => (image.isFloatingPoint() ? image : image.to('float32'));

/** `factor` of the image and the rest of another one, within black and white. */
function blend(image: Tensor, other: Tensor, factor: number): Tensor {
  const mixed = asFloat(image)
    .mul(factor)
    .add(other, { alpha: 1 - factor });
  return mixed.clamp(0, whiteOf(image)).to(image.dtype);
}

/** The image `factor` times as bright: 0 is black, 1 the image itself. */
export function adjustBrightness(image: Tensor, factor: number): Tensor {
  expectChannels(image, 'adjustBrightness');
  expectNumber(factor, 'adjustBrightness: factor', 0, Number.MAX_VALUE);
  return asFloat(image).mul(factor).clamp(0, whiteOf(image)).to(image.dtype);
}

/** The image with `factor` times its contrast: 0 is grey all over, 1 the image itself. */
export function adjustContrast(image: Tensor, factor: number): Tensor {
  const isColour = expectChannels(image, 'adjustContrast') === 3;
  expectNumber(factor, 'adjustContrast: factor', 0, Number.MAX_VALUE);
  const levels = isColour ? wholeIf(image, brightnessOf(image)) : asFloat(image);
  return blend(image, levels.mean({ dim: [-3, -2, -1], keepdim: true }), factor);
}

/** The image with `factor` times its saturation: 0 is grey, 1 the image itself. */
export function adjustSaturation(image: Tensor, factor: number): Tensor {
  const isGrey = expectChannels(image, 'adjustSaturation') === 1;
  expectNumber(factor, 'adjustSaturation: factor', 0, Number.MAX_VALUE);
  return isGrey ? image : blend(image, wholeIf(image, brightnessOf(image)), factor);
}

/** Hue, saturation and value of a float image, each from 0 to 1 (Smith 1978). */
function toHsv(image: Tensor): [h: Tensor, s: Tensor, v: Tensor] {
  const [r, g, b] = [0, 1, 2].map((channel) => image.select(-3, channel)) as [Tensor, Tensor, Tensor];
  const [low, high] = [image.amin({ dim: -3 }), image.amax({ dim: -3 })];
  const range = high.sub(low);
  const isGrey = high.eq(low);
  const divisor = where(isGrey, 1, range);
  const [rc, gc, bc] = [r, g, b].map((channel) => high.sub(channel).div(divisor)) as [Tensor, Tensor, Tensor];
  const sector = where(high.eq(r), bc.sub(gc), where(high.eq(g), rc.add(2).sub(bc), gc.add(4).sub(rc)));
  return [sector.div(6).add(1).fmod(1), range.div(where(isGrey, 1, high)), high];
}

/** For each of the six sectors of hue, which of v, p, q, t is red, green and blue. */
const sectors = [
  [0, 2, 1, 1, 3, 0],
  [3, 0, 0, 2, 1, 1],
  [1, 1, 3, 0, 0, 2],
] as const;

function fromHsv(h: Tensor, s: Tensor, v: Tensor): Tensor {
  const six = h.mul(6);
  const whole = six.floor();
  const part = six.sub(whole);
  const level = (x: Tensor) => x.mul(v).clamp(0, 1);
  const grey = s.neg().add(1);
  const levels = [v, level(grey), level(s.mul(part).neg().add(1)), level(s.mul(part).add(grey))];
  const sector = whole.remainder(6);
  const channel = (picks: readonly number[]) =>
    picks.reduce((value, pick, i) => where(sector.eq(i), levels[pick] as Tensor, value), levels[0] as Tensor);
  return stack(sectors.map(channel), -3);
}

/** The image with its hues turned: 0.5 and -0.5 give the complementary colours, 0 the image itself. */
export function adjustHue(image: Tensor, factor: number): Tensor {
  const isGrey = expectChannels(image, 'adjustHue') === 1;
  expectNumber(factor, 'adjustHue: factor', -0.5, 0.5);
  if (isGrey || image.numel() === 0) return image;
  const [h, s, v] = toHsv(convertDtype(image, 'float32'));
  return convertDtype(fromHsv(h.add(factor).remainder(1), s, v), image.dtype);
}
