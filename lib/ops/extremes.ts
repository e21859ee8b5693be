// SPDX-License-Identifier: MIT
import { amax, amin, argmax, argmin, maximum, minimum } from '../ops.js';
import { Tensor } from '../tensor.js';
import { gather } from './scatter.js';

/** Extremes along a dimension, and where the first of each lies (int64). The gradient goes to that element. */
export interface ValuesAndIndices {
  values: Tensor;
  indices: Tensor;
}

function along(find: typeof argmax, x: Tensor, dim: number, keepdim: boolean): ValuesAndIndices {
  const at = find(x.dtype === 'bool' ? x.to('uint8') : x, { dim, keepdim: true });
  const values = x.ndim === 0 ? x.clone() : gather(x, dim, at);
  if (keepdim || x.ndim === 0) return { values, indices: at };
  return { values: values.squeeze(dim), indices: at.squeeze(dim) };
}

/** Largest element of all (equal ones share the gradient); NaN wins. */
export function max(x: Tensor): Tensor;
/** The larger of two, elementwise: `maximum`. */
export function max(x: Tensor, other: Tensor): Tensor;
/** Largest elements along `dim`, with their indices. */
export function max(x: Tensor, dim: number, options?: { keepdim?: boolean }): ValuesAndIndices;
export function max(
  x: Tensor,
  dim?: number | Tensor,
  { keepdim = false }: { keepdim?: boolean } = {},
): Tensor | ValuesAndIndices {
  if (dim === undefined) return amax(x);
  return dim instanceof Tensor ? maximum(x, dim) : along(argmax, x, dim, keepdim);
}

/** Smallest element of all (equal ones share the gradient); NaN wins. */
export function min(x: Tensor): Tensor;
/** The smaller of two, elementwise: `minimum`. */
export function min(x: Tensor, other: Tensor): Tensor;
/** Smallest elements along `dim`, with their indices. */
export function min(x: Tensor, dim: number, options?: { keepdim?: boolean }): ValuesAndIndices;
export function min(
  x: Tensor,
  dim?: number | Tensor,
  { keepdim = false }: { keepdim?: boolean } = {},
): Tensor | ValuesAndIndices {
  if (dim === undefined) return amin(x);
  return dim instanceof Tensor ? minimum(x, dim) : along(argmin, x, dim, keepdim);
}
