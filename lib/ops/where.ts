// SPDX-License-Identifier: MIT
import { raw } from '../raw.js';
import { fromHandle, handleOf, scalarOf, type Tensor, type TensorLike } from '../tensor.js';

const rawWhere = raw('where', 'condition: Tensor, a: Scalar, b: Scalar -> Tensor');

/** From `a` where `condition` (bool) holds, else from `b`; all three broadcast. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return fromHandle(rawWhere(handleOf(condition, 'where'), scalarOf(a, 'where'), scalarOf(b, 'where')));
}
