// SPDX-License-Identifier: MIT
import { arange, full, tensor } from '../creation.js';
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { ge, le } from '../ops.js';
import type { Tensor } from '../tensor.js';
import { normalizeDim } from './define.js';
import { indexSelect } from './indexing.js';
import { cat } from './join.js';
import { clone, expand, narrow, ravel, reshape, slice, transpose, unsqueeze } from './view.js';
import { where } from './where.js';

// The elements of one tensor repeated, turned, moved or surrounded.

function requireCounts(op: string, counts: readonly number[]): void {
  const bad = counts.find((n) => !(Number.isInteger(n) && n >= 0));
  if (bad !== undefined) throw new ArgumentRangeError(`${op}: expected counts of at least 0, got ${bad}`);
}

/** The whole tensor `repeats[d]` times along each dimension; more entries than dimensions add leading ones. */
export function repeat(x: Tensor, repeats: readonly number[]): Tensor {
  requireCounts('repeat', repeats);
  if (repeats.length < x.ndim) {
    throw new ShapeError(`repeat: got ${repeats.length} counts for shape [${x.shape.join(', ')}]`);
  }
  const shape = [...Array<number>(repeats.length - x.ndim).fill(1), ...x.shape];
  // (2, 3) -> (1, 2, 1, 3) -> (r, 2, s, 3) -> (2r, 3s)
  const spread = expand(
    reshape(
      x,
      shape.flatMap((size) => [1, size]),
    ),
    shape.flatMap((size, d) => [repeats[d] as number, size]),
  );
  const y = reshape(
    spread,
    shape.map((size, d) => size * (repeats[d] as number)),
  );
  return repeats.every((n) => n === 1) ? clone(y) : y;
}
/** `repeat` with missing leading counts taken as 1. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  return repeat(x, [...Array<number>(Math.max(0, x.ndim - repeats.length)).fill(1), ...repeats]);
}
/**
 * Each element (or slice along `dim`) repeated, next to itself; without `dim` those of the flattened tensor.
 * @param repeats one count for all, or a vector with one for each
 */
export function repeatInterleave(
  x: Tensor,
  repeats: number | Tensor,
  { dim, outputSize }: { dim?: number | undefined; outputSize?: number | undefined } = {},
): Tensor {
  const source = dim === undefined ? ravel(x) : x;
  const at = normalizeDim('repeatInterleave', dim ?? 0, source.ndim);
  const size = source.size(at);
  const given = typeof repeats === 'number' ? [repeats] : ([repeats.tolist()].flat() as number[]);
  requireCounts('repeatInterleave', given);
  if (given.length !== 1 && given.length !== size) {
    throw new ShapeError(`repeatInterleave: got ${given.length} counts for dimension ${at} of size ${size}`);
  }
  const counts = given.length === 1 ? Array<number>(size).fill(given[0] as number) : given;
  const total = counts.reduce((n, count) => n + count, 0);
  if (total > 2 ** 27) throw new ArgumentRangeError(`repeatInterleave: ${total} results are more than 2^27`);
  const positions = counts.flatMap((count, i) => Array<number>(count).fill(i));
  if (outputSize !== undefined && outputSize !== positions.length) {
    throw new ShapeError(`repeatInterleave: the counts add up to ${positions.length}, not to outputSize ${outputSize}`);
  }
  return indexSelect(source, at, tensor(positions, { dtype: 'int64' }));
}

/** A copy with the order along the given dimensions reversed. */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  const list = [dims].flat().map((d) => normalizeDim('flip', d as number, x.ndim));
  if (new Set(list).size !== list.length) throw new ArgumentRangeError(`flip: dims [${list}] name a dimension twice`);
  return clone(x.ndim === 0 ? x : list.reduce((y, d) => slice(y, d, undefined, undefined, -1), x));
}
/** A copy with the elements moved along `dims`, those that leave coming in at the other end; without `dims` flattened. */
export function roll(x: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
  if (dims === undefined) {
    if (typeof shifts !== 'number') throw new ArgumentTypeError('roll: several shifts need dims');
    return reshape(roll(ravel(x), shifts, 0), x.shape);
  }
  const by = [shifts].flat() as number[];
  const along = [dims].flat() as number[];
  if (by.length !== along.length) throw new ShapeError(`roll: got ${by.length} shifts and ${along.length} dims`);
  return along.reduce((y, dim, i) => rollOnce(y, by[i] as number, normalizeDim('roll', dim, x.ndim)), clone(x));
}
function rollOnce(x: Tensor, shift: number, dim: number): Tensor {
  if (!Number.isInteger(shift)) throw new ArgumentRangeError(`roll: expected whole shifts, got ${shift}`);
  if (x.numel() === 0 || x.ndim === 0) return x;
  const size = x.size(dim);
  const head = ((shift % size) + size) % size;
  return head === 0 ? x : cat([narrow(x, dim, size - head, head), narrow(x, dim, 0, size - head)], dim);
}
/** Turned by k · 90° in the plane of two dimensions, from the first towards the second. */
export function rot90(x: Tensor, k = 1, dims: readonly [number, number] = [0, 1]): Tensor {
  const [a, b] = dims.map((d) => normalizeDim('rot90', d, x.ndim));
  if (dims.length !== 2 || a === undefined || b === undefined || a === b) {
    throw new ArgumentRangeError(`rot90: expected two different dimensions, got [${dims}]`);
  }
  const turns = ((k % 4) + 4) % 4;
  if (turns === 1) return transpose(flip(x, b), a, b);
  if (turns === 2) return flip(x, [a, b]);
  return turns === 3 ? flip(transpose(x, a, b), b) : clone(x);
}

