// SPDX-License-Identifier: MIT
// Runs the MNIST programs and holds their epochs against the bands of the Python originals.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from '../support/tools.js';

type Style = 'torch' | 'tf' | 'keras';
export interface Epoch {
  style: string;
  epoch: number;
  loss: number;
  testLoss: number;
  accuracy: number;
  seconds: number;
  imagesPerSecond: number;
}
type Band = Record<string, { mean: number; sd3: number }>;

const shared = join(projectRoot, '../shared');
/** `test` where MNIST and the bands are on this machine. */
export const withMnist = existsSync(join(shared, 'data/mnist')) ? test : test.skip;

/** A folder without data, for the time of the tests. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-example-'));
  test.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

export function run(style: Style, data: string, ...args: string[]) {
  const program = join(projectRoot, `dist/examples/mnist-${style}.js`);
  const env = { ...process.env, CRESSET_DATA: data, XDG_CACHE_HOME: data };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}
export function epochsOf({ status, stdout, stderr }: ReturnType<typeof run>): Epoch[] {
  assert.is(status, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Five epochs of MNIST with this seed lie inside the band, value by value. */
export function assertInBand(style: Style, seed: number): void {
  const bands: Band[] = JSON.parse(readFileSync(join(shared, 'golden/curves.json'), 'utf8'))[style].epochs;
  const epochs = epochsOf(run(style, join(shared, 'data'), '--seed', String(seed), '--json'));
  assert.is(epochs.length, 5);
  epochs.forEach((epoch, i) => {
    assert.is(epoch.style, style);
    assert.is(epoch.epoch, i + 1);
    assert.ok(epoch.seconds > 0 && epoch.imagesPerSecond > 0);
    for (const [name, { mean, sd3 }] of Object.entries(bands[i] as Band)) {
      const got = epoch[name as keyof Epoch] as number;
      assert.ok(Math.abs(got - mean) <= sd3, `epoch ${i + 1}: ${name} ${got}, expected ${mean} ± ${sd3}`);
    }
  });
}

/** One epoch of drawn digits: it says so, learns, and gives the same with the same seed. */
export function assertRepeats(style: Style, data: string): Epoch {
  const first = run(style, data, '--epochs', '1', '--seed', '3', '--json');
  assert.match(first.stderr, /train-images-idx3-ubyte[\s\S]*Using SyntheticDigits/);
  const [a] = epochsOf(first) as [Epoch];
  assert.ok(a.accuracy > 0.9, `accuracy ${a.accuracy}`);
  const [b] = epochsOf(run(style, data, '--epochs', '1', '--seed', '3', '--json')) as [Epoch];
  assert.equal([b.loss, b.testLoss, b.accuracy], [a.loss, a.testLoss, a.accuracy]);
  return a;
}
