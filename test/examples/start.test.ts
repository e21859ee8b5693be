// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from '../support/tools.js';

test('npm start refuses a style that there is no program for, before it builds anything', () => {
  for (const args of [['--style', 'jax'], ['--style=jax'], ['--epochs', '1', '--style', 'jax'], ['--style']]) {
    const program = join(projectRoot, 'scripts/start.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    assert.is(status, 1);
    assert.is(stdout, '');
    assert.match(stderr, /^\s*--style: expected one of .*torch.*, got '(jax|true)'\s*$/);
  }
});

test.run();
