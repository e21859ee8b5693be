// SPDX-License-Identifier: MIT
// The program of mnist.ts with its step compiled, off the JS thread. Arguments: epochs, batch size, how: a `loop` that
// awaits each run, or `all` runs of an epoch in one call. Prints what an epoch took, the mean training loss of each, and
// how long the first call takes beside the others.
import { compile, manualSeed, nn, optim, type Tensor } from 'cresset';
import { Classifier, mnistLoader } from './models.js';
import { printEpochs } from './support.js';

const epochs = Number(process.argv[2]);
const batchSize = Number(process.argv[3]);
const how = process.argv[4] as 'loop' | 'all';
const row = `mnist-epoch-${how === 'loop' ? 'compiled' : 'all'}-${batchSize}`;
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

let firstCall = 0;
async function awaitEach(): Promise<number[]> {
  const found: number[] = [];
  for await (const [data, target] of loader) {
    const called = performance.now();
    found.push((await step.run(data, target)).item());
    firstCall ||= performance.now() - called; // records, compiles and runs
  }
  return found;
}
const runAll = async () => (await step.runAll(loader)).map((loss) => loss.item());

const seconds: number[] = [];
const losses: number[] = [];
for (let epoch = 0; epoch < epochs; epoch++) {
  const began = performance.now();
  const found = await { loop: awaitEach, all: runAll }[how]();
  seconds.push((performance.now() - began) / 1000);
  losses.push(found.reduce((sum, loss) => sum + loss) / found.length);
}
const values = how === 'loop' ? { [`mnist-compile-${batchSize}`]: firstCall } : {};
printEpochs(row, { seconds, losses, values });
