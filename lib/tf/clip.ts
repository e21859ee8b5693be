// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import * as core from '../index.js';
import { Tensor, where } from '../index.js';
import { type Operand, operands, toTensor } from './convert.js';

/** Within [clipValueMin, clipValueMax]. */
export function clipByValue(x: Operand, clipValueMin: Operand, clipValueMax: Operand): Tensor {
  const [input, low] = operands(x, clipValueMin, 'clipByValue');
  return core.clamp(input, low, operands(input, clipValueMax, 'clipByValue')[1]);
}
/** Scaled down to an L2 norm of at most `clipNorm`, over `axes` or as a whole. */
export function clipByNorm(
  x: Operand,
  clipNorm: number,
  { axes }: { axes?: number | readonly number[] | undefined } = {},
): Tensor {
  const input = toTensor(x, 'clipByNorm');
  const limit = checkNorm('clipByNorm', clipNorm);
  const total = input.square().sum({ dim: axes, keepdim: true });
  const isZero = total.eq(0);
  const norm = where(isZero, total, where(isZero, 1, total).sqrt());
  return input.mul(limit).div(norm.maximum(limit));
}

/** A gradient that may be missing. */
export type MaybeTensor = Tensor | null | undefined;

function checkList(op: string, tensors: readonly MaybeTensor[]): Tensor[] {
  if (!Array.isArray(tensors)) throw new ArgumentTypeError(`${op}: expected an array of tensors`);
  const wrong = tensors.findIndex((x) => x != null && !(x instanceof Tensor));
  if (wrong >= 0) throw new ArgumentTypeError(`${op}: tensors[${wrong}]: expected a Tensor, null or undefined`);
  return tensors.filter((x) => x != null);
}
function checkNorm(op: string, clipNorm: unknown): number {
  if (typeof clipNorm === 'number' && clipNorm >= 0 && clipNorm < Infinity) return clipNorm;
  throw new ArgumentRangeError(`${op}: clipNorm: expected a finite number of at least 0, got ${String(clipNorm)}`);
}

/** The L2 norm of all elements of all tensors; missing ones are left out. */
export function globalNorm(tensors: readonly MaybeTensor[]): Tensor {
  const squares = checkList('globalNorm', tensors).map((x) => x.square().sum());
  return squares.length === 0 ? core.scalar(0, 'float32') : squares.reduce((total, x) => total.add(x)).sqrt();
}
/** All tensors scaled down together to a global norm of at most `clipNorm`, and the norm they had. */
export function clipByGlobalNorm<T extends MaybeTensor>(
  tensors: readonly T[],
  clipNorm: number,
  { useNorm }: { useNorm?: Tensor | undefined } = {},
): [clipped: T[], norm: Tensor] {
  checkList('clipByGlobalNorm', tensors);
  const norm = useNorm ?? globalNorm(tensors);
  const factor = norm.clampMin(checkNorm('clipByGlobalNorm', clipNorm)).reciprocal().mul(clipNorm);
  return [tensors.map((x) => (x == null ? x : x.mul(factor)) as T), norm];
}
