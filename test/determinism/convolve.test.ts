// SPDX-License-Identifier: MIT
// timeout: 120
// Convolutions, pools and normalisations give the same bits whatever the threads and the instruction set.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { native } from '#internal';

const program = fileURLToPath(new URL('./convolve.js', import.meta.url));
const isas = (native.isas as () => string[])().filter((isa) => isa !== 'baseline');

function hashOf(threads: number, isa: string): string {
  const env = { ...process.env, CRESSET_NUM_THREADS: `${threads}`, CRESSET_ISA: isa };
  return execFileSync(process.execPath, [program], { env, encoding: 'utf8' });
}

for (const isa of isas) {
  for (const threads of [1, 2, 3]) {
    test(`${isa} with ${threads} threads`, () => {
      assert.is(hashOf(threads, isa), hashOf(1, isas[0] as string));
    });
  }
}

test.run();
