// SPDX-License-Identifier: MIT
// Images a second that a loader of MNIST makes batches of 64 of, as bench/peers/torch_data.py measures it.
import { manualSeed, type Tensor } from 'cresset';
import { DataLoader } from 'cresset/data';
import { datasets, transforms } from 'cresset/vision';
import { isAsked, print } from './support.js';

const { compose, normalize, randomCrop, randomHorizontalFlip, randomRotation, toTensor } = transforms;
const scaled = normalize([0.1307], [0.3081]);
const rows = {
  loader: compose([toTensor(), scaled]),
  'loader-own': compose([toTensor(), scaled, (image: Tensor) => image.mul(2).sub(1)]),
  'loader-augmented': compose([
    randomCrop(28, { padding: 4 }),
    randomHorizontalFlip(),
    randomRotation(10),
    toTensor(),
    scaled,
  ]),
};

/** For two seconds after the first batch. */
async function imagesPerSecond(loader: AsyncIterable<[Tensor, Tensor]>): Promise<number> {
  let images = 0;
  let began: number | undefined;
  for (;;)
    for await (const [batch] of loader) {
      if (began === undefined) {
        began = performance.now();
        continue;
      }
      images += batch.size(0);
      const seconds = (performance.now() - began) / 1000;
      if (seconds >= 2) return images / seconds;
    }
}

const values: Record<string, number> = {};
for (const [name, transform] of Object.entries(rows)) {
  if (!isAsked(name)) continue;
  manualSeed(0);
  const dataset = await datasets.MNIST({ train: true, transform });
  values[name] = await imagesPerSecond(new DataLoader(dataset, { batchSize: 64, shuffle: true }));
}
print({ values });
