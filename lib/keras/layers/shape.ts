// SPDX-License-Identifier: MIT
import { ArgumentTypeError, ShapeError } from '../../errors.js';

/** Sizes of a batch's dimensions; null where any size will do, as the first one of a batch. */
export type Shape = readonly (number | null)[];

/** `(None, 784)`, as Keras writes shapes. */
export function formatShape(shape: Shape): string {
  const sizes = shape.map((size) => size ?? 'None').join(', ');
  return `(${sizes}${shape.length === 1 ? ',' : ''})`;
}

const isSize = (size: unknown) => size === null || (Number.isSafeInteger(size) && (size as number) >= 0);

/** Holds a shape given by a user against the type. */
export function checkShape(where: string, shape: unknown): Shape {
  if (Array.isArray(shape) && shape.every(isSize)) return [...shape];
  throw new ArgumentTypeError(`${where}: expected an array of sizes (or null where any will do), got ${String(shape)}`);
}

/** The product of the sizes; null if one of them is open. */
export function countOf(shape: Shape): number | null {
  return shape.reduce<number | null>((n, size) => (n === null || size === null ? null : n * size), 1);
}

/** The size of a dimension that must be known when weights are made. */
export function knownSize(layer: string, shape: Shape, dim: number): number {
  const size = shape.at(dim);
  if (typeof size === 'number') return size;
  throw new ShapeError(
    `${layer}: expected a known size in dimension ${dim} of the inputs, got shape ${formatShape(shape)}`,
  );
}

/** Could a tensor of shape `found` be one of `expected`? */
export function fits(expected: Shape, found: Shape): boolean {
  return found.length === expected.length && expected.every((size, i) => size === null || size === found[i]);
}
