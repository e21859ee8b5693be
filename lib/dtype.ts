// SPDX-License-Identifier: MIT
import { DTypeError } from './errors.js';

/** Element types. float16 and bfloat16 are stored as such; their arithmetic runs in float32. */
export type DType =
  | 'float32'
  | 'float64'
  | 'bfloat16'
  | 'float16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

/** Typed arrays that hold tensor data: raw bits (`Uint16Array`) for the 16-bit floats, 0/1 bytes for bool. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

interface DTypeInfo {
  readonly bytes: number;
  readonly array: new (buffer: ArrayBuffer) => TypedArray;
  readonly isFloat: boolean;
}

const infos: Readonly<Record<DType, DTypeInfo>> = {
  float32: { bytes: 4, array: Float32Array, isFloat: true },
  float64: { bytes: 8, array: Float64Array, isFloat: true },
  bfloat16: { bytes: 2, array: Uint16Array, isFloat: true },
  float16: { bytes: 2, array: Uint16Array, isFloat: true },
  int64: { bytes: 8, array: BigInt64Array, isFloat: false },
  int32: { bytes: 4, array: Int32Array, isFloat: false },
  int16: { bytes: 2, array: Int16Array, isFloat: false },
  int8: { bytes: 1, array: Int8Array, isFloat: false },
  uint8: { bytes: 1, array: Uint8Array, isFloat: false },
  bool: { bytes: 1, array: Uint8Array, isFloat: false },
};

/** All dtypes. */
export const dtypes = Object.keys(infos) as readonly DType[];

/** Is `value` the name of a dtype? */
export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(infos, value);
}

function info(dtype: DType): DTypeInfo {
  if (!isDType(dtype)) throw new DTypeError(`unknown dtype ${String(dtype)} (expected ${dtypes.join(', ')})`);
  return infos[dtype];
}

/** Bytes of one element. */
export function itemSize(dtype: DType): number {
  return info(dtype).bytes;
}

/** float32, float64, float16 or bfloat16? */
export function isFloatingPoint(dtype: DType): boolean {
  return info(dtype).isFloat;
}

/** The buffer seen as the dtype's typed array. */
export function typedArrayOf(dtype: DType, buffer: ArrayBuffer): TypedArray {
  return new (info(dtype).array)(buffer);
}

/** The dtype that a typed array holds by itself; `Uint16Array` has none (it may be float16 or bfloat16). */
export function dtypeOf(array: unknown): DType | undefined {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof BigInt64Array) return 'int64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Int16Array) return 'int16';
  if (array instanceof Int8Array) return 'int8';
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return 'uint8';
  return undefined;
}
