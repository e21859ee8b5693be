// SPDX-License-Identifier: MIT
// node dist/test/determinism/sequences.js [compiled]: trains a recurrent model and a decoder with attention for ten
// steps each and prints the hash of each one's losses and weights.
import { createHash } from 'node:crypto';
import { compile, manualSeed, nn, optim, randint, randn, type Tensor } from 'cresset';

const F = nn.functional;

class Recurrent extends nn.Module {
  lstm = new nn.LSTM(12, 72, { numLayers: 2, batchFirst: true, bidirectional: true });
  gru = new nn.GRU(144, 40, { batchFirst: true });
  out = new nn.Linear(40, 10);
  forward(x: Tensor) {
    const [sequence] = this.lstm.forward(x);
    return this.out.forward(this.gru.forward(sequence)[0].select(1, -1));
  }
}

class Decoder extends nn.Module {
  embedding = new nn.Embedding(31, 48);
  norm = new nn.LayerNorm(48);
  qkv = new nn.Linear(48, 144);
  out = new nn.Linear(48, 31);
  forward(tokens: Tensor) {
    const x = this.embedding.forward(tokens);
    const [n, t] = tokens.shape as [number, number];
    const heads = this.qkv.forward(this.norm.forward(x)).view([n, t, 3, 4, 12]);
    const [q, k, v] = heads.permute([2, 0, 3, 1, 4]).unbind(0) as [Tensor, Tensor, Tensor];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true }).transpose(1, 2).reshape([n, t, 48]);
    return this.out.forward(F.gelu(x.add(y)));
  }
}

function hashOf(makeModel: () => nn.Module & { forward(x: Tensor): Tensor }, batch: () => [Tensor, Tensor]): string {
  manualSeed(7);
  const model = makeModel();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const step = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x).flatten(0, -2), y.flatten());
    loss.backward();
    optimizer.step();
    return loss;
  };
  const run = process.argv[2] ? compile(step) : step;
  const hash = createHash('sha256');
  for (let i = 0; i < 10; i++) hash.update(String((run(...batch()) as Tensor).item()));
  for (const p of model.parameters()) hash.update(Buffer.from(p.toTypedArray().buffer));
  return hash.digest('hex');
}

const sequences = (n: number) =>
  hashOf(
    () => new Recurrent(),
    () => [randn([n, 9, 12]), randint(0, 10, [n])],
  );
console.log(
  JSON.stringify({
    recurrent: sequences(100),
    fewSequences: sequences(20), // threads take some each or share the steps, as many as there are
    decoder: hashOf(
      () => new Decoder(),
      () => [randint(0, 31, [5, 150]), randint(0, 31, [5, 150])],
    ),
  }),
);
