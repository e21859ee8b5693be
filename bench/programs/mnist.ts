// SPDX-License-Identifier: MIT
// The PyTorch-style program of examples/mnist-torch.ts, training only. Argument: epochs. Prints what an epoch
// took, the mean training loss of each, and how often a 10 ms timer fired a second meanwhile.
import { manualSeed, nn, optim } from 'cresset';
import { Classifier, mnistLoader } from './models.js';
import { printEpochs } from './support.js';

const epochs = Number(process.argv[2]);
manualSeed(0);
const loader = await mnistLoader(64);
const model = new Classifier();
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
const seconds: number[] = [];
const losses: number[] = [];
let ticks = 0;
const timer = setInterval(() => {
  ticks++;
}, 10);
const start = performance.now();
for (let epoch = 0; epoch < epochs; epoch++) {
  const began = performance.now();
  let total = 0;
  let count = 0;
  for await (const [data, target] of loader) {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(data), target);
    loss.backward();
    optimizer.step();
    total += loss.item();
    count++;
  }
  seconds.push((performance.now() - began) / 1000);
  losses.push(total / count);
}
const timerPerSecond = ticks / ((performance.now() - start) / 1000);
clearInterval(timer);
printEpochs('mnist-epoch', { seconds, losses, notes: { 'a 10 ms timer, times a second': timerPerSecond } });
