// SPDX-License-Identifier: MIT
// The models of the training rows, as bench/peers/torch_training.py has them.
import { nn, randn, type Tensor } from 'cresset';

const F = nn.functional;

/** Two LSTM layers; the last step's output classifies the sequence. */
export class Recurrent extends nn.Module {
  lstm = new nn.LSTM(128, 256, { numLayers: 2, batchFirst: true });
  out = new nn.Linear(256, 10);
  forward(x: Tensor) {
    const [output] = this.lstm.forward(x);
    return this.out.forward(output.select(1, -1));
  }
}

class Block extends nn.Module {
  norm1: nn.LayerNorm;
  norm2: nn.LayerNorm;
  qkv: nn.Linear;
  proj: nn.Linear;
  up: nn.Linear;
  down: nn.Linear;

  constructor(
    width: number,
    readonly heads: number,
  ) {
    super();
    this.norm1 = new nn.LayerNorm(width);
    this.norm2 = new nn.LayerNorm(width);
    this.qkv = new nn.Linear(width, 3 * width);
    this.proj = new nn.Linear(width, width);
    this.up = new nn.Linear(width, 4 * width);
    this.down = new nn.Linear(4 * width, width);
  }

  forward(x: Tensor) {
    const [n, t, d] = x.shape as [number, number, number];
    const heads = this.qkv.forward(this.norm1.forward(x)).view([n, t, 3, this.heads, d / this.heads]);
    const [q, k, v] = heads.permute([2, 0, 3, 1, 4]).unbind(0) as [Tensor, Tensor, Tensor];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true }).transpose(1, 2).reshape([n, t, d]);
    const z = x.add(this.proj.forward(y));
    return z.add(this.down.forward(F.gelu(this.up.forward(this.norm2.forward(z)))));
  }
}

/** A decoder of GPT's kind over characters. */
export class Gpt extends nn.Module {
  embedding: nn.Embedding;
  position: Tensor;
  blocks: nn.Sequential;
  norm: nn.LayerNorm;
  out: nn.Linear;

  constructor(vocabulary: number, length: number, layers: number, heads: number, width: number) {
    super();
    this.embedding = new nn.Embedding(vocabulary, width);
    this.position = new nn.Parameter(randn([length, width]).mul(0.02));
    this.blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block(width, heads)));
    this.norm = new nn.LayerNorm(width);
    this.out = new nn.Linear(width, vocabulary, { bias: false });
  }

  forward(tokens: Tensor) {
    const x = this.embedding.forward(tokens).add(this.position);
    return this.out.forward(this.norm.forward(this.blocks.forward(x) as Tensor));
  }
}
