// SPDX-License-Identifier: MIT
import { tensor } from '../../creation.js';
import { isFloatingPoint } from '../../dtype.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { cast } from '../../ops/define.js';
import { indexSelect } from '../../ops/indexing.js';
import type { Spatial } from '../../ops/spatial.js';
import type { Tensor } from '../../tensor.js';
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from './pooling.js';

/** How values between elements are found; the linear ones by the number of dimensions. */
export type InterpolationMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area';
/** Options of `interpolate`: one of `size` and `scaleFactor`. */
export interface InterpolateOptions {
  /** Of the result, for all dimensions or each. */
  size?: Spatial | null | undefined;
  /** The result's sizes over the input's, rounded down. */
  scaleFactor?: Spatial | null | undefined;
  /** Default 'nearest'. */
  mode?: InterpolationMode | undefined;
  /** The corner elements' centres meet, instead of the corners. Default false; for linear and cubic modes. */
  alignCorners?: boolean | null | undefined;
  /** Use the ratio of the sizes rather than `scaleFactor` itself. Default false. */
  recomputeScaleFactor?: boolean | null | undefined;
}

/** What one output position of one dimension reads: so many taps, the same number everywhere. */
type Taps = { index: number; weight: number }[];

const modeDimensions: Record<string, readonly number[]> = {
  nearest: [1, 2, 3],
  'nearest-exact': [1, 2, 3],
  area: [1, 2, 3],
  linear: [1],
  bilinear: [2],
  trilinear: [3],
  bicubic: [2],
};

/** The convolution kernel of Keys 1981 with a = -0.75, at distance d. */
function cubic(d: number): number {
  const a = -0.75;
  const t = Math.abs(d);
  return t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
}

function tapsAt(j: number, size: number, step: number, mode: InterpolationMode, alignCorners: boolean): Taps {
  const inside = (i: number) => Math.min(Math.max(i, 0), size - 1);
  if (mode === 'nearest') return [{ index: inside(Math.floor(j * step)), weight: 1 }];
  if (mode === 'nearest-exact') return [{ index: inside(Math.floor((j + 0.5) * step)), weight: 1 }];
  const place = alignCorners ? j * step : (j + 0.5) * step - 0.5;
  if (mode === 'bicubic') {
    const base = Math.floor(place);
    return [-1, 0, 1, 2].map((k) => ({ index: inside(base + k), weight: cubic(place - base - k) }));
  }
  const source = Math.max(place, 0);
  const [base, rest] = [Math.floor(source), source % 1];
  return [
    { index: inside(base), weight: 1 - rest },
    { index: inside(base + 1), weight: rest },
  ];
}

/** One dimension to `out` positions. */
function resizeDim(
  x: Tensor,
  dim: number,
  out: number,
  step: number,
  mode: InterpolationMode,
  corners: boolean,
): Tensor {
  const taps = Array.from({ length: out }, (_, j) => tapsAt(j, x.size(dim), step, mode, corners));
  const shape = x.shape.map((_, d) => (d === dim ? out : 1));
  const parts = (taps[0] ?? []).map((_, k) => {
    const part = indexSelect(
      x,
      dim,
      tensor(
        taps.map((t) => t[k]?.index as number),
        { dtype: 'int64' },
      ),
    );
    if (taps[0]?.length === 1) return part;
    return part.mul(
      tensor(
        taps.map((t) => t[k]?.weight as number),
        { dtype: x.dtype },
      ).reshape(shape),
    );
  });
  return parts.reduce((sum, part) => sum.add(part));
}

function each(name: string, value: Spatial, dims: number): number[] {
  const list = [value].flat() as number[];
  const all = list.length === 1 ? (Array(dims).fill(list[0]) as number[]) : list;
  if (all.length === dims && all.every((n) => typeof n === 'number' && n > 0 && Number.isFinite(n))) return all;
  throw new ArgumentRangeError(`interpolate: ${name}: expected one or ${dims} positive numbers, got ${String(value)}`);
}

/** The result's sizes, and for each dimension the distance of neighbouring outputs in the input. */
function plan(
  sizes: readonly number[],
  options: InterpolateOptions,
  alignCorners: boolean,
): { out: number[]; step: number[] } {
  const { size, scaleFactor, recomputeScaleFactor } = options;
  if ((size ?? undefined) === undefined && (scaleFactor ?? undefined) === undefined)
    throw new ArgumentRangeError('interpolate: expected size or scaleFactor');
  if ((size ?? undefined) !== undefined && (scaleFactor ?? undefined) !== undefined)
    throw new ArgumentRangeError('interpolate: expected only one of size and scaleFactor');
  const factors = scaleFactor ? each('scaleFactor', scaleFactor, sizes.length) : undefined;
  const out = factors
    ? sizes.map((n, i) => Math.floor(n * (factors[i] as number)))
    : each('size', size as Spatial, sizes.length);
  if (!out.every((n) => Number.isSafeInteger(n) && n >= 1 && n <= 2 ** 26))
    throw new ArgumentRangeError(`interpolate: expected sizes from 1 to 2^26, got [${out}]`);
  const step = sizes.map((n, i) => {
    const m = out[i] as number;
    if (alignCorners) return m > 1 ? (n - 1) / (m - 1) : 0;
    return factors && !recomputeScaleFactor ? 1 / (factors[i] as number) : n / m;
  });
  return { out, step };
}

/**
 * [N, C, …] with one to three dimensions resized. Linear modes take half-pixel centres unless `alignCorners`; bicubic is
 * the convolution of Keys 1981 with a = -0.75. Bytes are
 * rounded after each dimension.
 * @throws ArgumentRangeError for a mode that does not fit the dimensions, or sizes that make no sense
 */
export function interpolate(x: Tensor, options: InterpolateOptions = {}): Tensor {
  const { mode = 'nearest', alignCorners } = options;
  const dims = x.ndim - 2;
  if (dims < 1 || x.numel() === 0)
    throw new ShapeError(`interpolate: expected a non-empty [N, C, …], got shape [${x.shape.join(', ')}]`);
  if (!Object.hasOwn(modeDimensions, mode) || !modeDimensions[mode]?.includes(dims))
    throw new ArgumentRangeError(`interpolate: mode ${String(mode)} does not fit shape [${x.shape.join(', ')}]`);
  const corners = alignCorners === true;
  if (corners && (mode.startsWith('nearest') || mode === 'area'))
    throw new ArgumentRangeError(`interpolate: alignCorners is for linear and cubic modes, not ${mode}`);
  const { out, step } = plan(x.shape.slice(2), options, corners);
  if (mode === 'area') {
    const pool = [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][dims - 1] as typeof adaptiveAvgPool1d;
    return pool(x, out);
  }
  const isExact = isFloatingPoint(x.dtype) || mode.startsWith('nearest');
  // PyTorch rounds bytes after each dimension, the last one first
  return out.reduceRight((y, n, i) => {
    const resized = resizeDim(isExact ? y : cast(y, 'float32'), 2 + i, n, step[i] as number, mode, corners);
    return isExact ? resized : cast(resized.add(0.5).floor().clamp(0, 255), x.dtype);
  }, x);
}
