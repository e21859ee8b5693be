// SPDX-License-Identifier: MIT
// The program of mnist.ts with its step compiled and run off the JavaScript thread. Also tells what recording it takes.
import { compile, manualSeed, nn, optim, type Tensor } from 'cresset';
import { DataLoader } from 'cresset/data';
import { datasets, transforms } from 'cresset/vision';
import { median, print } from './support.js';

const epochs = Number(process.argv[2]);
manualSeed(0);
const transform = transforms.compose([transforms.toTensor(), transforms.normalize([0.1307], [0.3081])]);
const loader = new DataLoader(await datasets.MNIST({ train: true, transform }), { batchSize: 64, shuffle: true });

class Net extends nn.Module {
  flatten = new nn.Flatten();
  fc1 = new nn.Linear(28 * 28, 128);
  dropout = new nn.Dropout(0.2);
  fc2 = new nn.Linear(128, 10);
  forward(x: Tensor) {
    return this.fc2.forward(this.dropout.forward(this.fc1.forward(this.flatten.forward(x)).relu()));
  }
}

const model = new Net();
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
let recording = 0;
const step = compile((data: Tensor, target: Tensor) => {
  const began = performance.now();
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(data), target);
  loss.backward();
  optimizer.step();
  recording += performance.now() - began;
  return loss;
});

const seconds: number[] = [];
const losses: number[] = [];
for (let epoch = 0; epoch < epochs; epoch++) {
  const began = performance.now();
  const steps: Promise<Tensor>[] = [];
  for await (const [data, target] of loader) {
    steps.push(step.run(data as Tensor, target as Tensor));
    if (steps.length > 2) await steps.at(-3); // two runs ahead of the loader
  }
  const values = (await Promise.all(steps)).map((loss) => loss.item());
  seconds.push((performance.now() - began) / 1000);
  losses.push(values.reduce((sum, loss) => sum + loss, 0) / values.length);
}
print({
  values: { 'mnist-epoch': median(seconds) },
  losses: { 'mnist-epoch': losses },
  notes: { 'mnist-epoch': { 'milliseconds to record the step': recording } },
});
