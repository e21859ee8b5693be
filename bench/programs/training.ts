// SPDX-License-Identifier: MIT
// Milliseconds of one training step (forward, backward, AdamW) as bench/peers/torch_training.py measures it. Argument:
// what the rows' names begin with; compiled, but for `train-eager`, and for `train-autocast` in bfloat16.
import { autocast, compile, manualSeed, nn, optim, randint, randn, type Tensor } from 'cresset';
import { Cnn, Gpt, Recurrent, ResNet18 } from './models.js';
import { isAsked, measure, print } from './support.js';

interface Model extends nn.Module {
  forward(x: Tensor): Tensor;
}
const tokens = (shape: number[]): [Tensor, Tensor] => [randint(0, 65, shape), randint(0, 65, shape)];
const prefix = process.argv[2] as string;
const rows: Record<string, [() => Model, () => [Tensor, Tensor]]> = {
  cnn: [() => new Cnn(), () => [randn([64, 1, 28, 28]), randint(0, 10, [64])]],
  resnet18: [() => new ResNet18(), () => [randn([32, 3, 32, 32]), randint(0, 10, [32])]],
  lstm: [() => new Recurrent(), () => [randn([32, 64, 128]), randint(0, 10, [32])]],
  'gpt-nano': [() => new Gpt(65, 64, 4, 4, 128), () => tokens([12, 64])],
  'gpt-mini': [() => new Gpt(65, 256, 6, 6, 384), () => tokens([8, 256])],
};

function train(model: Model, [x, y]: [Tensor, Tensor]): { value: number; losses: number[] } {
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  const lossOf = () => nn.functional.crossEntropy(model.forward(x).flatten(0, -2), y.flatten());
  const eager = () => {
    optimizer.zeroGrad();
    const loss = autocast(lossOf, { enabled: prefix === 'train-autocast' });
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = prefix === 'train-eager' ? eager : compile(eager);
  const losses = Array.from({ length: 3 }, () => step().item());
  return { value: measure(step, 3), losses };
}

const values: Record<string, number> = {};
const losses: Record<string, number[]> = {};
for (const [name, [makeModel, makeBatch]] of Object.entries(rows)) {
  const row = `${prefix}-${name}`;
  if (!isAsked(row)) continue;
  manualSeed(0);
  const trained = train(makeModel(), makeBatch());
  values[row] = trained.value;
  losses[row] = trained.losses;
}
print({ values, losses });
