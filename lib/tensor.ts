// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';
import { type DType, isFloatingPoint, type TypedArray, typedArrayOf } from './dtype.js';
import { ArgumentRangeError, ArgumentTypeError, GraphError } from './errors.js';
import { formatTensor, toNested } from './format.js';
import { type Handle, type RawScalar, rawFunction } from './raw.js';

/** A tensor, or a number that behaves as PyTorch's Python numbers do in promotion. */
export type TensorLike = Tensor | number | bigint | boolean;

/** Nested arrays of numbers (bigints for int64 beyond 2^53, booleans for bool). */
export type NestedArray<T = number | bigint | boolean> = T | readonly NestedArray<T>[];

/** Where a tensor lives. */
export type Device = 'cpu' | 'cuda';

const rawShape = rawFunction<(x: Handle) => number[]>('shape');
const rawStrides = rawFunction<(x: Handle) => number[]>('strides');
const rawDType = rawFunction<(x: Handle) => DType>('dtype');
const rawOffset = rawFunction<(x: Handle) => number>('storageOffset');
const rawContiguous = rawFunction<(x: Handle) => boolean>('isContiguous');
const rawItem = rawFunction<(x: Handle) => number | boolean>('item');
const rawItemBigInt = rawFunction<(x: Handle) => bigint>('itemBigInt');
const rawToArrayBuffer = rawFunction<(x: Handle) => ArrayBuffer>('toArrayBuffer');
const rawDispose = rawFunction<(x: Handle) => void>('dispose');
const rawVersion = rawFunction<(x: Handle) => number>('version');
const rawRequiresGrad = rawFunction<(x: Handle) => boolean>('requiresGrad');
const rawSetRequiresGrad = rawFunction<(x: Handle, value: boolean) => void>('setRequiresGrad');
const rawGetGrad = rawFunction<(x: Handle) => Handle | undefined>('getGrad');
const rawSetGrad = rawFunction<(x: Handle, grad: Handle | undefined) => void>('setGrad');
const rawDetach = rawFunction<(x: Handle) => Handle>('detach');
const rawIsLeaf = rawFunction<(x: Handle) => boolean>('isLeaf');
const rawGradFn = rawFunction<(x: Handle) => string | undefined>('gradFn');
const rawBackward =
  rawFunction<(roots: Handle[], gradients: (Handle | undefined)[], retain: boolean, create: boolean) => void>(
    'backward',
  );

/** @internal Set by the class below, which alone can reach the private handle. */
export let handleOf: (x: Tensor, what?: string) => Handle;
/** @internal */
export let fromHandle: (handle: Handle) => Tensor;

/** @internal A tensor's handle, or the number itself. */
export function scalarOf(x: TensorLike, what?: string): RawScalar {
  return typeof x === 'object' ? handleOf(x, what) : x;
}

/** How `backward` treats the graph. */
export interface BackwardOptions {
  /** Start of the chain: d(objective)/d(this); needed unless the tensor has one element. */
  gradient?: Tensor;
  /** Keep saved tensors for another backward. Default: the value of `createGraph`. */
  retainGraph?: boolean;
  /** Record the backward pass itself, for higher orders. Default false. */
  createGraph?: boolean;
}

/** @internal Lets a subclass of the library call the constructor. */
export const tensorKey: unique symbol = Symbol('cresset.tensor');

/**
 * A strided, typed, n-dimensional array with autograd. Shape and dtype never change; the content changes
 * through methods whose name ends in `_` only. Operators are methods and functions of the same name.
 * Memory is freed when the object is collected (also inside a synchronous loop); `using` or `dispose()` frees it now.
 */
export class Tensor {
  #handle: Handle | undefined;
  #shape: readonly number[] | undefined = undefined;
  #dtype: DType | undefined = undefined;

