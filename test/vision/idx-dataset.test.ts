// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError, tensor } from 'cresset';
import { DataLoader } from 'cresset/data';
import { datasets } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { idx } from '../support/idx.js';

const folder = mkdtempSync(join(tmpdir(), 'cresset-idx-dataset-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function place(name: string, files: Record<string, Buffer>): string {
  mkdirSync(join(folder, name), { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, name, file), bytes);
  return join(folder, name);
}

async function refuses(promise: Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, DataError, String(error));
    return assert.match((error as Error).message, message);
  }
  assert.unreachable(`expected ${message}`);
}

test('FashionMNIST is found where cresset and where torchvision keep it', async () => {
  const images = idx(0x08, [2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const labels = idx(0x08, [2], [9, 1]);
  place('own/fashion-mnist', { 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte.gz': gzipSync(labels) });
  place('torchvision/FashionMNIST/raw', { 't10k-images-idx3-ubyte': images, 't10k-labels-idx1-ubyte': labels });
  for (const [name, train] of [
    ['own', true],
    ['torchvision', false],
  ] as const) {
    const found = await datasets.FashionMNIST({ root: join(folder, name), train, download: false });
    assert.equal([...found.data.shape], [2, 2, 3]);
    assert.equal(found.targets.tolist(), [9, 1]);
    assert.is(found.classes[9], 'Ankle boot');
  }
  const missing = datasets.FashionMNIST({ root: join(folder, 'own'), train: false, download: false });
  await refuses(missing, /^FashionMNIST: t10k-images-idx3-ubyte was not found[\s\S]*fashion-mnist: not there/);
});

test('a folder of idx files of any dtype and rank', async () => {
  const rows = Buffer.alloc(2 * 2 * 4);
  for (const [i, value] of [0.5, -1, 2, 4].entries()) rows.writeFloatBE(value, 4 * i);
  const path = place('general', {
    'train-images-idx2-float': idx(0x0d, [2, 2], rows),
    'train-labels-idx2-ubyte.gz': gzipSync(idx(0x08, [2, 3], [1, 0, 0, 0, 0, 255])),
    'train-labels-idx2-ubyte': idx(0x08, [2, 3], [1, 0, 0, 0, 0, 255]),
    'emnist-letters-test-images-idx3-ubyte': idx(0x08, [1, 1, 1, 1], [7]),
    'emnist-letters-test-labels-idx1-ubyte': idx(0x0b, [1], [255, 255]),
  });
  const train = await datasets.idxFolder(path);
  assert.is(train.length, 2);
  assert.is(train.data.dtype, 'float32');
  assert.is(train.targets.dtype, 'int64');
  const [row, target] = train.get(1);
  assert.equal(row.tolist(), [2, 4]);
  assert.equal(target.tolist(), [0, 0, 255]);
  const held = await datasets.idxFolder(path, { train: false, transform: (x) => x.to('float32').mul(2) });
  for await (const [x, y] of new DataLoader(held)) {
    assert.equal(x.tolist(), [[[[14]]]]);
    assert.equal(y.tolist(), [-1]);
  }
  const named = await datasets.idxFolder(path, {
    images: 'emnist-letters-test-images-idx3-ubyte',
    labels: 'emnist-letters-test-labels-idx1-ubyte',
  });
  assert.is(named.length, 1);
});

test('batches are the samples one by one', async () => {
  const dataset = new datasets.IdxDataset(tensor([[1.5], [2.5], [3.5]]), tensor([3, 4, 5], { dtype: 'uint8' }));
  for await (const [x, y] of new DataLoader(dataset, { sampler: [2, 0], batchSize: 2 })) {
    assert.equal([x.tolist(), y.tolist(), y.dtype], [[[3.5], [1.5]], [5, 3], 'int64']);
  }
});

test('what does not fit is refused with what was found', async () => {
  const path = place('double', {
    'a-train-images-idx1-ubyte': idx(0x08, [1], [1]),
    'b-train-images-idx1-ubyte': idx(0x08, [1], [1]),
    'test-images-idx1-ubyte': idx(0x08, [1], [1]),
    'test-labels-idx1-ubyte': idx(0x08, [2], [1, 2]),
  });
  await refuses(
    datasets.idxFolder(path),
    /has a-train-images-idx1-ubyte, b-train.*expected one train-images-idx\* file/,
  );
  await refuses(
    datasets.idxFolder(path, { train: false }),
    /targets of shape \[2\] for data of shape \[1\], expected 1/,
  );
  await refuses(datasets.idxFolder(join(folder, 'none')), /none: cannot be read/);
  await refuses(datasets.idxFolder(place('empty', {})), /holds nothing; expected one train-images/);
  await refuses(datasets.idxFolder(7 as unknown as string), /path: expected a path, got number/);
  assert.throws(() => new datasets.IdxDataset(tensor(1), tensor([1])), /data: expected a Tensor of at least one/);
});

test.run();
