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

const ties = 'which of equal elements is chosen is not specified; cresset takes the first';
/** Cases of integers in which PyTorch chose another of them. */
const tied = new Set([
  'kthvalue-int64-b64893ecff',
  'kthvalue-uint8-e0ffd2802e',
  'topk-int64-358c40a7f2',
  'topk-int64-7401aaa784',
  'topk-uint8-53c64ed34e',
  'topk-uint8-75af2cd7c8',
]);

const reasons: Record<string, (test: Case) => string | false> = {
  'ops/linalg.matrix_norm': (test) => usesSvd(args(test)[1]) && svd,
  'ops/linalg.norm': (test) => {
    const ord = args(test)[1] ?? kwargs(test).ord;
    return (ord === 'nuc' || (Array.isArray(kwargs(test).dim) && usesSvd(ord))) && svd;
  },
  'ops/linalg.matrix_power': (test) => Number(args(test)[1]) < 0 && inverse,
  'ops/nn.functional.batch_norm': (test) => without.has(test.id) && 'an input of shape [0] has no channels',
  'ops/nn.functional.local_response_norm': (test) => !test.dtype.startsWith('float') && 'integers',
  'ops/kthvalue': (test) => tied.has(test.id) && ties,
  'ops/topk': (test) => tied.has(test.id) && ties,
  'ops/nn.functional.hardsigmoid': (test) =>
    test.dtype === 'float64' && "PyTorch's gradient in float64 takes 1 / 6 rounded to float32",
};

/** Why a case is not covered, if so. */
export function exceptionOf(title: string, test: Case): string | undefined {
  return reasons[title]?.(test) || undefined;
}
