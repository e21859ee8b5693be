// SPDX-License-Identifier: MIT
// timeout: 300
// suites: node sanitizer
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// A worker that exits unloads the addon where the main thread never loaded it, while the pool's threads live on.
test('200 workers load cresset and end at random; then the main thread computes', () => {
  const program = fileURLToPath(new URL('./main.js', import.meta.url));
  const { signal, stdout, stderr } = spawnSync(process.execPath, [program, '200'], { encoding: 'utf8' });
  assert.is(signal, null, stderr);
  assert.is(stdout.trim(), 'computed', stderr);
});

test.run();
