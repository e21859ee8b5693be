// SPDX-License-Identifier: MIT
// timeout: 300
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertInBand, assertRepeats, emptyFolder, run, withMnist } from './mnist.js';

const empty = emptyFolder();

withMnist("five epochs on MNIST lie inside the Python original's band", () => assertInBand('torch', 1));

test('without usable files it says so and learns drawn digits; the same seed gives the same epoch', () => {
  // A file that is there but damaged: nothing is downloaded.
  mkdirSync(join(empty, 'mnist'), { recursive: true });
  writeFileSync(join(empty, 'mnist/train-images-idx3-ubyte'), 'damaged');
  writeFileSync(join(empty, 'mnist/t10k-images-idx3-ubyte'), 'damaged');
  assertRepeats('torch', empty);
});

test('wrong options are refused with the usage', () => {
  for (const args of [['--epochs', 'x'], ['--seed', '-1'], ['--fast']]) {
    const { status, stderr } = run('torch', empty, ...args);
    assert.is(status, 2);
    assert.match(stderr, /expected a whole number|usage:/);
  }
});

test.run();
