// SPDX-License-Identifier: MIT
import { type DType, dtypeOf, isFloatingPoint, itemSize, type TypedArray } from './dtype.js';
import { ArgumentRangeError, ArgumentTypeError, DataError, ShapeError } from './errors.js';
import { type Handle, type RawScalar, raw, rawFunction } from './raw.js';
import { fromHandle, handleOf, type NestedArray, type Tensor } from './tensor.js';

const rawFull = raw('full', 'shape: int[], value: Scalar, dtype: dtype -> Tensor');
const rawArange = raw('arange', 'start: Scalar, step: Scalar, count: int, dtype: dtype -> Tensor');
const rawLinspace = raw('linspace', 'start: float, end: float, count: int, dtype: dtype -> Tensor');
const rawMakeBuffer = rawFunction<(bytes: number) => ArrayBuffer>('makeBuffer');
const rawFromBuffer =
  rawFunction<
    (
      buffer: ArrayBuffer,
      byteOffset: number,
      shape: readonly number[],
      dtype: DType,
      copy: boolean,
      kept: boolean,
    ) => Handle
  >('fromBuffer');

/** Options of every function that makes a tensor. */
export interface CreationOptions {
  /** Element type. */
  dtype?: DType | undefined;
  /** Collect gradients for it. Default false. */
  requiresGrad?: boolean | undefined;
}

/** @internal */
export function finish(handle: Handle, requiresGrad: boolean | undefined): Tensor {
  const x = fromHandle(handle);
  return requiresGrad ? x.requiresGrad_() : x;
}

/** A tensor of `shape` filled with `value`; without `dtype` bool, int64 or float32 as the value's kind. */
export function full(
  shape: readonly number[],
  value: number | bigint | boolean,
  options: CreationOptions = {},
): Tensor {
  const { dtype = dtypeOfScalar(value), requiresGrad } = options;
  return finish(rawFull(shape, value as RawScalar, dtype), requiresGrad);
}
/** Zeros, float32 by default. */
export function zeros(shape: readonly number[], { dtype = 'float32', requiresGrad }: CreationOptions = {}): Tensor {
  return finish(rawFull(shape, 0, dtype), requiresGrad);
}
/** Ones, float32 by default. */
export function ones(shape: readonly number[], { dtype = 'float32', requiresGrad }: CreationOptions = {}): Tensor {
  return finish(rawFull(shape, 1, dtype), requiresGrad);
}
/** Zeros in the shape and dtype of another tensor. */
export function zerosLike(x: Tensor, { dtype = x.dtype, requiresGrad }: CreationOptions = {}): Tensor {
  return zeros(x.shape, { dtype, requiresGrad });
}
/** Ones in the shape and dtype of another tensor. */
export function onesLike(x: Tensor, { dtype = x.dtype, requiresGrad }: CreationOptions = {}): Tensor {
  return ones(x.shape, { dtype, requiresGrad });
}
/** One value in the shape and dtype of another tensor. */
export function fullLike(x: Tensor, value: number | bigint | boolean, options: CreationOptions = {}): Tensor {
  const { dtype = x.dtype, requiresGrad } = options;
  return full(x.shape, value, { dtype, requiresGrad });
}

/**
 * start, start + step, … before end: `arange(end)` or `arange(start, end, { step })`. int64 if all are whole
 * numbers, else float32; integer dtypes truncate start and step.
 */
