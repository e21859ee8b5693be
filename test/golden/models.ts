// SPDX-License-Identifier: MIT
import { arange, nn, type Tensor } from 'cresset';
import type { ModuleClass } from './modules.js';

// The networks whose Python source is in the cases' `definition`.

class MLP extends nn.Module {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 10);
  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x.flatten(1)).relu());
  }
}

class CNN extends nn.Module {
  conv1: nn.Conv2d;
  bn: nn.BatchNorm2d | nn.Identity;
  conv2 = new nn.Conv2d(8, 16, 3);
  fc = new nn.Linear(16 * 5 * 5, 10);
  constructor(bn = false) {
    super();
    this.conv1 = new nn.Conv2d(1, 8, 3, { bias: !bn });
    this.bn = bn ? new nn.BatchNorm2d(8) : new nn.Identity();
  }
  override forward(x: Tensor): Tensor {
    const { maxPool2d } = nn.functional;
    const y = maxPool2d(this.bn.forward(this.conv1.forward(x.unsqueeze(1))).relu(), 2);
    return this.fc.forward(maxPool2d(this.conv2.forward(y).relu(), 2).flatten(1));
  }
}

class BasicBlock extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  down: nn.Sequential | null = null;
  constructor(cin: number, cout: number, stride = 1) {
    super();
    this.conv1 = new nn.Conv2d(cin, cout, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(cout);
    this.conv2 = new nn.Conv2d(cout, cout, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(cout);
    if (stride !== 1 || cin !== cout) {
      this.down = new nn.Sequential(new nn.Conv2d(cin, cout, 1, { stride, bias: false }), new nn.BatchNorm2d(cout));
    }
  }
  override forward(x: Tensor): Tensor {
    const y = this.bn2.forward(this.conv2.forward(this.bn1.forward(this.conv1.forward(x)).relu()));
    return y.add(this.down ? (this.down.forward(x) as Tensor) : x).relu();
  }
}

class RowLSTM extends nn.Module {
  lstm: nn.LSTM;
  fc: nn.Linear;
  constructor({ bidirectional = false } = {}) {
    super();
    this.lstm = new nn.LSTM(28, 32, { numLayers: 2, batchFirst: true, bidirectional });
    this.fc = new nn.Linear(bidirectional ? 64 : 32, 10);
  }
  override forward(x: Tensor): Tensor {
    const [y] = this.lstm.forward(x);
    return this.fc.forward(y.select(1, -1));
  }
}

class Block extends nn.Module {
  ln1: nn.LayerNorm;
  qkv: nn.Linear;
  proj: nn.Linear;
  ln2: nn.LayerNorm;
  fc1: nn.Linear;
  fc2: nn.Linear;
  constructor(
    d: number,
    private readonly heads: number,
  ) {
    super();
    this.ln1 = new nn.LayerNorm(d);
    this.qkv = new nn.Linear(d, 3 * d);
    this.proj = new nn.Linear(d, d);
    this.ln2 = new nn.LayerNorm(d);
    this.fc1 = new nn.Linear(d, 4 * d);
    this.fc2 = new nn.Linear(4 * d, d);
  }
  override forward(x: Tensor): Tensor {
    const [n, t] = x.shape as [number, number];
    const qkv = this.qkv.forward(this.ln1.forward(x)).view([n, t, 3, this.heads, -1]);
    const [q, k, v] = qkv.permute([2, 0, 3, 1, 4]).unbind(0) as [Tensor, Tensor, Tensor];
    const y = nn.functional.scaledDotProductAttention(q, k, v, { isCausal: true });
    const attended = x.add(this.proj.forward(y.transpose(1, 2).reshape([n, t, -1])));
    const inner = this.fc1.forward(this.ln2.forward(attended)).gelu({ approximate: 'tanh' });
    return attended.add(this.fc2.forward(inner));
  }
}

class GPT extends nn.Module {
  tok: nn.Embedding;
  pos: nn.Embedding;
  blocks: nn.ModuleList;
  lnf: nn.LayerNorm;
  head: nn.Linear;
  constructor({ vocab = 48, ctx = 16, d = 32, heads = 4, layers = 2 } = {}) {
    super();
    this.tok = new nn.Embedding(vocab, d);
    this.pos = new nn.Embedding(ctx, d);
    this.blocks = new nn.ModuleList(Array.from({ length: layers }, () => new Block(d, heads)));
    this.lnf = new nn.LayerNorm(d);
    this.head = new nn.Linear(d, vocab, { bias: false });
  }
  override forward(ids: Tensor): Tensor {
    let x = this.tok.forward(ids).add(this.pos.forward(arange(ids.size(1))));
    for (const block of this.blocks) x = (block as Block).forward(x);
    return this.head.forward(this.lnf.forward(x));
  }
}

/** By the name of the Python class. */
export const models: Record<string, ModuleClass> = {
  MLP: MLP as unknown as ModuleClass,
  RowLSTM: RowLSTM as unknown as ModuleClass,
  GPT: GPT as unknown as ModuleClass,
  CNN: CNN as unknown as ModuleClass,
  BasicBlock: BasicBlock as unknown as ModuleClass,
};
