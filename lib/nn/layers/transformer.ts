// SPDX-License-Identifier: MIT
import type { DType } from '../../dtype.js';
import { ArgumentRangeError } from '../../errors.js';
import { gelu, relu } from '../../ops.js';
import type { RandomOptions } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { MultiheadAttention } from './attention.js';
import { Dropout } from './basic.js';
import { Linear } from './linear.js';
import { LayerNorm } from './normalization.js';

/** Options of the Transformer's layers. */
export interface TransformerLayerOptions extends RandomOptions {
  /** Width of the feed-forward part. Default 2048. */
  dimFeedforward?: number | undefined;
  /** Default 0.1. */
  dropout?: number | undefined;
  /** Default `'relu'`. */
  activation?: 'relu' | 'gelu' | undefined;
  /** Normalise before each part instead of after it. Default false. */
  normFirst?: boolean | undefined;
  /** Inputs and outputs are [N, L, dModel] instead of [L, N, dModel]. Default false. */
  batchFirst?: boolean | undefined;
  /** Learn offsets. Default true. */
  bias?: boolean | undefined;
  /** Added to the variances. Default 1e-5. */
  layerNormEps?: number | undefined;
  dtype?: DType | undefined;
}

/** What both layers share: parts under PyTorch's names, and a residual path around each. */
abstract class TransformerLayer extends Module {
  declare self_attn: MultiheadAttention;
  declare linear1: Linear;
  declare linear2: Linear;
  declare dropout: Dropout;
  readonly normFirst: boolean;
  readonly activation: 'relu' | 'gelu';

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions, crossAttention: boolean) {
    super();
    const { dimFeedforward = 2048, dropout = 0.1, activation = 'relu', normFirst = false } = options;
    if (activation !== 'relu' && activation !== 'gelu') {
      throw new ArgumentRangeError(
        `${this.constructor.name}: activation: expected 'relu' or 'gelu', got '${activation}'`,
      );
    }
    this.normFirst = normFirst;
    this.activation = activation;
    this.self_attn = new MultiheadAttention(dModel, nhead, { ...options, dropout });
    if (crossAttention)
      this.registerModule('multihead_attn', new MultiheadAttention(dModel, nhead, { ...options, dropout }));
    this.linear1 = new Linear(dModel, dimFeedforward, options);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, options);
    const { layerNormEps: eps, bias, dtype } = options;
    const parts = crossAttention ? [1, 2, 3] : [1, 2];
    for (const i of parts) this.registerModule(`norm${i}`, new LayerNorm(dModel, { eps, bias, dtype }));
    for (const i of parts) this.registerModule(`dropout${i}`, new Dropout(dropout));
  }
  /** x plus one part of the layer, normalised before or after. */
  protected around(x: Tensor, part: (x: Tensor) => Tensor, i: number): Tensor {
    const own = this as unknown as Record<string, LayerNorm & Dropout>;
    const norm = own[`norm${i}`] as LayerNorm;
    const drop = own[`dropout${i}`] as Dropout;
    if (this.normFirst) return x.add(drop.forward(part(norm.forward(x))));
    return norm.forward(x.add(drop.forward(part(x))));
  }
  protected feedForward(x: Tensor): Tensor {
    const inner = this.linear1.forward(x);
    return this.linear2.forward(this.dropout.forward(this.activation === 'relu' ? relu(inner) : gelu(inner)));
  }
}

/** Masks of a {@link TransformerEncoderLayer}; true means blocked. */
export interface EncoderMasks {
  srcMask?: Tensor | undefined;
  srcKeyPaddingMask?: Tensor | undefined;
}
/** Self-attention and a feed-forward part (Vaswani et al. 2017). */
export class TransformerEncoderLayer extends TransformerLayer {
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super(dModel, nhead, options, false);
  }
  forward(src: Tensor, { srcMask, srcKeyPaddingMask }: EncoderMasks = {}): Tensor {
    const options = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, needWeights: false };
    const attended = this.around(src, (x) => this.self_attn.forward(x, x, x, options)[0], 1);
    return this.around(attended, (x) => this.feedForward(x), 2);
  }
}

/** Masks of a {@link TransformerDecoderLayer}; true means blocked. */
export interface DecoderMasks {
  tgtMask?: Tensor | undefined;
  memoryMask?: Tensor | undefined;
  tgtKeyPaddingMask?: Tensor | undefined;
  memoryKeyPaddingMask?: Tensor | undefined;
}
/** Self-attention, attention to the encoder's output, and a feed-forward part. */
export class TransformerDecoderLayer extends TransformerLayer {
  declare multihead_attn: MultiheadAttention;
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super(dModel, nhead, options, true);
  }
  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const own = { attnMask: masks.tgtMask, keyPaddingMask: masks.tgtKeyPaddingMask, needWeights: false };
    const cross = { attnMask: masks.memoryMask, keyPaddingMask: masks.memoryKeyPaddingMask, needWeights: false };
    const first = this.around(tgt, (x) => this.self_attn.forward(x, x, x, own)[0], 1);
    const second = this.around(first, (x) => this.multihead_attn.forward(x, memory, memory, cross)[0], 2);
    return this.around(second, (x) => this.feedForward(x), 3);
  }
}
