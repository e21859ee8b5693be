// SPDX-License-Identifier: MIT
import { type DType, isFloatingPoint, type TypedArray } from '../dtype.js';
import { ArgumentTypeError } from '../errors.js';
import { type NestedArray, Tensor, tensor } from '../index.js';
import { dtypeOfNumbers } from '../keras/variable.js';
import type { TensorLike } from '../tensor.js';

/** What every op takes: a tensor, a number, nested arrays of numbers, or a typed array. */
export type Operand = Tensor | NestedArray | TypedArray;

/** @internal A tensor as it is; numbers in `dtype`, by default float32, booleans bool, bigints int64. */
export function toTensor(x: Operand, what: string, dtype?: DType): Tensor {
  if (x instanceof Tensor) return x;
  const kind = typeof x;
  if (x === null || (kind !== 'number' && kind !== 'bigint' && kind !== 'boolean' && kind !== 'object')) {
    throw new ArgumentTypeError(`${what}: expected a Tensor or numbers, got ${x === null ? 'null' : kind}`);
  }
  if (ArrayBuffer.isView(x)) return tensor(x, { dtype });
  return tensor(x, { dtype: dtype ?? dtypeOfNumbers(x) });
}

/** @internal Numbers as int64. */
export const toIndices = (x: Operand, what: string): Tensor => toTensor(x, what, 'int64');

/** Numbers beside a tensor: a single one leaves its dtype alone, an array takes it where it fits. */
function beside(x: Operand, other: Tensor, what: string): TensorLike {
  if (x instanceof Tensor || typeof x === 'number' || typeof x === 'boolean' || typeof x === 'bigint') return x;
  if (ArrayBuffer.isView(x)) return toTensor(x, what);
  const made = tensor(x);
  const fits = made.dtype !== 'bool' && (isFloatingPoint(other.dtype) || !made.isFloatingPoint());
  return fits && other.dtype !== 'bool' ? made.to(other.dtype) : made;
}

/** @internal Two operands as the core takes them: at least one is a tensor. */
export function operands(x: Operand, y: Operand, what: string): [Tensor, TensorLike] {
  if (x instanceof Tensor) return [x, y instanceof Tensor ? y : beside(y, x, what)];
  // Rows of the core take a number on either side.
  if (y instanceof Tensor) return [beside(x, y, what) as Tensor, y];
  return [toTensor(x, what), toTensor(y, what)];
}
