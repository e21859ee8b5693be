// SPDX-License-Identifier: MIT
import type { TypedArray } from '../dtype.js';
import { DataError } from '../errors.js';
import { fromBuffer, stack, Tensor, tensor } from '../index.js';

type IsAny<T> = 0 extends 1 & T ? true : false;

/** What {@link defaultCollate} makes of samples of type `T`: the same structure with a batch in each place. */
export type Collated<T> =
  IsAny<T> extends true
    ? T
    : T extends Tensor | number | bigint | boolean | ArrayBufferView
      ? Tensor
      : T extends string
        ? string[]
        : T extends object
          ? { -readonly [K in keyof T]: Collated<T[K]> }
          : never;

function describe(value: unknown): string {
  if (value instanceof Tensor) return `a Tensor of shape [${value.shape}]`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null)
    return `an object with keys ${Object.keys(value).join(', ') || '(none)'}`;
  return value === null ? 'null' : typeof value;
}

function fail(where: string, i: number, value: unknown, expected: string): never {
  throw new DataError(
    `defaultCollate: sample ${i} of the batch has ${describe(value)} at ${where}, expected ${expected}`,
  );
}

function expectAll<V>(column: unknown[], where: string, expected: string, test: (value: unknown) => value is V): V[] {
  const i = column.findIndex((value) => !test(value));
  if (i >= 0) fail(where, i, column[i], expected);
  return column as V[];
}

const isTensor = (value: unknown) => value instanceof Tensor;
const isNumber = (value: unknown) => typeof value === 'number';
const isBigInt = (value: unknown) => typeof value === 'bigint';
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isString = (value: unknown) => typeof value === 'string';
const isView = (value: unknown) => ArrayBuffer.isView(value);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Whole numbers, class labels above all, become int64 as in torchvision; a column with a fraction becomes float32. */
function collateNumbers(column: number[]): Tensor {
  return tensor(column, { dtype: column.every(Number.isSafeInteger) ? 'int64' : 'float32' });
}

function stackTensors(column: Tensor[], where: string): Tensor {
  const shape = `[${column[0]?.shape}]`;
  const i = column.findIndex((t) => `[${t.shape}]` !== shape);
  if (i >= 0) fail(where, i, column[i], `shape ${shape} as in the first sample`);
  return stack(column);
}

function collateArrays(column: unknown[][], where: string): unknown[] {
  const length = column[0]?.length as number;
  const i = column.findIndex((value) => value.length !== length);
  if (i >= 0) fail(where, i, column[i], `an array of ${length} as in the first sample`);
  return Array.from({ length }, (_, k) =>
    collate(
      column.map((value) => value[k]),
      `${where}[${k}]`,
    ),
  );
}

function collateRecords(column: Record<string, unknown>[], where: string): Record<string, unknown> {
  const batch: Record<string, unknown> = {};
  for (const key of Object.keys(column[0] as object)) {
    const i = column.findIndex((value) => !Object.hasOwn(value, key));
    if (i >= 0) fail(where, i, column[i], `the key '${key}' as in the first sample`);
    const value = collate(
      column.map((sample) => sample[key]),
      `${where}.${key}`,
    );
    Object.defineProperty(batch, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return batch;
}

/** Batches what lies at one place (`where`) of all samples; the first sample says what is expected of the others. */
function collate(column: unknown[], where: string): unknown {
  const first = column[0];
  if (isTensor(first)) return stackTensors(expectAll(column, where, 'a Tensor', isTensor), where);
  if (isNumber(first)) return collateNumbers(expectAll(column, where, 'a number', isNumber));
  if (isBigInt(first)) return tensor(expectAll(column, where, 'a bigint', isBigInt), { dtype: 'int64' });
  if (isBoolean(first)) return tensor(expectAll(column, where, 'a boolean', isBoolean), { dtype: 'bool' });
  if (isString(first)) return expectAll(column, where, 'a string', isString);
  if (isView(first)) {
    const views = expectAll(column, where, 'a typed array', isView);
    return stackTensors(
      views.map((view) => fromBuffer(view as TypedArray)),
      where,
    );
  }
  if (Array.isArray(first)) return collateArrays(expectAll(column, where, 'an array', Array.isArray), where);
  if (isRecord(first)) return collateRecords(expectAll(column, where, 'an object', isRecord), where);
  return fail(where, 0, first, 'tensors, numbers, booleans, strings, typed arrays, or arrays and objects of these');
}

/**
 * Turns a list of samples into one batch, as PyTorch's `default_collate` does. Tensors and typed arrays of equal shape
 * are stacked along a new first dimension; numbers become a tensor (int64 if all are whole, else float32), so do bigints
 * (int64) and booleans (bool); strings stay an array; arrays, tuples and objects are collated place by place.
 *
 * @throws DataError that names the place and the sample where the samples do not agree
 */
export function defaultCollate<T>(samples: readonly T[]): Collated<T> {
  if (!Array.isArray(samples) || samples.length === 0) {
    throw new DataError(`defaultCollate: samples: expected an array of at least one sample, got ${describe(samples)}`);
  }
  return collate([...samples], 'sample') as Collated<T>;
}
