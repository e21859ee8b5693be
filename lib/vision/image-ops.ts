// SPDX-License-Identifier: MIT
import { DataError, ShapeError } from '../errors.js';
import { Tensor } from '../index.js';

// What the transforms share: checks of their arguments.

/** Height and width, or one number for both. */
export type Size = number | readonly [height: number, width: number];

export function expectImage(value: unknown, where: string): asserts value is Tensor {
  if (!(value instanceof Tensor)) throw new DataError(`${where}: image: expected a Tensor, got ${typeof value}`);
  if (value.ndim < 2) throw new ShapeError(`${where}: image: shape [${value.shape}], expected [..., H, W]`);
}

/** Channels, which stand before height and width. */
export function expectChannels(image: unknown, where: string): 1 | 3 {
  expectImage(image, where);
  const channels = image.ndim < 3 ? undefined : image.size(-3);
  if (channels === 1 || channels === 3) return channels;
  throw new ShapeError(`${where}: image: shape [${image.shape}], expected [..., C, H, W] with 1 or 3 channels`);
}

export function expectNumber(value: unknown, where: string, low = Number.NEGATIVE_INFINITY, high = Infinity): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high) return value;
  const range = low === Number.NEGATIVE_INFINITY ? '' : ` from ${low} to ${high}`;
  throw new DataError(`${where}: ${show(value)}, expected a number${range}`);
}

export function expectPair(value: unknown, where: string, low?: number, high?: number): [number, number] {
  if (!Array.isArray(value) || value.length !== 2)
    throw new DataError(`${where}: ${show(value)}, expected two numbers`);
  const [a, b] = [expectNumber(value[0], where, low, high), expectNumber(value[1], where, low, high)];
  if (a > b) throw new DataError(`${where}: [${value}], expected the smaller number first`);
  return [a, b];
}

export function expectSize(size: unknown, where: string): [height: number, width: number] {
  const list = Array.isArray(size) ? size : [size, size];
  if (list.length === 2 && list.every((n) => Number.isInteger(n) && n > 0 && n < 2 ** 24)) {
    return list as [number, number];
  }
  throw new DataError(`${where}: size: ${show(size)}, expected a whole number above 0, or [height, width]`);
}

export function expectOneOf(value: string, allowed: readonly string[], where: string): void {
  if (allowed.includes(value)) return;
  throw new DataError(`${where}: ${show(value)}, expected ${allowed.map((name) => `'${name}'`).join(', ')}`);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'string' ? `'${value}'` : typeof value === 'number' ? String(value) : typeof value;
}

/** Python's `round`, which takes halves to the even side: centres and sizes then lie where torchvision puts them. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
