// SPDX-License-Identifier: MIT
// A classifier of handwritten digits, written PyTorch's way.
// npm start -- [--epochs N] [--seed S] [--json]
import { device, manualSeed, nn, noGrad, optim, type Tensor } from 'cresset';
import { DataLoader } from 'cresset/data';
import { transforms } from 'cresset/vision';
import { mnist } from './support/data.js';
import { readOptions } from './support/options.js';
import { Report } from './support/report.js';

const { epochs, seed, json } = readOptions();
if (seed !== undefined) manualSeed(seed);

const transform = transforms.compose([transforms.toTensor(), transforms.normalize([0.1307], [0.3081])]);
const trainLoader = new DataLoader(await mnist({ train: true, transform }), { batchSize: 64, shuffle: true });
const testLoader = new DataLoader(await mnist({ train: false, transform }), { batchSize: 1000 });

class Net extends nn.Module {
  flatten = new nn.Flatten();
  fc1 = new nn.Linear(28 * 28, 128);
  dropout = new nn.Dropout(0.2);
  fc2 = new nn.Linear(128, 10);
  forward(x: Tensor) {
    return this.fc2.forward(this.dropout.forward(this.fc1.forward(this.flatten.forward(x)).relu()));
  }
}

const dev = device.cuda.isAvailable() ? 'cuda' : 'cpu';
const model = new Net().to(dev);
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
const report = new Report('torch', { epochs, json, batches: trainLoader.length });

for (let epoch = 1; epoch <= epochs; epoch++) {
  report.start(epoch);
  model.train();
  for await (const [data, target] of trainLoader) {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(data.to(dev)), target.to(dev));
    loss.backward();
    optimizer.step();
    report.trained(loss.item(), data.size(0));
  }
  report.test();
  model.eval();
  for await (const [data, target] of testLoader) {
    noGrad(() => {
      const output = model.forward(data.to(dev));
      const loss = criterion.forward(output, target.to(dev)).item();
      const pred = output.argmax({ dim: 1, keepdim: true });
      const correct = pred.eq(target.to(dev).viewAs(pred)).sum().item();
      report.tested(loss, correct, data.size(0));
    });
  }
  report.finish();
}