export function arange(start: number, end?: number, options: CreationOptions & { step?: number } = {}): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  const { step = 1, requiresGrad } = options;
  if (!Number.isFinite(from) || !Number.isFinite(to) || !Number.isFinite(step) || step === 0) {
    throw new ArgumentRangeError(
      `arange: expected finite numbers and a step that is not 0, got ${from}, ${to}, ${step}`,
    );
  }
  const count = Math.max(0, Math.ceil((to - from) / step));
  const whole = Number.isInteger(from) && Number.isInteger(to) && Number.isInteger(step);
  const dtype = options.dtype ?? (whole ? 'int64' : 'float32');
  const [first, stride] = isFloatingPoint(dtype) ? [from, step] : [Math.trunc(from), Math.trunc(step)];
  return finish(rawArange(first, stride, count, dtype), requiresGrad);
}
/** `count` numbers from start to end, both included. */
export function linspace(
  start: number,
  end: number,
  count: number,
  { dtype = 'float32', requiresGrad }: CreationOptions = {},
): Tensor {
  return finish(rawLinspace(start, end, count, dtype), requiresGrad);
}

/** Ones on the diagonal of an otherwise empty matrix, square unless `columns` is given. float32 by default. */
export function eye(rows: number, columns = rows, { dtype = 'float32', requiresGrad }: CreationOptions = {}): Tensor {
  const row = finish(rawArange(0, 1, rows, 'int64'), false).reshape([rows, 1]);
  const diagonal = row.eq(finish(rawArange(0, 1, columns, 'int64'), false)).to(dtype);
  return requiresGrad ? diagonal.requiresGrad_() : diagonal;
}

/** The dtype a JavaScript value makes by itself. */
function dtypeOfScalar(value: unknown): DType {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'int64';
  return 'float32';
}

/** Flattens nested arrays; the shape is that of the first elements, and every part must agree. */
function flattenNested(data: NestedArray): { shape: number[]; values: (number | bigint | boolean)[] } {
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > 16) throw new ShapeError('tensor: nested more than 16 deep');
    if (level.length === 0) break;
  }
  const values: (number | bigint | boolean)[] = [];
  const visit = (part: unknown, dim: number): void => {
    if (dim === shape.length) {
      const kind = typeof part;
      if (kind !== 'number' && kind !== 'bigint' && kind !== 'boolean') {
        throw new ArgumentTypeError(
          `tensor: expected numbers in nested arrays of one shape [${shape}], got ${Array.isArray(part) ? 'an array' : kind}`,
        );
      }
      values.push(part as number);
      return;
    }
    if (!Array.isArray(part) || part.length !== shape[dim]) {
      throw new ShapeError(
        `tensor: expected ${shape[dim]} elements at depth ${dim}, got ${Array.isArray(part) ? part.length : typeof part}`,
      );
    }
    for (const item of part) visit(item, dim + 1);
  };
  visit(data, 0);
  return { shape, values };
}

function commonDType(values: readonly (number | bigint | boolean)[]): DType {
  if (values.length === 0) return 'float32';
  let dtype: DType = 'bool';
  for (const value of values) {
    const own = dtypeOfScalar(value);
    if (own === 'float32') return own;
    if (own === 'int64') dtype = own;
  }
  return dtype;
}

/**
 * A tensor with a copy of the data: a number, nested arrays, or a typed array (one dimension). Without `dtype`:
 * bool, int64 if all are whole numbers, else float32; typed arrays keep theirs.
 */
export function tensor(data: NestedArray | TypedArray, options: CreationOptions = {}): Tensor {
  const { requiresGrad } = options;
  if (ArrayBuffer.isView(data)) {
    const own = dtypeOf(data) ?? (data instanceof Uint16Array ? options.dtype : undefined);
    if (own === undefined) throw new ArgumentTypeError('tensor: a Uint16Array needs a dtype: float16 or bfloat16');
    const copy = fromHandle(
      rawFromBuffer(plainBuffer('tensor', data), data.byteOffset, [data.length], own, true, false),
    );
    return finishCast(copy, options.dtype ?? own, requiresGrad);
  }
  const { shape, values } = flattenNested(data);
  const dtype = options.dtype ?? commonDType(values);
  const array = isFloatingPoint(dtype)
    ? Float64Array.from(values, Number)
    : BigInt64Array.from(values, (v) => (typeof v === 'bigint' ? v : toBigInt(v)));
  const held: DType = array instanceof Float64Array ? 'float64' : 'int64';
  return finishCast(fromHandle(rawFromBuffer(array.buffer, 0, shape, held, true, false)), dtype, requiresGrad);
}

