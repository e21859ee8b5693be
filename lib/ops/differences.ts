// SPDX-License-Identifier: MIT
import { ArgumentRangeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { normalizeDim } from './define.js';
import { cat } from './join.js';
import { slice } from './view.js';

/** Options of `diff`. */
export interface DiffOptions {
  /** How often. Default 1. */
  n?: number | undefined;
  /** Default the last. */
  dim?: number | undefined;
  /** Put before x first. */
  prepend?: Tensor | undefined;
  /** Put behind x first. */
  append?: Tensor | undefined;
}

/** Differences of neighbours along `dim`, n times: x[i + 1] - x[i]; for bool where they differ. */
export function diff(x: Tensor, { n = 1, dim = -1, prepend, append }: DiffOptions = {}): Tensor {
  if (!Number.isInteger(n) || n < 0) throw new ArgumentRangeError(`diff: n: expected a whole number from 0, got ${n}`);
  const at = normalizeDim('diff', dim, x.ndim);
  if (n === 0) return x;
  const parts = [prepend, x, append].filter((part) => part !== undefined);
  let y = parts.length > 1 ? cat(parts, at) : x;
  for (let i = 0; i < n && (i === 0 || y.size(at) > 0); i++) {
    const [later, earlier] = [slice(y, at, 1), slice(y, at, 0, Math.max(0, y.size(at) - 1))];
    y = x.dtype === 'bool' ? later.logicalXor(earlier) : later.sub(earlier);
  }
  return y;
}
