// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../errors.js';
import { Tensor } from '../tensor.js';

// A tensor, an array of tensors or a record of tensors, as one thing.

/** One tensor, an array of them, or a record. */
export type Structure<T> = T | readonly T[] | { readonly [key: string]: T };

/** The structure `S` with `U` in place of each tensor. */
export type Mapped<S, U> = S extends Tensor
  ? U
  : S extends readonly unknown[]
    ? { -readonly [K in keyof S]: U }
    : { [K in keyof S]: U };

/** @internal The parts in order; anything that is not a tensor is refused. */
export function partsOf<T extends Tensor>(structure: Structure<T>, what: string): T[] {
  if (structure instanceof Tensor) return [structure];
  if (typeof structure !== 'object' || structure === null) {
    throw new ArgumentTypeError(`${what}: expected a Tensor, an array or a record of them, got ${String(structure)}`);
  }
  const parts = Object.values(structure) as T[];
  const wrong = parts.findIndex((part) => !(part instanceof Tensor));
  if (wrong >= 0) throw new ArgumentTypeError(`${what}: part ${Object.keys(structure)[wrong]} is not a Tensor`);
  return parts;
}

/** @internal The same structure with other parts. */
export function rebuild<S, U>(structure: S, parts: readonly U[]): Mapped<S, U> {
  if (structure instanceof Tensor) return parts[0] as Mapped<S, U>;
  if (Array.isArray(structure)) return [...parts] as Mapped<S, U>;
  return Object.fromEntries(Object.keys(structure as object).map((key, i) => [key, parts[i]])) as Mapped<S, U>;
}
