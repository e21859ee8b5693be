// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';

// What convolutions and pools share: one value for all of an image's dimensions or one for each.

/** One number for all dimensions, or one for each. */
export type Spatial = number | readonly number[];

/** @internal One value a dimension. */
export function spatial(op: string, name: string, value: Spatial, dims: number, least: number): number[] {
  const list = Array.isArray(value) ? (value as readonly number[]) : [value as number];
  const all = list.length === 1 ? (Array(dims).fill(list[0]) as number[]) : [...list];
  if (all.length !== dims || !all.every((n) => Number.isSafeInteger(n) && n >= least)) {
    const many = dims === 1 ? 'an integer' : `one or ${dims} integers`;
    throw new ArgumentRangeError(`${op}: ${name}: expected ${many} of at least ${least}, got ${shown(value)}`);
  }
  return all;
}

const shown = (value: unknown) => (Array.isArray(value) ? `[${value.map(String)}]` : String(value));

/** @internal Runs `body` on a batch: an image alone is a batch of one. */
export function batched<R extends Tensor | Tensor[]>(op: string, x: Tensor, dims: number, body: (x: Tensor) => R): R {
  if (x.ndim === dims + 2) return body(x);
  if (x.ndim !== dims + 1) {
    throw new ShapeError(
      `${op}: expected an input of ${dims + 1} or ${dims + 2} dimensions, got shape [${x.shape.join(', ')}]`,
    );
  }
  const y = body(x.unsqueeze(0));
  return (Array.isArray(y) ? y.map((part) => part.squeeze(0)) : y.squeeze(0)) as R;
}
