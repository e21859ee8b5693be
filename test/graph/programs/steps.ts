// SPDX-License-Identifier: MIT
// node dist/test/graph/programs/steps.js sync|async STEPS [KIND]: replays a training step that many times and prints the
// resident bytes after a fifth of the steps and in the end.
import { compile, manualSeed, nn, optim, randint, randn, type Tensor } from 'cresset';

const [way, count, kind = 'mlp'] = process.argv.slice(2) as [string, string, string?];
const steps = Number(count);
manualSeed(1);

class Attention extends nn.Module {
  inner = new nn.MultiheadAttention(16, 4, { batchFirst: true });
  norm = new nn.LayerNorm(16);
  out = new nn.Linear(16 * 8, 4);
  forward(x: Tensor) {
    const [y] = this.inner.forward(x, x, x);
    return this.out.forward(this.norm.forward(x.add(y)).reshape([x.size(0), -1]));
  }
}
const models: Record<string, () => { model: nn.Module & { forward(x: Tensor): Tensor }; input: number[] }> = {
  mlp: () => ({
    model: new nn.Sequential(
      new nn.Linear(64, 128),
      new nn.BatchNorm1d(128),
      new nn.GELU(),
      new nn.Dropout(0.2),
      new nn.Linear(128, 4),
    ) as never,
    input: [32, 64],
  }),
  attention: () => ({ model: new Attention(), input: [4, 8, 16] }),
};
const { model, input } = (models[kind] as (typeof models)['mlp'])();
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters());
const step = compile((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});
const [x, y] = [randn(input), randint(0, 4, [input[0] as number])];
const resident: number[] = [];
for (let i = 1; i <= steps; i++) {
  if (way === 'async') await step.run(x, y);
  else step(x, y);
  if (i === steps / 5 || i === steps) resident.push(process.memoryUsage.rss());
}
console.log(JSON.stringify(resident));