function toBigInt(value: number | boolean): bigint {
  const whole = Math.trunc(Number(value));
  if (!Number.isFinite(whole)) throw new ArgumentRangeError(`tensor: ${value} is not an integer`);
  return BigInt.asIntN(64, BigInt(whole));
}

const rawCast = raw('cast', 'x: Tensor, dtype: dtype -> Tensor');
function finishCast(x: Tensor, dtype: DType, requiresGrad: boolean | undefined): Tensor {
  const y = x.dtype === dtype ? x : fromHandle(rawCast(handleOf(x), dtype));
  return requiresGrad ? y.requiresGrad_() : y;
}

/** A zero-dim tensor; the dtype says whether 2 means an integer or a float. */
export function scalar(value: number | bigint | boolean, dtype: DType = dtypeOfScalar(value)): Tensor {
  return full([], value, { dtype });
}

const resizableOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'resizable')?.get;

function plainBuffer(op: string, view: ArrayBufferView | ArrayBuffer): ArrayBuffer {
  const buffer = ArrayBuffer.isView(view) ? view.buffer : view;
  if (!(buffer instanceof ArrayBuffer)) {
    throw new ArgumentTypeError(`${op}: expected an ArrayBuffer or a typed array over one`);
  }
  if (resizableOf?.call(buffer)) {
    throw new DataError(`${op}: a resizable ArrayBuffer cannot back a tensor; copy it with slice() first`);
  }
  return buffer;
}

/**
 * A tensor on the memory of a buffer, without a copy: writes on one side are seen on the other, and the buffer
 * lives as long as the tensor. Resizable and shared buffers are refused; if the buffer is detached later, the
 * tensor's next use is an error.
 * @param options dtype (default: the typed array's own) and shape (default: one dimension)
 * @throws ShapeError if the buffer is too small
 */
export function fromBuffer(
  data: TypedArray | ArrayBuffer | ArrayBufferView,
  options: CreationOptions & { shape?: readonly number[] } = {},
): Tensor {
  const buffer = plainBuffer('fromBuffer', data);
  const dtype = options.dtype ?? dtypeOf(data);
  if (dtype === undefined)
    throw new ArgumentTypeError('fromBuffer: the dtype is not clear from the data; pass { dtype }');
  const [offset, bytes] = ArrayBuffer.isView(data) ? [data.byteOffset, data.byteLength] : [0, buffer.byteLength];
  const shape = options.shape ?? [Math.floor(bytes / itemSize(dtype))];
  const needed = shape.reduce((n, size) => n * size, itemSize(dtype));
  if (!(needed <= bytes)) {
    throw new ShapeError(
      `fromBuffer: shape [${shape.join(', ')}] of ${dtype} takes ${needed} bytes, the data has ${bytes}`,
    );
  }
  return finish(rawFromBuffer(buffer, offset, shape, dtype, false, false), options.requiresGrad);
}

/** @internal As `fromBuffer`, of data that nobody else knows or will: its memory cannot be taken away. */
export function fromOwnBuffer(data: Uint8Array<ArrayBuffer>, shape: readonly number[], dtype: DType): Tensor {
  return fromHandle(rawFromBuffer(data.buffer, data.byteOffset, shape, dtype, false, true));
}

/** Blocks of so many bytes lie on large pages, where the system has them. */
const largeBytes = 4 * 2 ** 20;

/**
 * @internal Memory of unknown content, to be filled and made a tensor by {@link fromOwnBuffer}. Rows of a large tensor that
 * are read in random order are found faster on large pages, which only memory that was not written yet can have.
 */
export function ownBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes < largeBytes ? new ArrayBuffer(bytes) : rawMakeBuffer(bytes));
}
