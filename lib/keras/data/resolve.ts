// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError } from '../../errors.js';
import { Tensor } from '../../tensor.js';
import { ArraySource } from './arrays.js';
import { type ArrayData, type Batch, type ClassWeight, toBatch, toData, weighClasses } from './batch.js';
import type { BatchSource } from './source.js';
import { type BatchStream, StreamSource } from './streams.js';

/** @internal Samples in memory, or a stream of batches. */
export type Given = { data: Batch } | { stream: BatchStream };

/** A tensor, a typed array or nested arrays of numbers, rather than a stream of batches. */
function isData(value: unknown): value is ArrayData {
  if (value instanceof Tensor || ArrayBuffer.isView(value)) return true;
  let leaf = value;
  for (let depth = 0; Array.isArray(leaf) && depth < 20; depth++) leaf = leaf[0]; // it may hold itself
  return Array.isArray(value) && ['number', 'bigint', 'boolean', 'undefined'].includes(typeof leaf);
}

/** @internal What `fit(x, y)`, `evaluate` and `predict` are given. @throws TypeError for targets beside a stream */
export function resolveData(where: string, x: unknown, y: unknown, sampleWeight?: ArrayData | undefined): Given {
  if (isData(x)) {
    const parts = { y: y ?? undefined, sampleWeight };
    const tensors = Object.entries(parts).map(([name, part]) => [name, part && toData(part, `${where}: ${name}`)]);
    return { data: { x: toData(x, `${where}: x`), ...Object.fromEntries(tensors) } };
  }
  if (y !== undefined && y !== null)
    throw new ArgumentTypeError(`${where}: y: targets come with the batches of a stream`);
  if (sampleWeight !== undefined) {
    throw new ArgumentTypeError(`${where}: sampleWeight: weights come with the batches of a stream`);
  }
  return { stream: x as BatchStream };
}

/** @internal `[x, y]` or `{ x, y }` in memory, or a stream of batches. */
export function resolveValidation(where: string, value: unknown): Given {
  const isTuple = Array.isArray(value) && value.length >= 2 && value.length <= 3 && isData(value[0]);
  const isRecord = typeof value === 'object' && value !== null && 'x' in value;
  return isTuple || isRecord ? { data: toBatch(value, where) } : { stream: value as BatchStream };
}

/** @internal How data are cut into batches. */
export interface SourceOptions {
  batchSize?: number | undefined;
  shuffle?: boolean | undefined;
  classWeight?: ClassWeight | undefined;
}

/** @internal Where batches come from. @throws TypeError for options that a stream has already decided */
export function openSource(
  where: string,
  given: Given,
  { batchSize, shuffle, classWeight }: SourceOptions,
): BatchSource {
  if ('data' in given) {
    const data = weighClasses(given.data, classWeight, where);
    return new ArraySource(data, checkWhole(`${where}: batchSize`, batchSize ?? 32, 1), shuffle ?? false, where);
  }
  if (batchSize !== undefined) {
    throw new ArgumentTypeError(`${where}: batchSize: the batches of a stream have their size already`);
  }
  return new StreamSource(given.stream, where, classWeight);
}

/** @internal A whole number of at least `least`. */
export function checkWhole(where: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new ArgumentRangeError(`${where}: expected an integer of at least ${least}, got ${String(value)}`);
}
