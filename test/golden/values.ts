// SPDX-License-Identifier: MIT

import { scalar, Tensor } from 'cresset';
import { asStrided } from '#internal';
import type { Stored } from './data.js';

/** weight_decay -> weightDecay. */
export const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

interface TensorRef {
  tensor: string;
  as_strided?: { size: number[]; stride: number[]; offset: number };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Is it `{ tensor: key }`? */
export const isTensorRef = (value: unknown): value is TensorRef => isObject(value) && 'tensor' in value;

/** The tensor of a reference; a true strided view of its storage where the data say so. */
export function tensorOf(ref: TensorRef, tensors: Record<string, Tensor>): Tensor {
  const stored = tensors[ref.tensor];
  if (stored === undefined) throw new Error(`golden data: no tensor '${ref.tensor}'`);
  const { as_strided: view } = ref;
  return view ? asStrided(stored, view.size, view.stride, view.offset) : stored;
}

const nonFinite: Record<string, number> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity };

/** An argument as cresset's functions take it; None becomes undefined. */
export function decode(value: Stored, tensors: Record<string, Tensor>): unknown {
  if (value === null) return undefined;
  if (typeof value === 'string') return nonFinite[value] ?? value.replace(/^torch\./, '');
  if (Array.isArray(value)) return value.map((item) => decode(item, tensors));
  if (isTensorRef(value)) return tensorOf(value, tensors);
  if (isObject(value) && 'float' in value) return scalar(value.float as number, 'float32');
  return value;
}

/** Keyword arguments as an options object with camelCase names. */
export function decodeOptions(
  kwargs: Record<string, Stored>,
  tensors: Record<string, Tensor>,
): Record<string, unknown> {
  const plain = (value: Stored) => (isObject(value) && 'float' in value ? value.float : decode(value, tensors));
  return Object.fromEntries(Object.entries(kwargs).map(([name, value]) => [camel(name), plain(value)]));
}

/** The tensors among arguments under the data's paths: `args.0`, `args.0.1`, `kwargs.weight`. */
export function tensorsByPath(value: unknown, path: string, found = new Map<string, Tensor>()): Map<string, Tensor> {
  if (value instanceof Tensor) found.set(path, value);
  else if (Array.isArray(value) || isObject(value)) {
    for (const [name, item] of Object.entries(value)) tensorsByPath(item, `${path}.${name}`, found);
  }
  return found;
}
