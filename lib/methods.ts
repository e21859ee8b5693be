// SPDX-License-Identifier: MIT
import { native } from './native.js';
import * as counting from './ops/counting.js';
import type { Unary } from './ops/define.js';
import * as differences from './ops/differences.js';
import type { ValuesAndIndices } from './ops/extremes.js';
import * as extremes from './ops/extremes.js';
import * as indexing from './ops/indexing.js';
import { tensorSplit } from './ops/join.js';
import * as masked from './ops/masked.js';
import * as matrix from './ops/matrix.js';
import * as pointwise from './ops/pointwise.js';
import * as products from './ops/products.js';
import * as random from './ops/random.js';
import * as rearrange from './ops/rearrange.js';
import * as scan from './ops/scan.js';
import * as scatter from './ops/scatter.js';
import * as softmax from './ops/softmax.js';
import {
  argsort,
  bucketize,
  type DimOptions,
  kthvalue,
  median,
  quantile,
  searchsorted,
  sort,
  topk,
} from './ops/sort.js';
import * as statistics from './ops/statistics.js';
import { type Unique, type UniqueOptions, unique, uniqueConsecutive } from './ops/unique.js';
import * as view from './ops/view.js';
import * as ops from './ops.js';
import { raw } from './raw.js';
import { handleOf, scalarOf, Tensor, type TensorLike } from './tensor.js';

// Every op whose first argument is a tensor becomes a method; every elementwise row also `name_`, in place.

const { slice: _, ...index } = indexing; // the method `slice` is the view
const families = {
  ...ops,
  ...counting,
  ...differences,
  ...extremes,
  ...index,
  ...masked,
  ...matrix,
  ...pointwise,
  ...products,
  ...random,
  ...rearrange,
  ...scan,
  ...scatter,
  ...softmax,
  ...statistics,
  ...view,
  argsort,
  bucketize,
  kthvalue,
  median,
  quantile,
  searchsorted,
  sort,
  topk,
  tensorSplit,
  unique,
  uniqueConsecutive,
};
type Families = typeof families;
type Overloaded = 'nonzero' | 'max' | 'median' | 'min' | 'unique' | 'uniqueConsecutive';
// biome-ignore lint/suspicious/noExplicitAny: the first parameter may not be resolved while Tensor's own type is
type Method<F> = F extends (x: any, ...rest: infer A) => infer R ? (...rest: A) => R : never;
type OpMethods = { [K in Exclude<keyof Families, Overloaded>]: Method<Families[K]> };
type UnaryNames = { [K in keyof typeof ops]: (typeof ops)[K] extends Unary ? K : never }[keyof typeof ops];
type InPlaceMethods = {
  [K in Exclude<
    keyof typeof ops,
    'sum' | 'prod' | 'amax' | 'amin' | 'argmax' | 'argmin' | 'any' | 'all'
  > as `${K}_`]: K extends UnaryNames ? () => Tensor : (b: TensorLike) => Tensor;
};

declare module './tensor.js' {
  interface Tensor extends OpMethods, InPlaceMethods {
    /** Copies the values of `source` (broadcast, cast) into this tensor. */
    copy_(source: TensorLike): Tensor;
    /** Positions of the non-zero elements, (count, ndim) int64; with `asTuple` one vector per dimension. */
    nonzero(options?: { asTuple?: false }): Tensor;
    nonzero(options: { asTuple: true }): Tensor[];
    /** Largest element of all, of two elementwise, or along a dimension with its index. */
    max(other?: Tensor): Tensor;
    max(dim: number, options?: { keepdim?: boolean }): ValuesAndIndices;
    /** Smallest element of all, of two elementwise, or along a dimension with its index. */
    min(other?: Tensor): Tensor;
    min(dim: number, options?: { keepdim?: boolean }): ValuesAndIndices;
    /** The lower of the two elements in the middle, or along a dimension with its place. */
    median(): Tensor;
    median(dim: number | DimOptions): ValuesAndIndices;
    /** The distinct elements in ascending order, and what the options ask for. */
    unique(): Tensor;
    unique(options: UniqueOptions): Tensor | Unique;
    /** One element of each run of equal ones, and what the options ask for. */
    uniqueConsecutive(): Tensor;
    uniqueConsecutive(options: UniqueOptions): Tensor | Unique;
  }
}

const prototype = Tensor.prototype as unknown as Record<string, unknown>;
const define = (name: string, value: unknown) =>
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });

for (const [name, op] of Object.entries(families)) {
  const call = op as (...args: unknown[]) => unknown;
  define(name, function (this: Tensor, ...args: unknown[]) {
    return call(this, ...args);
  });
}

// Of `copy` only the in-place form is for users.
raw('copy', 'x: Tensor, source: Scalar -> Tensor');

/** gelu_tanh -> geluTanh. */
const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

for (const { name, inPlace } of (native.listOps as () => { name: string; inPlace: boolean }[])()) {
  if (!inPlace) continue;
  const call = native[`${name}_`] as (...args: unknown[]) => unknown;
  define(`${camel(name)}_`, function (this: Tensor, b?: TensorLike) {
    call(handleOf(this, `${name}_`), b === undefined ? undefined : scalarOf(b, `${name}_`));
    return this;
  });
}
