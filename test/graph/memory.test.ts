// SPDX-License-Identifier: MIT
// timeout: 300
// serial
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const program = fileURLToPath(new URL('./programs/steps.js', import.meta.url));
const counter = fileURLToPath(new URL('../../../test/graph/programs/count.c', import.meta.url));

test('memory stays flat over 100,000 replays without one await, and over 20,000 runs', () => {
  for (const [way, steps] of [
    ['sync', 100_000],
    ['async', 20_000],
  ] as const) {
    const [before, after] = JSON.parse(
      execFileSync(process.execPath, [program, way, `${steps}`], { encoding: 'utf8' }),
    );
    assert.ok(after <= before + (16 << 20), `${way}: ${before} to ${after} bytes`);
  }
});

/** Calls of malloc by the addon, on any thread, in that many steps. */
function mallocs(library: string, way: string, kind: string, steps: number): number {
  const env = { ...process.env, LD_PRELOAD: library };
  const { stderr, status } = spawnSync(process.execPath, [program, way, `${steps}`, kind], { env, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return Number(/calls: (\d+)/.exec(stderr)?.[1]);
}

const canPreload = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0;
(canPreload ? test : test.skip)('1,000 replays allocate nothing on any thread', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-count-'));
  try {
    const library = join(folder, 'count.so');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, counter, '-ldl']);
    for (const kind of ['mlp', 'attention'])
      for (const way of ['sync', 'async']) {
        const more = mallocs(library, way, kind, 2000) - mallocs(library, way, kind, 1000);
        // The slabs of the collector's garbage may grow once more: results wait for a collection.
        assert.ok(more <= 20, `${more} calls in 1,000 replays of ${kind}, ${way}`);
      }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
