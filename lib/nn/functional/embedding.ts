// SPDX-License-Identifier: MIT

import { arange, onesLike, zeros } from '../../creation.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { indexAdd, indexSelect } from '../../ops/indexing.js';
import { scatterAdd, scatterReduce } from '../../ops/scatter.js';
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

/** Options of `embeddingBag`. */
export interface EmbeddingBagOptions {
  /** For a vector of indices: where each bag starts. */
  offsets?: Tensor | undefined;
  /** How the rows of a bag are joined. Default `'mean'`. */
  mode?: 'sum' | 'mean' | 'max' | undefined;
  /** A factor for each index, with mode `'sum'` only. */
  perSampleWeights?: Tensor | undefined;
  /** Is the last offset the end of the last bag? Default false. */
  includeLastOffset?: boolean | undefined;
  /** Index that counts for nothing; negative ones count from the end. */
  paddingIdx?: number | undefined;
}

/** The bag of each index, and the number of bags. */
function bagsOf(x: Tensor, { offsets, includeLastOffset = false }: EmbeddingBagOptions): [Tensor, number] {
  if (x.ndim === 2) {
    if (offsets) throw new ArgumentRangeError('embeddingBag: offsets go with a vector of indices, not with a matrix');
    return [arange(x.size(0)).unsqueeze(1).expand(x.shape).reshape([x.numel()]), x.size(0)];
  }
  if (x.ndim !== 1 || offsets?.ndim !== 1) {
    throw new ShapeError(
      `embeddingBag: expected a matrix, or a vector with offsets, got shape [${x.shape.join(', ')}]`,
    );
  }
  const starts = includeLastOffset ? offsets.narrow(0, 0, offsets.size(0) - 1) : offsets;
  return [arange(x.size(0)).unsqueeze(1).ge(starts).sum(1).sub(1), starts.size(0)];
}

/**
 * Sums, means or maxima of rows of `weight` over bags of indices: the rows of a matrix x [bags, n], or the parts of a
 * vector from each offset on. A bag without indices gives 0.
 */
export function embeddingBag(x: Tensor, weight: Tensor, options: EmbeddingBagOptions = {}): Tensor {
  const { mode = 'mean', perSampleWeights, paddingIdx } = options;
  if (perSampleWeights && mode !== 'sum') {
    throw new ArgumentRangeError(`embeddingBag: perSampleWeights go with mode 'sum', got '${mode}'`);
  }
  const [bags, count] = bagsOf(x, options);
  const index = x.reshape([x.numel()]);
  const padding = paddingIdx !== undefined && paddingIdx < 0 ? paddingIdx + weight.size(0) : paddingIdx;
  const counted = padding === undefined ? onesLike(index, { dtype: 'bool' }) : index.ne(padding);
  const keep = counted.unsqueeze(1);
  const rows = embedding(index, weight, { paddingIdx: padding });
  const empty = zeros([count, weight.size(1)], { dtype: weight.dtype });
  if (mode === 'max') {
    const bag = bags.unsqueeze(1).expand(rows.shape);
    const largest = scatterReduce(empty.sub(Infinity), 0, bag, where(keep, rows, -Infinity), 'amax');
    return where(largest.eq(-Infinity), 0, largest);
  }
  const weighed = perSampleWeights ? rows.mul(perSampleWeights.reshape([x.numel(), 1])) : rows;
  const total = indexAdd(empty, 0, bags, where(keep, weighed, 0));
  if (mode === 'sum') return total;
  const sizes = indexAdd(zeros([count], { dtype: weight.dtype }), 0, bags, counted.to(weight.dtype));
  return total.div(sizes.clamp(1).unsqueeze(1));
}
