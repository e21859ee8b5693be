// SPDX-License-Identifier: MIT
import type { TypedArray } from '../dtype.js';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { type NestedArray, Tensor, tensor, where } from '../index.js';

/** What losses and metrics take: a tensor, a number, nested arrays of numbers or a typed array. */
export type TensorInput = Tensor | NestedArray | TypedArray;

/** Keras' `epsilon()`: keeps logarithms and quotients finite. */
export const epsilon = 1e-7;

/** @internal */
export function toTensor(x: TensorInput, what: string): Tensor {
  if (x instanceof Tensor) return x;
  if (x === null || x === undefined) throw new ArgumentTypeError(`${what}: expected a tensor or numbers, got ${x}`);
  return tensor(x);
}
/** @internal Integers and bool as float32. */
export function toFloat(x: TensorInput, what: string): Tensor {
  const y = toTensor(x, what);
  return y.isFloatingPoint() ? y : y.to('float32');
}

/** @internal Targets in the predictions' dtype, and the predictions as floats. */
export function floatPair(op: string, yTrue: TensorInput, yPred: TensorInput): [Tensor, Tensor] {
  const predicted = toFloat(yPred, `${op}: yPred`);
  return [toTensor(yTrue, `${op}: yTrue`).to(predicted.dtype), predicted];
}

/** @internal Where ranks differ by one, a last dimension of size 1 is added to a vector or taken from the other. */
export function matchRanks(a: Tensor, b: Tensor, expandVectors = true): [Tensor, Tensor] {
  if (a.ndim === b.ndim + 1 && a.size(-1) === 1) {
    return b.ndim === 1 && expandVectors ? [a, b.unsqueeze(-1)] : [a.squeeze(-1), b];
  }
  if (b.ndim === a.ndim + 1 && b.size(-1) === 1) {
    return a.ndim === 1 && expandVectors ? [a.unsqueeze(-1), b] : [a, b.squeeze(-1)];
  }
  return [a, b];
}

/** @internal a / b, and 0 where b is 0. */
export function divideNoNan(a: Tensor, b: Tensor): Tensor {
  return where(b.eq(0), 0, a.div(b));
}

/** @internal The entry of a table, or an error that lists the names. */
export function lookUp<T>(what: string, table: Readonly<Record<string, T>>, name: unknown): T {
  if (typeof name !== 'string')
    throw new ArgumentTypeError(`${what}: expected a name or an object, got ${typeof name}`);
  if (!Object.hasOwn(table, name)) {
    throw new ArgumentRangeError(`${what}: expected one of ${Object.keys(table).join(', ')}, got '${name}'`);
  }
  return table[name] as T;
}

/** @internal A finite number in [low, high]. */
export function checkNumber(where: string, value: unknown, low = -Infinity, high = Infinity): void {
  if (typeof value !== 'number') throw new ArgumentTypeError(`${where}: expected a number, got ${typeof value}`);
  if (!(Number.isFinite(value) && value >= low && value <= high)) {
    throw new ArgumentRangeError(`${where}: expected a finite number from ${low} to ${high}, got ${value}`);
  }
}

/** @internal MeanSquaredError -> meanSquaredError, AUC -> auc, KLDivergence -> klDivergence, F1Score -> f1Score. */
export function decapitalized(className: string): string {
  return className.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+/, (start) => start.toLowerCase());
}
