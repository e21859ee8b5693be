// SPDX-License-Identifier: MIT
// The program of mnist.ts with its step compiled and each run awaited, off the JS thread. Arguments: epochs, batch
// size. Prints what an epoch took, the mean training loss of each, and how long the first call takes beside the others.
import { compile, manualSeed, nn, optim, type Tensor } from 'cresset';
import { Classifier, mnistLoader } from './models.js';
import { printEpochs } from './support.js';

const epochs = Number(process.argv[2]);
const batchSize = Number(process.argv[3]);
const row = `mnist-epoch-compiled-${batchSize}`;
manualSeed(0);
const loader = await mnistLoader(batchSize);
const model = new Classifier();
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
const step = compile((data: Tensor, target: Tensor) => {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(data), target);
  loss.backward();
  optimizer.step();
  return loss;
});

const seconds: number[] = [];
const losses: number[] = [];
let firstCall = 0;
for (let epoch = 0; epoch < epochs; epoch++) {
  const began = performance.now();
  let total = 0;
  let count = 0;
  for await (const [data, target] of loader) {
    const called = performance.now();
    total += (await step.run(data, target)).item();
    firstCall ||= performance.now() - called; // records, compiles and runs
    count++;
  }
  seconds.push((performance.now() - began) / 1000);
  losses.push(total / count);
}
printEpochs(row, { seconds, losses, values: { [`mnist-compile-${batchSize}`]: firstCall } });