/** How {@link pad} fills the border. */
export interface PadOptions {
  /** A constant; the image mirrored without its edge; the edge; the other end. Default `'constant'`. */
  mode?: 'constant' | 'reflect' | 'replicate' | 'circular' | undefined;
  /** The constant. Default 0. */
  value?: number | undefined;
}

/** Where position j (which may lie outside [0, n)) takes its value from. */
const paddedFrom = {
  reflect: (j: number, n: number) => (j < 0 ? -j : j >= n ? 2 * (n - 1) - j : j),
  replicate: (j: number, n: number) => Math.min(Math.max(j, 0), n - 1),
  circular: (j: number, n: number) => (j + n) % n,
};

/**
 * A border around the last dimensions: `[left, right]` of the last one, then of the one before, and so on; negative
 * numbers cut off.
 * @throws ShapeError if a dimension would become negative, or is too small to be mirrored or wrapped around
 */
export function pad(x: Tensor, padding: readonly number[], { mode = 'constant', value = 0 }: PadOptions = {}): Tensor {
  if (padding.length % 2 || padding.length > 2 * x.ndim || padding.some((n) => !Number.isInteger(n))) {
    throw new ShapeError(
      `pad: expected pairs of whole numbers for at most ${x.ndim} dimensions, got [${padding.join(', ')}]`,
    );
  }
  const borders = Array.from({ length: padding.length / 2 }, (_, i) => {
    const [before, after] = [padding[2 * i] as number, padding[2 * i + 1] as number];
    const dim = x.ndim - 1 - i;
    if (x.size(dim) + before + after < 0) {
      throw new ShapeError(`pad: [${padding.join(', ')}] takes more than there is of shape [${x.shape.join(', ')}]`);
    }
    return { dim, before, after };
  });
  if (mode === 'constant') return padConstant(x, borders, value);
  const from = paddedFrom[mode];
  if (!from)
    throw new ArgumentRangeError(
      `pad: mode: expected 'constant', 'reflect', 'replicate' or 'circular', got ${String(mode)}`,
    );
  return borders.reduce((y, border) => padFrom(y, border, mode, from), x);
}

interface Border {
  dim: number;
  before: number;
  after: number;
}
function padConstant(x: Tensor, borders: readonly Border[], value: number): Tensor {
  const shape = borders.reduce(
    (s, { dim, before, after }) => s.with(dim, (s[dim] as number) + before + after),
    [...x.shape],
  );
  const y = full(shape, value, { dtype: x.dtype });
  let [to, from] = [y, x];
  for (const { dim, before, after } of borders) {
    const size = x.size(dim);
    from = slice(from, dim, Math.max(-before, 0), size - Math.max(-after, 0));
    to = slice(to, dim, Math.max(before, 0), y.size(dim) - Math.max(after, 0));
  }
  to.copy_(from);
  return y;
}
function padFrom(
  x: Tensor,
  { dim, before, after }: Border,
  mode: string,
  from: (j: number, n: number) => number,
): Tensor {
  const size = x.size(dim);
  if (mode === 'circular' && (before < 0 || after < 0)) {
    // What is left goes round, as in PyTorch.
    const left = slice(x, dim, Math.max(-before, 0), size - Math.max(-after, 0));
    return padFrom(left, { dim, before: Math.max(before, 0), after: Math.max(after, 0) }, mode, from);
  }
  const most = mode === 'reflect' ? size - 1 : mode === 'circular' ? size : size > 0 ? Number.POSITIVE_INFINITY : 0;
  if (Math.max(before, after) > Math.max(most, 0)) {
    throw new ShapeError(`pad: mode '${mode}' cannot add ${before} and ${after} to dimension ${dim} of size ${size}`);
  }
  const positions = Array.from({ length: size + before + after }, (_, i) => from(i - before, size));
  return indexSelect(x, dim, tensor(positions, { dtype: 'int64' }));
}

/** The lower triangle of the last two dimensions (up to `diagonal`), zeros above. */
export function tril(x: Tensor, diagonal = 0): Tensor {
  return triangle('tril', x, diagonal, le);
}
/** The upper triangle of the last two dimensions (from `diagonal` on), zeros below. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  return triangle('triu', x, diagonal, ge);
}
function triangle(op: string, x: Tensor, diagonal: number, keep: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const [rows, cols] = x.shape.slice(-2);
  if (rows === undefined || cols === undefined) {
    throw new ShapeError(`${op}: expected a matrix, got shape [${x.shape.join(', ')}]`);
  }
  const lastKept = unsqueeze(arange(diagonal, diagonal + rows), 1);
  return where(keep(arange(cols), lastKept), x, x.dtype === 'bool' ? false : 0);
}
