// SPDX-License-Identifier: MIT
import { Tensor } from '../tensor.js';

// Arguments and results of a compiled function: tensors in nested arrays and records, and constants.

/** The structure of a value as text, equal for values that one recording serves. */
export interface Flat {
  key: string;
  tensors: Tensor[];
}

const identities = new WeakMap<object, number>();
let identityCount = 0;
function identityOf(value: object): number {
  const known = identities.get(value) ?? identityCount++;
  identities.set(value, known);
  return known;
}

/** A tensor whose values come with each call. Parameters and variables are bound by identity instead. */
export const isInput = (value: unknown): value is Tensor =>
  value instanceof Tensor && Object.getPrototypeOf(value) === Tensor.prototype;

const isRecord = (value: object): value is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

function describe(value: unknown, tensors: Tensor[], open: unknown[]): string {
  if (isInput(value)) {
    tensors.push(value);
    return 't';
  }
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return `${String(value)}`;
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return String(value);
  if (open.includes(value)) return `^${open.indexOf(value)}`;
  const inside = [...open, value];
  if (Array.isArray(value)) return `[${value.map((item) => describe(item, tensors, inside)).join()}]`;
  if (typeof value === 'object' && isRecord(value)) {
    const items = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}:${describe(item, tensors, inside)}`,
    );
    return `{${items.join()}}`;
  }
  return `#${identityOf(value)}`;
}

/** Tensors in the order they are met, and everything else as the key. */
export function flatten(values: unknown): Flat {
  const tensors: Tensor[] = [];
  return { key: describe(values, tensors, []), tensors };
}

/** The same structure with other tensors, in the same order. */
export function replaceTensors<T>(value: T, next: () => Tensor): T {
  if (isInput(value)) return next() as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => replaceTensors(item, next)) as T;
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceTensors(item, next)])) as T;
}
