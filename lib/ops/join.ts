// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import { normalizeDim } from './define.js';
import { expand, permute, reshape, slice } from './view.js';

// Tensors put side by side, brought to one shape, or taken apart at given places.

const rawCat = raw('cat', 'tensors: Tensor[], dim: int -> Tensor');
const rawStack = raw('stack', 'tensors: Tensor[], dim: int -> Tensor');

function handles(op: string, tensors: readonly Tensor[]) {
  if (!Array.isArray(tensors)) throw new ArgumentTypeError(`${op}: tensors: expected an array of tensors`);
  return tensors.map((x, i) => handleOf(x, `${op}: tensors[${i}]`));
}

/**
 * Tensors joined along a dimension they have; the other sizes must agree, dtypes are promoted. Empty vectors are
 * left out.
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  return fromHandle(rawCat(handles('cat', tensors), dim));
}
/** Tensors of one shape along a new dimension. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  return fromHandle(rawStack(handles('stack', tensors), dim));
}
/** `cat` along the second dimension; along the first for vectors and scalars. */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const parts = tensors.map((x) => (x.ndim === 0 ? reshape(x, [1]) : x));
  return cat(parts, (parts[0]?.ndim ?? 0) > 1 ? 1 : 0);
}
/** `cat` along the first dimension, vectors taken as rows. */
export function vstack(tensors: readonly Tensor[]): Tensor {
  return cat(tensors.map((x) => (x.ndim < 2 ? reshape(x, [1, x.numel()]) : x)));
}

/** @internal The shape that shapes broadcast to. */
export function broadcastShapes(op: string, ...shapes: readonly (readonly number[])[]): number[] {
  const ndim = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: ndim }, (_, i) => {
    const sizes = shapes.map((shape) => shape[shape.length - ndim + i] ?? 1);
    const size = sizes.find((s) => s !== 1) ?? 1;
    if (sizes.some((s) => s !== 1 && s !== size)) {
      throw new ShapeError(
        `${op}: shapes ${shapes.map((s) => `[${s.join(', ')}]`).join(', ')} cannot be broadcast together`,
      );
    }
    return size;
  });
}
/** Views of the tensors under the shape they all broadcast to. */
export function broadcastTensors(...tensors: readonly Tensor[]): Tensor[] {
  const shape = broadcastShapes('broadcastTensors', ...tensors.map((x) => x.shape));
  return tensors.map((x) => expand(x, shape));
}

/**
 * A grid of coordinates from vectors: result i varies along dimension i alone.
 * @param options indexing: `'xy'` exchanges the first two dimensions, as plotting libraries expect. Default `'ij'`.
 */
export function meshgrid(tensors: readonly Tensor[], { indexing = 'ij' }: { indexing?: 'ij' | 'xy' } = {}): Tensor[] {
  if (indexing !== 'ij' && indexing !== 'xy') {
    throw new ArgumentRangeError(`meshgrid: indexing: expected 'ij' or 'xy', got ${String(indexing)}`);
  }
  const wrong = tensors.find((x) => x.ndim > 1);
  if (wrong) throw new ShapeError(`meshgrid: expected vectors or scalars, got shape [${wrong.shape.join(', ')}]`);
  const shape = tensors.map((x) => x.numel());
  const grids = tensors.map((x, i) =>
    expand(
      reshape(
        x,
        shape.map((size, d) => (d === i ? size : 1)),
      ),
      shape,
    ),
  );
  if (indexing === 'ij' || tensors.length < 2) return grids;
  // The values of the first vector run along the second dimension.
  const [rows, cols] = [shape[1] as number, shape[0] as number];
  const order = shape.map((_, d) => (d === 0 ? 1 : d === 1 ? 0 : d));
  return grids.map((grid) => expand(permute(grid, order), [rows, cols, ...shape.slice(2)]));
}

/** `x` cut at the given indices along `dim`, or into a number of parts whose sizes differ by at most one. */
export function tensorSplit(x: Tensor, indicesOrSections: number | readonly number[] | Tensor, dim = 0): Tensor[] {
  const at = normalizeDim('tensorSplit', dim, x.ndim);
  const size = x.size(at);
  const given =
    typeof indicesOrSections === 'object' && 'tolist' in indicesOrSections
      ? (indicesOrSections.tolist() as number | number[])
      : (indicesOrSections as number | readonly number[]);
  const cuts = typeof given === 'number' ? evenCuts(size, given) : given;
  return [...cuts, undefined].map((stop, i) => slice(x, at, i === 0 ? undefined : cuts[i - 1], stop));
}
function evenCuts(size: number, sections: number): number[] {
  if (!(Number.isInteger(sections) && sections > 0 && sections <= 2 ** 20)) {
    throw new ArgumentRangeError(`tensorSplit: expected a number of sections from 1 to 2^20, got ${sections}`);
  }
  const least = Math.floor(size / sections);
  const larger = size % sections;
  return Array.from({ length: sections - 1 }, (_, i) => (i + 1) * least + Math.min(i + 1, larger));
}
