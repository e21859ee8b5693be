// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from 'cresset';
import { datasets } from 'cresset/keras';
import { datasets as visionDatasets } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeIdxFolder } from '../support/idx.js';
import { isA } from './reference.js';

const root = mkdtempSync(join(tmpdir(), 'cresset-keras-'));
test.after(() => rmSync(root, { recursive: true }));
writeIdxFolder(join(root, 'mnist'), 4, 3);
writeIdxFolder(join(root, 'fashion-mnist'), 2, 5);

test('both parts come as uint8, from where vision looks for them', async () => {
  const { train, test: held } = await datasets.mnist.loadData({ root });
  assert.equal([train.x.shape, train.y.shape, held.x.shape, held.y.shape], [[4, 28, 28], [4], [3, 28, 28], [3]]);
  assert.equal([train.x.dtype, train.y.dtype], ['uint8', 'uint8']);
  const same = await visionDatasets.MNIST({ root });
  assert.equal(train.x.tolist(), same.data.tolist());
  assert.equal(train.y.tolist(), [0, 1, 2, 3]);
  const fashion = await datasets.fashionMnist.loadData({ root });
  assert.equal([fashion.train.x.size(0), fashion.test.y.size(0)], [2, 5]);
});

test('what is not there is told, and a signal stops', async () => {
  const failure = (run: Promise<unknown>) =>
    run.then(
      () => undefined,
      (error) => error,
    );
  const empty = { root: join(root, 'none'), download: false };
  const { CRESSET_DATA, XDG_CACHE_HOME } = process.env;
  Object.assign(process.env, { CRESSET_DATA: '', XDG_CACHE_HOME: join(root, 'none') });
  assert.ok(isA(DataError)(await failure(datasets.mnist.loadData(empty))));
  Object.assign(process.env, { CRESSET_DATA: CRESSET_DATA ?? '', XDG_CACHE_HOME: XDG_CACHE_HOME ?? '' });
  const aborted = await failure(datasets.mnist.loadData({ root, signal: AbortSignal.abort() }));
  assert.is((aborted as Error).name, 'AbortError');
});

test.run();
