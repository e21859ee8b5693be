// SPDX-License-Identifier: MIT
import type { Tensor } from '../index.js';
import { checkNumber, lookUp } from './inputs.js';

/** A penalty on weights that is added to the loss. */
export interface Regularizer {
  /** The penalty of `x`, a scalar. */
  call(x: Tensor): Tensor;
  readonly config: { readonly l1: number; readonly l2: number };
}

/**
 * l1 · Σ |x| + l2 · Σ x².
 * @throws RangeError for a factor below 0
 */
export function l1l2({ l1 = 0, l2 = 0 }: { l1?: number; l2?: number } = {}): Regularizer {
  checkNumber('l1l2: l1', l1, 0);
  checkNumber('l1l2: l2', l2, 0);
  const call = (x: Tensor) => {
    if (l2 === 0) return x.abs().sum().mul(l1);
    const squares = x.square().sum().mul(l2);
    return l1 === 0 ? squares : x.abs().sum().mul(l1).add(squares);
  };
  return { call, config: { l1, l2 } };
}
/** factor · Σ |x|. */
export const l1 = (factor = 0.01): Regularizer => l1l2({ l1: factor });
/** factor · Σ x². */
export const l2 = (factor = 0.01): Regularizer => l1l2({ l2: factor });

const table = { l1, l2, l1l2: () => l1l2({ l1: 0.01, l2: 0.01 }) };

/** Names that {@link get} knows; their factors are 0.01. */
export type RegularizerName = keyof typeof table;

/** The regularizer of a name, or the object itself; undefined for null and undefined. */
export function get(regularizer: RegularizerName | Regularizer | null | undefined): Regularizer | undefined {
  if (regularizer === null || regularizer === undefined) return undefined;
  if (typeof regularizer === 'object' && typeof regularizer.call === 'function') return regularizer;
  return lookUp<() => Regularizer>('regularizers.get', table, regularizer)();
}
