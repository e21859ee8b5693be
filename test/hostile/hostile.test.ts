// SPDX-License-Identifier: MIT
// timeout: 600
// suites: sanitizer
// Every export with hostile values in each argument, option and `this`: a JavaScript error or a result, the process
// alive, and the next valid call right.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const program = fileURLToPath(new URL('./sweep.js', import.meta.url));
const modules = [
  'cresset',
  'cresset#nn',
  'cresset#nn.functional',
  'cresset#nn.init',
  'cresset#optim',
  'cresset#linalg',
  'cresset/data',
  'cresset/io',
  'cresset/tf',
  'cresset/tf#data',
  'cresset/tf#linalg',
  'cresset/tf#nn',
  'cresset/tf#random',
  'cresset/vision',
  'cresset/vision#datasets',
  'cresset/vision#transforms',
  'cresset/keras',
  'cresset/keras#activations',
  'cresset/keras#callbacks',
  'cresset/keras#initializers',
  'cresset/keras#layers',
  'cresset/keras#losses',
  'cresset/keras#metrics',
  'cresset/keras#optimizers',
  'cresset/keras#optimizers.schedules',
  'cresset/keras#regularizers',
];

for (const name of modules) {
  test(name, () => {
    const folder = mkdtempSync(join(tmpdir(), 'cresset-hostile-'));
    const log = join(folder, 'call');
    const options = {
      encoding: 'utf8',
      cwd: folder,
      timeout: 300_000,
      env: { ...process.env, CRESSET_DATA: folder },
    } as const;
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, name, log], options);
    const last = readFileSync(log, 'utf8').trim();
    rmSync(folder, { recursive: true });
    assert.is(signal ?? status, 0, `the process ended in “${last}”\n${stderr.slice(-2000)}`);
    const { swept, problems } = JSON.parse(stdout.trim().split('\n').at(-1) as string);
    assert.ok(swept > 0);
    assert.is(problems.length, 0, problems.join('\n'));
  });
}

test.run();
