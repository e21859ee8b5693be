// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ShapeError } from '../errors.js';
import type { Tensor } from '../index.js';
import * as core from '../index.js';
import type { ScatterReduction } from '../ops/scatter.js';
import { type Operand, toIndices, toTensor } from './convert.js';

// Slices of a tensor joined by the number of the segment that they belong to.

type Join = Exclude<ScatterReduction, 'mean'>;
type Segment = (data: Operand, segmentIds: Operand) => Tensor;
type Unsorted = (data: Operand, segmentIds: Operand, numSegments: number) => Tensor;

/** The value of a segment that nothing belongs to. */
function emptyValue(join: Join, x: Tensor): number | bigint {
  if (join === 'sum') return 0;
  if (join === 'prod') return 1;
  const sign = join === 'amax' ? -1 : 1;
  const largest = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE, float16: 65504 } as const;
  if (x.isFloatingPoint()) return sign * (largest[x.dtype as 'float32'] ?? 3.3895313892515355e38);
  if (x.dtype === 'uint8' || x.dtype === 'bool') return sign < 0 ? 0 : 255;
  const half = 1n << BigInt(8 * core.itemSize(x.dtype) - 1);
  return sign < 0 ? -half : half - 1n;
}

function joined(op: string, join: Join, data: Tensor, ids: Tensor, segments: number, empty?: number): Tensor {
  if (!(Number.isInteger(segments) && segments >= 0 && segments < 2 ** 31)) {
    throw new ArgumentRangeError(`${op}: numSegments: expected a whole number, got ${String(segments)}`);
  }
  const outer = ids.ndim;
  if (data.shape.slice(0, outer).join() !== ids.shape.join()) {
    throw new ShapeError(`${op}: segmentIds of shape [${ids.shape}] do not lead the data's shape [${data.shape}]`);
  }
  const inner = data.shape.slice(outer);
  const width = inner.reduce((n, size) => n * size, 1);
  const rows = data.reshape([ids.numel(), width]);
  const at = ids.reshape([ids.numel(), 1]).expand([ids.numel(), width]);
  const start = core.full([segments, width], empty ?? emptyValue(join, data), { dtype: data.dtype });
  const done = start.scatterReduce(0, at, rows, join, { includeSelf: empty === undefined });
  return done.reshape([segments, ...inner]);
}
function mean(op: string, data: Tensor, ids: Tensor, segments: number): Tensor {
  const total = joined(op, 'sum', data, ids, segments);
  const count = joined(op, 'sum', core.ones(ids.shape, { dtype: data.dtype }), ids, segments).clampMin(1);
  const divisor = count.reshape([segments, ...total.shape.slice(1).map(() => 1)]);
  return data.isFloatingPoint() ? total.div(divisor) : total.floorDivide(divisor);
}

function unsorted(op: string, join: ScatterReduction): Unsorted {
  return (data, segmentIds, numSegments) => {
    const [x, ids] = [toTensor(data, op), toIndices(segmentIds, `${op}: segmentIds`)];
    return join === 'mean' ? mean(op, x, ids, numSegments) : joined(op, join, x, ids, numSegments);
  };
}
function sorted(op: string, join: ScatterReduction): Segment {
  return (data, segmentIds) => {
    const [x, ids] = [toTensor(data, op), toIndices(segmentIds, `${op}: segmentIds`)];
    if (ids.ndim !== 1) throw new ShapeError(`${op}: segmentIds: expected a vector, got shape [${ids.shape}]`);
    if (
      ids.numel() > 1 &&
      ids
        .slice(0, 1)
        .lt(ids.slice(0, 0, -1))
        .any()
        .item()
    ) {
      throw new ArgumentRangeError(`${op}: segmentIds: expected ascending numbers; see the unsorted form`);
    }
    const segments = ids.numel() === 0 ? 0 : ids.select(0, -1).item() + 1;
    if (join === 'mean') return mean(op, x, ids, segments);
    return joined(op, join, x, ids, segments, join === 'prod' ? undefined : 0);
  };
}

/** Sums of the slices of each segment; `segmentIds` ascend. */
export const segmentSum = sorted('segmentSum', 'sum');
/** Means of the slices of each segment. */
export const segmentMean = sorted('segmentMean', 'mean');
/** Largest elements of each segment, 0 for empty ones. */
export const segmentMax = sorted('segmentMax', 'amax');
/** Smallest elements of each segment, 0 for empty ones. */
export const segmentMin = sorted('segmentMin', 'amin');
/** Products of each segment. */
export const segmentProd = sorted('segmentProd', 'prod');
/** Sums of the slices of each of `numSegments` segments, in any order. */
export const unsortedSegmentSum = unsorted('unsortedSegmentSum', 'sum');
/** Means of the slices of each segment, 0 for empty ones. */
export const unsortedSegmentMean = unsorted('unsortedSegmentMean', 'mean');
/** Largest elements of each segment, the dtype's least value for empty ones. */
export const unsortedSegmentMax = unsorted('unsortedSegmentMax', 'amax');
/** Smallest elements of each segment, the dtype's largest value for empty ones. */
export const unsortedSegmentMin = unsorted('unsortedSegmentMin', 'amin');
/** Products of each segment, 1 for empty ones. */
export const unsortedSegmentProd = unsorted('unsortedSegmentProd', 'prod');