  static {
    handleOf = (x, what = 'argument') => {
      if (typeof x !== 'object' || x === null || !(#handle in x)) {
        throw new ArgumentTypeError(`${what}: expected a Tensor, got ${x === null ? 'null' : typeof x}`);
      }
      if (x.#handle === undefined) throw new GraphError(`${what}: the tensor was disposed`);
      return x.#handle;
    };
    fromHandle = (handle) => new Tensor(tensorKey, handle);
  }

  protected constructor(key: typeof tensorKey, handle: Handle) {
    if (key !== tensorKey) throw new ArgumentTypeError('Tensor: use tensor(), zeros(), fromBuffer() … to make one');
    this.#handle = handle;
  }

  /** Sizes of the dimensions; `[]` for a scalar. */
  get shape(): readonly number[] {
    this.#shape ??= Object.freeze(rawShape(handleOf(this, 'shape')));
    return this.#shape;
  }
  /** Element type. */
  get dtype(): DType {
    this.#dtype ??= rawDType(handleOf(this, 'dtype'));
    return this.#dtype;
  }
  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }
  /** Where the tensor lives. */
  get device(): Device {
    handleOf(this, 'device');
    return 'cpu';
  }
  /** Number of elements. */
  numel(): number {
    return this.shape.reduce((n, size) => n * size, 1);
  }
  /** All sizes, or that of one dimension (negative counts from the end). */
  size(): readonly number[];
  size(dim: number): number;
  size(dim?: number): readonly number[] | number {
    if (dim === undefined) return this.shape;
    const size = this.shape[dim < 0 ? dim + this.ndim : dim];
    if (size === undefined) {
      throw new ArgumentRangeError(`size: dim ${dim} is out of range for shape [${this.shape.join(', ')}]`);
    }
    return size;
  }
  /** Steps between neighbours in each dimension, in elements. */
  get strides(): readonly number[] {
    return rawStrides(handleOf(this, 'strides'));
  }
  /** Elements before the first one in the storage. */
  get storageOffset(): number {
    return rawOffset(handleOf(this, 'storageOffset'));
  }
  /** Are the elements in row-major order without gaps? */
  isContiguous(): boolean {
    return rawContiguous(handleOf(this, 'isContiguous'));
  }
  /** Counts in-place changes of the storage. */
  get version(): number {
    return rawVersion(handleOf(this, 'version'));
  }
  /** float32, float64, float16 or bfloat16? */
  isFloatingPoint(): boolean {
    return isFloatingPoint(this.dtype);
  }

  /**
   * The only element as a number (as a boolean for dtype bool).
   * @throws ShapeError if there is not exactly one; RangeError beyond ±2^53 (use `itemBigInt`).
   */
  item(): number {
    return rawItem(handleOf(this, 'item')) as number;
  }
  /** The only element of an integer tensor, exactly. */
  itemBigInt(): bigint {
    return rawItemBigInt(handleOf(this, 'itemBigInt'));
  }
  /** A copy of the elements in row-major order. 16-bit floats come as raw bits in a `Uint16Array`. */
  toTypedArray(): TypedArray {
    return typedArrayOf(this.dtype, rawToArrayBuffer(handleOf(this, 'toTypedArray')));
  }
  /**
   * The elements as nested arrays of numbers (booleans for dtype bool); a plain number for a scalar.
   * @throws RangeError for an int64 element beyond ±2^53.
   */
  tolist(): NestedArray<number | boolean> {
    return toNested(this);
  }

  /** The accumulated gradient of a leaf, or `undefined`. */
  get grad(): Tensor | undefined {
    const grad = rawGetGrad(handleOf(this, 'grad'));
    return grad && fromHandle(grad);
  }
  set grad(value: Tensor | undefined | null) {
    rawSetGrad(handleOf(this, 'grad'), value ? handleOf(value, 'grad') : undefined);
  }
  /** Is a gradient computed for this tensor? */
  get requiresGrad(): boolean {
    return rawRequiresGrad(handleOf(this, 'requiresGrad'));
  }
  /** Was it made by the user rather than by a recorded op? */
  get isLeaf(): boolean {
    return rawIsLeaf(handleOf(this, 'isLeaf'));
  }
  /** Name of the op that made it, if recorded. */
  get gradFn(): string | undefined {
    return rawGradFn(handleOf(this, 'gradFn'));
  }
  /** Starts (or stops) collecting gradients in `grad`; leaves of a floating dtype only. */
  requiresGrad_(requiresGrad = true): this {
    rawSetRequiresGrad(handleOf(this, 'requiresGrad_'), requiresGrad);
    return this;
  }
  /** The same memory without history. */
  detach(): Tensor {
    return fromHandle(rawDetach(handleOf(this, 'detach')));
  }
  /** Computes the gradients of all leaves this tensor depends on and adds them to their `grad`. */
  backward(options: BackwardOptions = {}): void {
    const { gradient, createGraph = false, retainGraph = createGraph } = options ?? {};
    const start = gradient == null ? undefined : handleOf(gradient, 'backward: gradient');
    rawBackward([handleOf(this, 'backward')], [start], retainGraph, createGraph);
  }

  /** Frees the memory now, unless a view or the graph still needs it. Any later use is an error. */
  dispose(): void {
    if (this.#handle !== undefined) rawDispose(this.#handle);
    this.#handle = undefined;
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return this.#handle === undefined ? 'tensor(<disposed>)' : formatTensor(this);
  }
  [inspect.custom](): string {
    return this.toString();
  }
}
