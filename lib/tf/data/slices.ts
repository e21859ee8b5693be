// SPDX-License-Identifier: MIT

import { makeRecipe, type Recipe } from '../../data/recipe.js';
import { indexTensor } from '../../data/tensor-dataset.js';
import type { TypedArray } from '../../dtype.js';
import { DataError, ShapeError } from '../../errors.js';
import { Tensor } from '../../index.js';
import { toTensor } from '../convert.js';

type Numbers = number | bigint | boolean;
type IsNumbers<S> = S extends Numbers ? true : S extends readonly (infer E)[] ? IsNumbers<E> : false;

/** The structure `S` (arrays and records of tensors, typed arrays or nested numbers) with a tensor as each leaf. */
export type Slices<S> = S extends Tensor | TypedArray
  ? Tensor
  : IsNumbers<S> extends true
    ? Tensor
    : { -readonly [K in keyof S]: Slices<S[K]> };

/** Data whose elements are known by a number. */
export interface Rows<T> {
  /** The numbers of one iteration, in its order. */
  indices(): Iterable<number>;
  /** The element of a number. */
  one(index: number): T;
  /** Many elements as one, stacked. */
  many(indices: Int32Array): unknown;
  /** What prepares them ahead; none where that would draw an order before its time. */
  recipe?: (() => Recipe<unknown> | undefined) | undefined;
  /** Does an iteration draw its order? */
  isShuffled?: boolean;
}

const holdsTensors = (x: unknown): boolean => x instanceof Tensor || ArrayBuffer.isView(x) || isStructure(x);

/** An array is a structure if it holds tensors or records, else the numbers of one tensor. */
function isStructure(x: unknown): x is object {
  if (typeof x !== 'object' || x === null || x instanceof Tensor || ArrayBuffer.isView(x)) return false;
  return !Array.isArray(x) || (x.length > 0 && holdsTensors(x[0]));
}

/** @internal Applies `leaf` to each leaf of a structure. */
export function mapLeaves<U>(structure: unknown, leaf: (x: unknown, where: string) => U, where = 'element'): unknown {
  if (!isStructure(structure)) return leaf(structure, where);
  if (Array.isArray(structure)) return structure.map((part, i) => mapLeaves(part, leaf, `${where}[${i}]`));
  const entries = Object.entries(structure).map(([key, part]) => [key, mapLeaves(part, leaf, `${where}.${key}`)]);
  return Object.fromEntries(entries);
}

/** @internal The structure with tensors as leaves. */
export function toTensors(op: string, structure: unknown): unknown {
  return mapLeaves(structure, (x, where) => toTensor(x as Tensor, `Dataset.${op}: ${where}`));
}

/** @internal The common first size of all tensors of a structure. */
export function countRows(op: string, structure: unknown): number {
  const shapes: [string, readonly number[]][] = [];
  mapLeaves(structure, (x, where) => shapes.push([where, (x as Tensor).shape]));
  const [first] = shapes;
  if (!first) throw new DataError(`Dataset.${op}: expected at least one tensor`);
  const wrong = shapes.find(([, shape]) => shape.length === 0 || shape[0] !== first[1][0]);
  if (wrong) {
    throw new ShapeError(
      `Dataset.${op}: ${wrong[0]} has shape [${wrong[1]}], expected a first dimension of ${first[1][0] ?? 'any size'}`,
    );
  }
  return first[1][0] as number;
}

/** @internal The rows of the tensors in a structure. */
export function rowsOf<T>(structure: unknown, count: number): Rows<T> {
  const each = (pick: (x: Tensor) => Tensor) => mapLeaves(structure, (x) => pick(x as Tensor));
  const leaves: Tensor[] = [];
  each((x) => {
    leaves.push(x);
    return x;
  });
  return {
    recipe: () =>
      makeRecipe([], leaves, (tensors) => {
        let i = 0;
        return each(() => tensors[i++] as Tensor);
      }),
    *indices() {
      for (let i = 0; i < count; i++) yield i;
    },
    one: (index) => each((x) => x.select(0, index)) as T,
    many: (indices) => {
      const at = indexTensor(indices);
      return each((x) => x.indexSelect(0, at));
    },
  };
}
