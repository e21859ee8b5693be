// SPDX-License-Identifier: MIT

import { onesLike, zeros } from '../../creation.js';
import { ShapeError } from '../../errors.js';
import { indexSelect } from '../../ops/indexing.js';
import { scatterAdd } from '../../ops/scatter.js';
import { where } from '../../ops/where.js';
import type { Tensor } from '../../tensor.js';

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** Index whose row gets no gradient; negative ones count from the end. */
  paddingIdx?: number | undefined;
  /** Divide a row's gradient by how often it was looked up. Default false. */
  scaleGradByFreq?: boolean | undefined;
}

/** Rows of `weight` [rows, size] at integer indices of any shape: [..., size]. @throws RangeError for an index out of range */
export function embedding(
  x: Tensor,
  weight: Tensor,
  { paddingIdx, scaleGradByFreq = false }: EmbeddingOptions = {},
): Tensor {
  if (weight.ndim !== 2)
    throw new ShapeError(`embedding: weight: expected 2 dimensions, got shape [${weight.shape.join(', ')}]`);
  const index = x.reshape([x.numel()]);
  let rows = indexSelect(weight, 0, index);
  if (paddingIdx !== undefined) {
    const padding = index.eq(paddingIdx < 0 ? paddingIdx + weight.size(0) : paddingIdx).unsqueeze(1);
    rows = where(padding, rows.detach(), rows);
  }
  if (scaleGradByFreq) {
    const once = onesLike(index, { dtype: weight.dtype });
    const counts = indexSelect(scatterAdd(zeros([weight.size(0)], { dtype: weight.dtype }), 0, index, once), 0, index);
    // The value stays, since the difference is 0; the gradient is divided.
    rows = rows.detach().add(rows.sub(rows.detach()).div(counts.unsqueeze(1)));
  }
  return rows.reshape([...x.shape, weight.size(1)]);
}
