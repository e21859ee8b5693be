// SPDX-License-Identifier: MIT
import type { DType } from '../dtype.js';
import { ArgumentRangeError } from '../errors.js';
import { raw } from '../raw.js';
import { fromHandle, handleOf, scalarOf, type Tensor, type TensorLike } from '../tensor.js';

// What the one-line definitions in ops.ts and its families are made with.

/** A function of one tensor, elementwise. */
export type Unary = (x: Tensor) => Tensor;
/** A function of two tensors or numbers, broadcast against each other. */
export type Binary = (a: Tensor, b: TensorLike) => Tensor;

/** Dimensions to reduce (default: all), and what to do with them. */
export interface ReduceOptions {
  /** One or several dimensions; negative ones count from the end. Default: all. */
  dim?: number | readonly number[] | undefined;
  /** Keep reduced dimensions with size 1. Default false. */
  keepdim?: boolean | undefined;
}
/** A reduction: `sum(x)`, `sum(x, 1)`, `sum(x, { dim: [0, 1], keepdim: true })`. */
export type Reduction<O = ReduceOptions> = (x: Tensor, dim?: number | readonly number[] | O) => Tensor;

/** @internal */
export function unary(name: string): Unary {
  const call = raw(name, 'x: Tensor -> Tensor');
  return (x) => fromHandle(call(handleOf(x, name)));
}

/** @internal */
export function binary(name: string): Binary {
  const call = raw(name, 'a: Scalar, b: Scalar -> Tensor');
  return (a, b) => fromHandle(call(scalarOf(a, name), scalarOf(b, name)));
}

/** @internal `1`, `[0, 1]` and `{ dim, keepdim }` as the native call takes them. */
export function reduceArgs(
  options: number | readonly number[] | ReduceOptions | undefined,
): [readonly number[] | undefined, boolean] {
  if (options === undefined || options === null) return [undefined, false];
  if (typeof options === 'number') return [[options], false];
  if (Array.isArray(options)) return [options.length ? options : undefined, false];
  const { dim, keepdim = false } = options as ReduceOptions;
  const list = typeof dim === 'number' ? [dim] : dim;
  return [list?.length ? list : undefined, keepdim];
}

/** @internal */
export function reduction(name: string): Reduction {
  const call = raw(name, 'x: Tensor, dims: int[]?, keepdim: bool -> Tensor');
  return (x, options) => fromHandle(call(handleOf(x, name), ...reduceArgs(options)));
}

const rawCast = raw('cast', 'x: Tensor, dtype: dtype -> Tensor');

/** @internal `x` in another dtype; the same tensor if it has it already. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : fromHandle(rawCast(handleOf(x, 'cast'), dtype));
}

/** @internal A dimension in [0, ndim). */
export function normalizeDim(op: string, dim: number, ndim: number): number {
  const n = Math.max(ndim, 1);
  if (!Number.isInteger(dim) || dim < -n || dim >= n) {
    throw new ArgumentRangeError(
      `${op}: dim ${dim} is out of range for ${ndim} dimensions (expected ${-n} to ${n - 1})`,
    );
  }
  return dim < 0 ? dim + n : dim;
}
