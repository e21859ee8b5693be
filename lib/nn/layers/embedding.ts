// SPDX-License-Identifier: MIT
import { noGrad } from '../../autograd.js';
import { zeros } from '../../creation.js';
import type { DType } from '../../dtype.js';
import { ArgumentRangeError } from '../../errors.js';
import type { RandomOptions } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { embedding, embeddingBag } from '../functional/embedding.js';
import { normal_ } from '../init.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';

/** Options of {@link Embedding}. */
export interface EmbeddingLayerOptions extends RandomOptions {
  /** Index whose row starts at 0 and gets no gradient; negative ones count from the end. */
  paddingIdx?: number | undefined;
  /** Divide a row's gradient by how often it was looked up. Default false. */
  scaleGradByFreq?: boolean | undefined;
  dtype?: DType | undefined;
}

/** A table of vectors: integer indices of any shape to [..., embeddingDim]. Initialised from the normal distribution. */
export class Embedding extends Module {
  weight: Tensor;
  readonly paddingIdx: number | undefined;
  readonly scaleGradByFreq: boolean;

  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    { paddingIdx, scaleGradByFreq = false, dtype = 'float32', generator }: EmbeddingLayerOptions = {},
  ) {
    super();
    const padding = paddingIdx !== undefined && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    if (padding !== undefined && !(padding >= 0 && padding < numEmbeddings)) {
      throw new ArgumentRangeError(`Embedding: paddingIdx ${paddingIdx} is out of range for ${numEmbeddings} rows`);
    }
    this.paddingIdx = padding;
    this.scaleGradByFreq = scaleGradByFreq;
    this.weight = new Parameter(zeros([numEmbeddings, embeddingDim], { dtype }));
    normal_(this.weight, 0, 1, { generator });
    if (padding !== undefined) noGrad(() => this.weight.select(0, padding).copy_(0));
  }
  forward(x: Tensor): Tensor {
    return embedding(x, this.weight, { paddingIdx: this.paddingIdx, scaleGradByFreq: this.scaleGradByFreq });
  }
  override extraRepr(): string {
    const padding = this.paddingIdx === undefined ? '' : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}${this.scaleGradByFreq ? ', scale_grad_by_freq=True' : ''}`;
  }
}

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagLayerOptions extends RandomOptions {
  /** How the rows of a bag are joined. Default `'mean'`. */
  mode?: 'sum' | 'mean' | 'max' | undefined;
  /** Is the last offset the end of the last bag? Default false. */
  includeLastOffset?: boolean | undefined;
  /** Index that counts for nothing; negative ones count from the end. */
  paddingIdx?: number | undefined;
  dtype?: DType | undefined;
}

/** Sums, means or maxima of an embedding over bags of indices. */
export class EmbeddingBag extends Module {
  weight: Tensor;
  readonly mode: 'sum' | 'mean' | 'max';
  readonly includeLastOffset: boolean;
  readonly paddingIdx: number | undefined;

  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options: EmbeddingBagLayerOptions = {},
  ) {
    super();
    const { mode = 'mean', includeLastOffset = false, paddingIdx, dtype = 'float32', generator } = options;
    this.mode = mode;
    this.includeLastOffset = includeLastOffset;
    this.paddingIdx = paddingIdx;
    this.weight = new Parameter(zeros([numEmbeddings, embeddingDim], { dtype }));
    normal_(this.weight, 0, 1, { generator });
  }
  forward(x: Tensor, offsets?: Tensor, perSampleWeights?: Tensor): Tensor {
    const { mode, includeLastOffset, paddingIdx } = this;
    return embeddingBag(x, this.weight, { offsets, perSampleWeights, mode, includeLastOffset, paddingIdx });
  }
  override extraRepr(): string {
    const padding = this.paddingIdx === undefined ? '' : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}, mode='${this.mode}'${padding}`;
  }
}
