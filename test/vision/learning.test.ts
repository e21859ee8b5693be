// SPDX-License-Identifier: MIT
import { manualSeed, nn, noGrad, optim } from 'cresset';
import { DataLoader } from 'cresset/data';
import { datasets, transforms } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('a small network learns SyntheticDigits to more than 95 % of images it has not seen', async () => {
  manualSeed(1);
  const transform = transforms.compose([transforms.toTensor(), transforms.normalize([0.1307], [0.3081])]);
  const train = await datasets.SyntheticDigits({ length: 8000, transform });
  const held = await datasets.SyntheticDigits({ train: false, length: 1000, transform });
  const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 64), new nn.ReLU(), new nn.Linear(64, 10));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.002 });
  for (let epoch = 0; epoch < 4; epoch++) {
    for await (const [images, labels] of new DataLoader(train, { batchSize: 64, shuffle: true })) {
      optimizer.zeroGrad();
      criterion.forward(model.forward(images), labels).backward();
      optimizer.step();
    }
  }
  let correct = 0;
  for await (const [images, labels] of new DataLoader(held, { batchSize: 250 })) {
    noGrad(() => {
      correct += model.forward(images).argmax(1).eq(labels).sum().item();
    });
  }
  assert.ok(correct > 950, `${correct} of 1000`);
});

test.run();
