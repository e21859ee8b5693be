// SPDX-License-Identifier: MIT
// What the sweep knows of a row: nothing but its name and signature. Inputs are found by trying.
import { type DType, isFloatingPoint, Tensor, tensor } from 'cresset';
import type { Handle } from '#internal';
import { fromHandle, handleOf, native } from '#internal';

export interface Row {
  name: string;
  signature: string;
  inPlace: boolean;
  differentiable: boolean;
}
export const rows = (native.listOps as () => Row[])();

const withSignature = (signature: string) => rows.filter((row) => row.signature === signature);
export const unaryRows = withSignature('x: Tensor -> Tensor').filter((row) => row.inPlace);
export const binaryRows = withSignature('a: Scalar, b: Scalar -> Tensor');
export const reduceRows = withSignature('x: Tensor, dims: int[]?, keepdim: bool -> Tensor');

/** Calls a raw function with tensors and plain arguments. */
export function call(name: string, ...args: unknown[]): Tensor {
  const raw = native[name] as (...args: unknown[]) => unknown;
  return fromHandle(raw(...args.map((arg) => (arg instanceof Tensor ? handleOf(arg) : arg))) as Handle);
}

/** Numbers in (low, high) that are neither whole nor repeated; the same every time. */
export function numbers(count: number, low: number, high: number, seed = 0): number[] {
  return Array.from({ length: count }, (_, i) => low + (high - low) * (((i + 1) * 0.6180339887 + seed * 0.377) % 1));
}

/** A tensor of `dtype`: numbers of the range, or small integers (never negative for unsigned ones). */
export function sample(
  dtype: DType,
  shape: readonly number[],
  [low, high]: readonly [number, number],
  seed = 0,
): Tensor {
  const count = shape.reduce((n, size) => n * size, 1);
  const whole = () =>
    numbers(count, dtype === 'uint8' ? Math.max(0, Math.floor(low)) : Math.floor(low), Math.ceil(high) + 1, seed).map(
      Math.floor,
    );
  const values = isFloatingPoint(dtype) ? numbers(count, low, high, seed) : whole();
  return tensor(dtype === 'bool' ? values.map((v) => v % 2 !== 0) : values, { dtype }).reshape(shape);
}

/** Second operands: for integers whole numbers from 1, a shift, a divisor and an exponent at the same time. */
export const rightSample = (dtype: DType, shape: readonly number[], range: readonly [number, number]): Tensor =>
  sample(dtype, shape, isFloatingPoint(dtype) ? range : [1, 3], 1);

/** Every element as a number, bigints included. */
export const values = (x: Tensor): number[] => Array.from(x.to('float64').toTypedArray() as Float64Array);

/** The bytes of every element: equal exactly when all bits are. */
export const bits = (x: Tensor): string =>
  `${x.dtype}[${x.shape}] ${Buffer.from(x.toTypedArray().buffer).toString('hex')}`;

export const ranges = [
  [-2, 2],
  [0.1, 3],
  [1.1, 3],
  [-0.9, 0.9],
  [0.1, 0.9],
] as const;

/** The first of the ranges in which float64 results are all finite. */
export function domainOf(run: (range: readonly [number, number]) => Tensor): readonly [number, number] {
  for (const range of ranges) {
    try {
      if (values(run(range)).every(Number.isFinite)) return range;
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_CRESSET_DTYPE') return range;
      throw error;
    }
  }
  throw new Error('no range gives finite values');
}

/** The result, or undefined where the row does not take the dtype. */
export function attempt(run: () => Tensor): Tensor | undefined {
  try {
    return run();
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_CRESSET_DTYPE') return undefined;
    throw error;
  }
}

/** The same elements in memory laid out in other ways. */
export function layouts(x: Tensor): Record<string, Tensor> {
  const [rows = 1, columns = 1] = x.shape;
  const wide = tensor(0, { dtype: x.dtype })
    .expand([2 * rows, columns + 3])
    .clone();
  const sliced = wide.slice(0, 1, 2 * rows, 2).slice(1, 2, 2 + columns);
  sliced.copy_(x);
  const backwards = x.slice(0, undefined, undefined, -1).clone().slice(0, undefined, undefined, -1);
  return { transposed: x.t().clone().t(), sliced, backwards };
}
