// SPDX-License-Identifier: MIT
import { fromOwnBuffer } from '../creation.js';
import { nextTurn, turnIsDue } from '../data/event-loop.js';
import { DataError } from '../errors.js';
import { rand, type Tensor } from '../index.js';
import { Generator } from '../random.js';
import { glyphs, type Stroke } from './glyphs.js';
import { ImageDataset, type ImageTransforms } from './image-dataset.js';

/** Which digits are drawn, and what is done to the samples. */
export interface SyntheticDigitsOptions<X = Tensor, Y = number> extends ImageTransforms<X, Y> {
  /** Training images (default) or test images; the two have no image in common. */
  train?: boolean;
  /** Number of images. Default: MNIST's, 60,000 for training and 10,000 for tests. */
  length?: number;
  /** Another seed gives other images. Default: 0. */
  seed?: number;
  /** Stops the drawing. */
  signal?: AbortSignal;
}

const side = 28;
const pixels = side * side;
/** Random numbers that one image takes. */
const numbersPerImage = 14;
const imagesPerDraw = 1024;
/** Noise is cut from one long strip at a random place, which costs less than fresh noise and repeats as rarely. */
const noiseLength = 1 << 17;

/** A way to write one digit: where a point of the glyph's box lands on the canvas. */
type Placement = (x: number, y: number) => [x: number, y: number];

/** Rotation, slant, size and place, then a slow wave along each axis that bends straight lines a little. */
function placement(u: Float32Array): Placement {
  const between = (i: number, low: number, high: number) => low + (high - low) * (u[i] as number);
  const angle = between(0, -0.22, 0.22);
  const [slant, width, height] = [between(1, -0.15, 0.35), between(2, 14, 21), between(3, 17, 22)];
  const [left, top] = [side / 2 + between(4, -2, 2), side / 2 + between(5, -2, 2)];
  const [bendX, phaseX, bendY, phaseY] = [
    between(6, 0, 0.05),
    between(7, 0, 6.28),
    between(8, 0, 0.05),
    between(9, 0, 6.28),
  ];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return (x, y) => {
    const bentX = x - 0.5 + bendX * Math.sin(5 * y + phaseX) - slant * (y - 0.5);
    const bentY = y - 0.5 + bendY * Math.sin(5 * x + phaseY);
    return [left + cos * bentX * width - sin * bentY * height, top + sin * bentX * width + cos * bentY * height];
  };
}

/** Draws a line with round ends: full within `radius` of it, fading over one pixel. Values only ever grow. */
function drawLine(canvas: Float32Array, ax: number, ay: number, bx: number, by: number, radius: number): void {
  const reach = radius + 1;
  const [dx, dy] = [bx - ax, by - ay];
  const lengthSquared = dx * dx + dy * dy + 1e-9;
  const [left, right] = [
    Math.max(0, Math.floor(Math.min(ax, bx) - reach)),
    Math.min(side - 1, Math.max(ax, bx) + reach),
  ];
  const [top, bottom] = [
    Math.max(0, Math.floor(Math.min(ay, by) - reach)),
    Math.min(side - 1, Math.max(ay, by) + reach),
  ];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / lengthSquared));
      const distance = Math.sqrt((x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2);
      const value = Math.min(1, radius + 0.5 - distance);
      const at = y * side + x;
      if (value > (canvas[at] as number)) canvas[at] = value;
    }
  }
}

function drawStroke(canvas: Float32Array, stroke: Stroke, place: Placement, radius: number): void {
  let [ax, ay] = place(stroke[0] as number, stroke[1] as number);
  for (let i = 2; i < stroke.length; i += 2) {
    const [bx, by] = place(stroke[i] as number, stroke[i + 1] as number);
    drawLine(canvas, ax, ay, bx, by, radius);
    [ax, ay] = [bx, by];
  }
}

/** Draws one image into `image` by the random numbers `u`, and returns its label. */
function drawDigit(image: Uint8Array, canvas: Float32Array, u: Float32Array, noise: Float32Array): number {
  const pick = (i: number, n: number) => Math.floor((u[i] as number) * n);
  const label = pick(10, glyphs.length);
  const ways = glyphs[label] as (typeof glyphs)[number];
  const place = placement(u);
  canvas.fill(0);
  for (const stroke of ways[pick(11, ways.length)] ?? [])
    drawStroke(canvas, stroke, place, 0.7 + 0.9 * (u[12] as number));
  const start = pick(13, noiseLength - pixels);
  for (let i = 0; i < pixels; i++) {
    image[i] = Math.min(255, Math.max(0, 255 * (canvas[i] as number) + (noise[start + i] as number)));
  }
  return label;
}

/** Most pixels get none, the others up to ±24 of 255. */
function makeNoise(generator: Generator): Float32Array {
  const uniform = rand([noiseLength], { generator }).toTypedArray() as Float32Array;
  return uniform.map((u) => (u < 0.7 ? 0 : 160 * (u - 0.85)));
}

function expectInteger(value: number, name: string, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new DataError(`SyntheticDigits: ${name}: ${String(value)}, expected an integer >= ${least}`);
  }
}

/**
 * Digits drawn by a program: strokes with random slant, size, place, bends, line width and noise, in MNIST's shapes. For
 * tests and demonstrations without a download; the same seed gives the same images.
 *
 * @returns a dataset of samples `[image, label]`
 * @throws DataError when `length` or `seed` is no integer >= 0
 */
export async function SyntheticDigits<X = Tensor, Y = number>(
  options: SyntheticDigitsOptions<X, Y> = {},
): Promise<ImageDataset<X, Y>> {
  const { train = true, seed = 0, signal } = options;
  const { length = train ? 60_000 : 10_000 } = options;
  expectInteger(length, 'length', 0);
  expectInteger(seed, 'seed', 0);
  const generator = new Generator(2 * seed + (train ? 0 : 1));
  const noise = makeNoise(generator);
  const [images, labels, canvas] = [new Uint8Array(length * pixels), new Uint8Array(length), new Float32Array(pixels)];
  for (let i = 0, numbers: Float32Array = new Float32Array(); i < length; i++) {
    const at = (i % imagesPerDraw) * numbersPerImage;
    if (at === 0) numbers = rand([imagesPerDraw, numbersPerImage], { generator }).toTypedArray() as Float32Array;
    const image = images.subarray(i * pixels, (i + 1) * pixels);
    labels[i] = drawDigit(image, canvas, numbers.subarray(at, at + numbersPerImage), noise);
    if (i % 64 !== 63 || !turnIsDue()) continue;
    await nextTurn();
    signal?.throwIfAborted();
  }
  const names = glyphs.map((_, digit) => String(digit));
  const imageTensor = fromOwnBuffer(images, [length, side, side], 'uint8');
  return new ImageDataset(imageTensor, fromOwnBuffer(labels, [length], 'uint8'), names, options);
}
