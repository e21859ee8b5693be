// SPDX-License-Identifier: MIT
import { onesLike } from '../../creation.js';
import type { TypedArray } from '../../dtype.js';
import { ArgumentTypeError, DataError } from '../../errors.js';
import { cast } from '../../ops/define.js';
import { where } from '../../ops/where.js';
import { type NestedArray, Tensor } from '../../tensor.js';
import { type TensorInput, toTensor } from '../inputs.js';

/** Data that lies in memory: a tensor, a typed array (one dimension), or nested arrays of numbers. */
export type ArrayData = Tensor | TypedArray | NestedArray;

/** Samples with what belongs to them, the first dimension counting the samples. */
export interface Batch {
  x: Tensor;
  /** Targets. */
  y?: Tensor | undefined;
  /** A factor of the loss for each sample. */
  sampleWeight?: Tensor | undefined;
}

/** How much the samples of each class count: `{ 0: 1, 1: 20 }`; 1 where a class is not named. */
export type ClassWeight = Readonly<Record<number, number>>;

const describe = (value: unknown): string => {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (value instanceof Tensor) return `a Tensor of shape [${value.shape.join(', ')}]`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object with keys ${Object.keys(value).join(', ') || '(none)'}`;
};

/** @internal Data as Keras reads it: floats become float32, everything else keeps its dtype. */
export function toData(value: unknown, what: string): Tensor {
  const isData = value instanceof Tensor || ArrayBuffer.isView(value) || Array.isArray(value);
  if (!isData) {
    throw new ArgumentTypeError(`${what}: expected a tensor, a typed array or nested arrays, got ${describe(value)}`);
  }
  const data = toTensor(value as TensorInput, what);
  return data.isFloatingPoint() ? cast(data, 'float32') : data;
}

const keys = new Set(['x', 'y', 'sampleWeight']);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && 'x' in value && Object.keys(value).every((key) => keys.has(key));

/** `[x, y, sampleWeight]` and `{ x, y, sampleWeight }`, or x alone, part by part. */
function partsOf(value: unknown, where: string): [unknown, unknown, unknown] {
  if (isRecord(value)) return [value.x, value.y, value.sampleWeight];
  if (value instanceof Tensor || ArrayBuffer.isView(value)) return [value, undefined, undefined];
  if (Array.isArray(value) && value.length >= 1 && value.length <= 3) return value as [unknown, unknown, unknown];
  throw new DataError(`${where}: expected [x, y], [x, y, sampleWeight] or { x, y }, got ${describe(value)}`);
}

/**
 * @internal What a source gave, as tensors that have the same number of samples.
 * @throws DataError that names the place
 */
export function toBatch(value: unknown, where: string): Batch {
  const [x, y, sampleWeight] = partsOf(value, where);
  const part = (data: unknown, name: string) => (data === undefined ? undefined : toData(data, `${where}: ${name}`));
  return checkBatch(
    { x: toData(x, `${where}: x`), y: part(y, 'y'), sampleWeight: part(sampleWeight, 'sampleWeight') },
    where,
  );
}

/** @internal Do all parts have the same number of samples? */
export function checkBatch(batch: Batch, where: string): Batch {
  const count = batch.x.shape[0];
  for (const [name, data] of Object.entries(batch) as [string, Tensor | undefined][]) {
    if (data === undefined || (data.ndim > 0 && data.shape[0] === count && count !== 0)) continue;
    const got = data.ndim === 0 ? 'a scalar' : `${data.shape[0]}`;
    const expected = data === batch.x ? 'at least one sample' : `${count} samples as in x`;
    throw new DataError(`${where}: ${name}: expected ${expected}, got ${got}`);
  }
  return batch;
}

/** Labels of whole numbers, or the position of the largest value of one-hot targets. */
function classesOf(y: Tensor): Tensor {
  if (y.ndim < 2) return y;
  return y.size(-1) === 1 ? y.squeeze(-1) : y.argmax(-1);
}

/** @internal The weight of each sample by its class. @throws TypeError for weights that are no finite numbers */
export function weighClasses(batch: Batch, classWeight: ClassWeight | undefined, where_: string): Batch {
  if (classWeight === undefined) return batch;
  if (batch.sampleWeight) {
    throw new ArgumentTypeError(`${where_}: classWeight and sampleWeight cannot be used together`);
  }
  if (!batch.y) throw new DataError(`${where_}: classWeight needs targets`);
  const classes = classesOf(batch.y);
  let sampleWeight = onesLike(classes, { dtype: 'float32' });
  for (const [label, weight] of Object.entries(classWeight)) {
    if (!Number.isInteger(Number(label)) || !Number.isFinite(weight)) {
      throw new ArgumentTypeError(`${where_}: classWeight: expected numbers by class, got ${label}: ${String(weight)}`);
    }
    sampleWeight = where(classes.eq(Number(label)), weight, sampleWeight);
  }
  return { ...batch, sampleWeight };
}
