// SPDX-License-Identifier: MIT
import type { Case } from './data.js';

// Cases that are left out, each with its reason; everything else of a covered op must agree.

const svd = 'needs singular values';
const inverse = 'needs the inverse of a matrix';
const usesSvd = (ord: unknown) => ord === 'nuc' || ord === 2 || ord === -2;
/** Cases named one by one. */
const without = new Set(
  ['float32-b407b65a8d', 'float32-4b929b2c6e', 'float64-94da63f4f3'].map((id) => `nn.functional.batch_norm-${id}`),
);
const args = (test: Case) => test.args as unknown[];
const kwargs = (test: Case) => test.kwargs as Record<string, unknown>;

const reasons: Record<string, (test: Case) => string | false> = {
  'ops/linalg.matrix_norm': (test) => usesSvd(args(test)[1]) && svd,
  'ops/linalg.norm': (test) => {
    const ord = args(test)[1] ?? kwargs(test).ord;
    return (ord === 'nuc' || (Array.isArray(kwargs(test).dim) && usesSvd(ord))) && svd;
  },
  'ops/linalg.matrix_power': (test) => Number(args(test)[1]) < 0 && inverse,
  'ops/nn.functional.batch_norm': (test) => without.has(test.id) && 'an input of shape [0] has no channels',
  'ops/nn.functional.local_response_norm': (test) => !test.dtype.startsWith('float') && 'integers',
  'ops/nn.functional.hardsigmoid': (test) =>
    test.dtype === 'float64' && "PyTorch's gradient in float64 takes 1 / 6 rounded to float32",
};

/** Why a case is not covered, if so. */
export function exceptionOf(title: string, test: Case): string | undefined {
  return reasons[title]?.(test) || undefined;
}
