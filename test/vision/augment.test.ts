// SPDX-License-Identifier: MIT
import { Generator, randint, type Tensor } from 'cresset';
import { DataLoader, defaultCollate, Subset } from 'cresset/data';
import { datasets, transforms as T } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recipeOf } from '#internal';

// Whole batches made natively have the bits of the transforms, sample by sample, which `collateFn` asks for; those are
// held against torchvision in torchvision.test.ts.

const images = (shape: number[]) => randint(0, 256, shape, { dtype: 'uint8', generator: new Generator(3) });
const labels = (n: number) => randint(0, 10, [n], { dtype: 'uint8', generator: new Generator(4) });
const bits = (x: Tensor) => Array.from(new Uint32Array((x.contiguous().toTypedArray() as Float32Array).buffer));

const grey = [T.randomCrop([11, 9], { padding: [3, 2, 1, 4], fill: 7.9 }), T.randomHorizontalFlip(), T.toTensor()];
const cifar = [T.toTensor(), T.randomCrop(13, { padding: 4, paddingMode: 'reflect' }), T.randomHorizontalFlip()];
const normalized = T.normalize([0.49, 0.48, 0.44], [0.2, -0.21, 0.26]);

const chains: [string, number[], Parameters<typeof T.compose>[0]][] = [
  ['crop and flip of grey bytes', [30, 13, 10], grey],
  ['the same, normalized', [30, 13, 10], [...grey, T.normalize([0.13], [0.31])]],
  [
    'flips of tensors',
    [30, 6, 7],
    [T.toTensor(), T.randomVerticalFlip({ p: 0.3 }), T.randomHorizontalFlip({ p: 0.9 })],
  ],
  ['one pixel wide', [9, 5, 1], [T.randomCrop([3, 1]), T.toTensor()]],
  ['colours, channels last, plain', [20, 5, 6, 3], [T.toTensor(), normalized]],
  ['colours as for CIFAR', [30, 13, 17, 3], [...cifar, normalized]],
  ['crop after normalizing', [20, 8, 8, 3], [T.toTensor(), normalized, T.randomCrop(8, { padding: 2, fill: 0.3 })]],
  [
    'borders upon borders',
    [20, 6, 7],
    [
      T.pad([1, 2], { fill: 9 }),
      T.toTensor(),
      T.pad([2, 0, 0, 3], { fill: 0.25 }),
      T.pad(1, { mode: 'edge' }),
      T.randomHorizontalFlip(),
      T.pad([4, 2], { mode: 'symmetric' }),
      T.normalize([0.5], [0.5]),
      T.pad([0, 1], { fill: -2 }),
    ],
  ],
  ['made large enough', [20, 4, 9], [T.randomCrop([7, 12], { padIfNeeded: true, fill: 200 }), T.toTensor()]],
] as never;

async function read(
  dataset: datasets.IdxDataset,
  batchSize: number,
  perSample: boolean,
): Promise<[number[][], unknown[]]> {
  const collateFn = perSample ? { collateFn: defaultCollate as never } : {};
  const loader = new DataLoader(dataset, { batchSize, shuffle: true, generator: new Generator(5), ...collateFn });
  const seen: [number[][], unknown[]] = [[], []];
  for (let epoch = 0; epoch < 2; epoch++) {
    for await (const [x, y] of loader as unknown as AsyncIterable<[Tensor, Tensor]>) {
      assert.is(x.dtype, 'float32');
      for (let i = 0; i < (x.shape[0] as number); i++) seen[0].push(bits(x.select(0, i)));
      seen[1].push(...(y.tolist() as unknown[]));
    }
  }
  return seen;
}

for (const [name, shape, chain] of chains) {
  test(`the bits of the transforms: ${name}`, async () => {
    const transform = T.compose(chain as never) as never;
    const dataset = new datasets.IdxDataset(images(shape), labels(shape[0] as number), { transform });
    assert.ok(dataset[recipeOf](), 'made natively');
    const expected = await read(dataset, 7, true);
    assert.equal(await read(dataset, 7, false), expected);
    assert.equal(await read(dataset, 4, false), expected, 'whatever the size of the batches');
  });
}

test('grey images with names, and a part of them', async () => {
  const transform = T.compose([T.randomCrop(28, { padding: 2 }), T.toTensor(), T.normalize([0.1307], [0.3081])]);
  const digits = await datasets.SyntheticDigits({ train: false, transform });
  const part = new Subset(digits, [5, 3, 900, 5]);
  const batches = async (collateFn: object) => {
    const loader = new DataLoader(part, { batchSize: 3, generator: new Generator(8), ...collateFn });
    const seen: unknown[] = [];
    for await (const [x, y] of loader as unknown as AsyncIterable<[Tensor, Tensor]>) {
      seen.push(x.shape, bits(x), y.tolist(), y.dtype);
    }
    return seen;
  };
  assert.ok(part[recipeOf]());
  assert.equal(await batches({}), await batches({ collateFn: defaultCollate }));
});

test('what native code does not know, or a transform refuses, goes sample by sample', async () => {
  const make = (shape: number[], chain: unknown[]) =>
    new datasets.IdxDataset(images(shape), labels(shape[0] as number), {
      transform: T.compose(chain as never) as never,
    });
  const unknown = [
    make([4, 6, 6], [T.toTensor(), (x: Tensor) => x.mul(2)]),
    make([4, 6, 6], [T.randomCrop(4)]),
    make([4, 6, 6], [T.toTensor(), T.randomRotation(10)]),
    make([4, 6, 6, 3], [T.randomCrop(3), T.toTensor()]),
    make([4, 6, 6], [T.pad(1, { fill: 300 }), T.toTensor()]),
  ];
  for (const dataset of unknown) assert.is(dataset[recipeOf](), undefined);
  const refused = make([4, 6, 6], [T.toTensor(), T.randomCrop(9)]);
  assert.is(refused[recipeOf](), undefined);
  const error = await read(refused as never, 2, false).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  assert.match(error?.message ?? '', /randomCrop: image: shape \[1,6,6\] with its border, expected 9 × 9/);
});

test.run();
