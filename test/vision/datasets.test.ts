// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DataError, fromBuffer, Generator, type Tensor } from 'cresset';
import { DataLoader } from 'cresset/data';
import { datasets, ImageDataset, transforms } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { compose, lambda, normalize, toTensor } = transforms;
const folder = mkdtempSync(join(tmpdir(), 'cresset-mnist-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const bits = (t: Tensor) => Buffer.from(t.toTypedArray().buffer as ArrayBuffer).toString('hex');
const sha256 = (t: Tensor) =>
  createHash('sha256')
    .update(t.toTypedArray() as Uint8Array)
    .digest('hex');

const chains: Record<string, ((image: Tensor) => Tensor) | undefined> = {
  'no transform': undefined,
  toTensor: toTensor(),
  'toTensor, normalize': compose([toTensor(), normalize([0.1307], [0.3081])]),
  'a nested chain': compose([compose([toTensor()]), normalize([0.5], [0.5]), normalize([0.1], [3])]),
  'a chain with a function of its own': compose([toTensor(), lambda((t: Tensor) => t.sub(0.25))]),
};

for (const [name, transform] of Object.entries(chains)) {
  test(`whole batches have the bits of single samples: ${name}`, async () => {
    const dataset = await datasets.SyntheticDigits({ length: 300, transform });
    const options = { batchSize: 37, shuffle: true } as const;
    const whole = new DataLoader(dataset, { ...options, generator: new Generator(1) });
    const collateFn = (samples: [Tensor, number][]) => samples;
    const single = new DataLoader(dataset, { ...options, generator: new Generator(1), collateFn })[
      Symbol.asyncIterator
    ]();
    for await (const [images, labels] of whole) {
      const samples = (await single.next()).value as [Tensor, number][];
      assert.is(labels.dtype, 'int64');
      assert.equal(
        labels.tolist(),
        samples.map(([, label]) => label),
      );
      assert.equal([...images.shape], [samples.length, ...(samples[0]?.[0].shape ?? [])]);
      assert.is(bits(images), samples.map(([image]) => bits(image)).join(''));
    }
  });
}

test('targetTransform and transforms of other types', async () => {
  const dataset = await datasets.SyntheticDigits({
    length: 10,
    transform: () => 'x',
    targetTransform: (label) => label % 2 === 1,
  });
  for await (const [images, odd] of new DataLoader(dataset, { batchSize: 10 })) {
    assert.equal(images, Array(10).fill('x'));
    assert.is(odd.dtype, 'bool');
  }
});

test('SyntheticDigits has the shapes of MNIST and depends on its seed alone', async () => {
  const [a, same, other, held] = await Promise.all([
    datasets.SyntheticDigits({ length: 500, seed: 3 }),
    datasets.SyntheticDigits({ length: 500, seed: 3 }),
    datasets.SyntheticDigits({ length: 500, seed: 4 }),
    datasets.SyntheticDigits({ length: 500, seed: 3, train: false }),
  ]);
  assert.is(a.length, 500);
  assert.equal([...a.data.shape], [500, 28, 28]);
  assert.is(a.data.dtype, 'uint8');
  const [image, label] = a.get(0);
  assert.equal([...image.shape], [28, 28]);
  assert.type(label, 'number');
  assert.is(sha256(a.data), sha256(same.data));
  assert.equal(a.targets.tolist(), same.targets.tolist());
  for (const different of [other, held]) assert.is.not(sha256(a.data), sha256(different.data));
  assert.equal([...new Set(a.targets.tolist() as number[])].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.is((await datasets.SyntheticDigits({ train: false })).length, 10_000);
});

test('an aborted SyntheticDigits ends with the reason', async () => {
  try {
    await datasets.SyntheticDigits({ length: 100_000, signal: AbortSignal.timeout(1) });
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).name, 'TimeoutError');
  }
});

test('wrong images, labels and options are refused', async () => {
  const images = fromBuffer(new Uint8Array(8), { dtype: 'uint8', shape: [2, 2, 2] });
  const labels = fromBuffer(new Uint8Array(3), { dtype: 'uint8', shape: [3] });
  assert.throws(
    () => new ImageDataset(labels, labels, []),
    /images: uint8 of shape \[3\], expected uint8 of shape \[N, H, W\]/,
  );
  assert.throws(
    () => new ImageDataset(images, labels, []),
    /labels: uint8 of shape \[3\], expected uint8 of shape \[2\]/,
  );
  for (const options of [{ length: -1 }, { seed: 0.5 }, { length: Number.NaN }]) {
    try {
      await datasets.SyntheticDigits(options);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, DataError);
    }
  }
});

const shared = join(process.cwd(), '..', 'shared', 'data');

if (existsSync(join(shared, 'mnist'))) {
  test('MNIST: the official files, with their known content', async () => {
    cpSync(join(shared, 'mnist'), join(folder, 'mnist'), { recursive: true });
    const test = await datasets.MNIST({ root: folder, train: false, download: false });
    assert.is(test.length, 10_000);
    const train = await datasets.MNIST({ root: folder, download: false });
    assert.equal([...train.data.shape], [60_000, 28, 28]);
    // The first labels as anyone can read them in the file, and as they are printed in many a tutorial.
    assert.equal(
      Array.from({ length: 10 }, (_, i) => train.get(i)[1]),
      [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
    );
    const file = gunzipSync(readFileSync(join(shared, 'mnist', 'train-images-idx3-ubyte.gz')));
    assert.is(sha256(train.data), createHash('sha256').update(file.subarray(16)).digest('hex'));
  });

  test('MNIST: files unpacked by torchvision, and the folder in CRESSET_DATA', async () => {
    const raw = join(folder, 'torchvision', 'MNIST', 'raw');
    for (const name of ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']) {
      cpSync(join(shared, 'mnist', `${name}.gz`), join(raw, `${name}.gz`));
      writeFileSync(join(raw, name), gunzipSync(readFileSync(join(raw, `${name}.gz`))));
      rmSync(join(raw, `${name}.gz`));
    }
    const saved = process.env.CRESSET_DATA;
    process.env.CRESSET_DATA = join(folder, 'torchvision');
    try {
      assert.is((await datasets.MNIST({ train: false, download: false })).length, 10_000);
    } finally {
      if (saved === undefined) delete process.env.CRESSET_DATA;
      else process.env.CRESSET_DATA = saved;
    }
  });
}

test.run();
