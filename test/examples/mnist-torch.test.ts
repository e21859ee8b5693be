// SPDX-License-Identifier: MIT
// timeout: 300
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from '../support/tools.js';

const shared = join(projectRoot, '../shared');
const withMnist = existsSync(join(shared, 'data/mnist')) ? test : test.skip;
const empty = mkdtempSync(join(tmpdir(), 'cresset-example-'));
test.after(() => rmSync(empty, { recursive: true }));

interface Epoch {
  style: string;
  epoch: number;
  loss: number;
  testLoss: number;
  accuracy: number;
  seconds: number;
  imagesPerSecond: number;
}
type Band = Record<'loss' | 'testLoss' | 'accuracy', { mean: number; sd3: number }>;

function run(data: string, ...args: string[]) {
  const program = join(projectRoot, 'dist/examples/mnist-torch.js');
  const env = { ...process.env, CRESSET_DATA: data, XDG_CACHE_HOME: empty };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}
function epochsOf({ status, stdout, stderr }: ReturnType<typeof run>): Epoch[] {
  assert.is(status, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

withMnist("five epochs on MNIST lie inside the Python original's band", () => {
  const bands: Band[] = JSON.parse(readFileSync(join(shared, 'golden/curves.json'), 'utf8')).torch.epochs;
  const epochs = epochsOf(run(join(shared, 'data'), '--seed', '1', '--json'));
  assert.is(epochs.length, 5);
  epochs.forEach((epoch, i) => {
    assert.is(epoch.style, 'torch');
    assert.is(epoch.epoch, i + 1);
    assert.ok(epoch.seconds > 0 && epoch.imagesPerSecond > 0);
    for (const [name, { mean, sd3 }] of Object.entries(bands[i] as Band)) {
      const got = epoch[name as keyof Band];
      assert.ok(Math.abs(got - mean) <= sd3, `epoch ${i + 1}: ${name} ${got}, expected ${mean} ± ${sd3}`);
    }
  });
});

test('without usable files it says so and learns drawn digits; the same seed gives the same epoch', () => {
  // A file that is there but damaged: nothing is downloaded.
  mkdirSync(join(empty, 'mnist'), { recursive: true });
  writeFileSync(join(empty, 'mnist/train-images-idx3-ubyte'), 'damaged');
  writeFileSync(join(empty, 'mnist/t10k-images-idx3-ubyte'), 'damaged');
  const first = run(empty, '--epochs', '1', '--seed', '3', '--json');
  assert.match(first.stderr, /train-images-idx3-ubyte[\s\S]*Using SyntheticDigits/);
  const [a] = epochsOf(first) as [Epoch];
  assert.ok(a.accuracy > 0.9, `accuracy ${a.accuracy}`);
  const [b] = epochsOf(run(empty, '--epochs', '1', '--seed', '3', '--json')) as [Epoch];
  assert.equal([b.loss, b.testLoss, b.accuracy], [a.loss, a.testLoss, a.accuracy]);
});

test('wrong options are refused with the usage', () => {
  for (const args of [['--epochs', 'x'], ['--seed', '-1'], ['--fast']]) {
    const { status, stderr } = run(empty, ...args);
    assert.is(status, 2);
    assert.match(stderr, /expected a whole number|usage:/);
  }
});

test.run();
