// SPDX-License-Identifier: MIT
// The program of mnist.ts with its step compiled and each run awaited, off the JS thread. Arguments: epochs, batch
// size. Prints the median seconds of an epoch, the mean training loss of each, and the event loop's delay meanwhile.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { compile, manualSeed, nn, optim, type Tensor } from 'cresset';
import { Classifier, mnistLoader } from './models.js';
import { median, print } from './support.js';

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
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
for (let epoch = 0; epoch < epochs; epoch++) {
  const began = performance.now();
  let total = 0;
  let count = 0;
  for await (const [data, target] of loader) {
    total += (await step.run(data, target)).item();
    count++;
  }
  seconds.push((performance.now() - began) / 1000);
  losses.push(total / count);
}
const delayed = delay.percentile(99) / 1e6 - 1;
print({
  values: { [row]: median(seconds) },
  losses: { [row]: losses },
  notes: {
    [row]: { "the event loop's delay, p99, ms": delayed, 'peak memory, MB': process.resourceUsage().maxRSS / 1024 },
  },
});
