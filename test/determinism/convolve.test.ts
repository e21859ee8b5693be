// SPDX-License-Identifier: MIT
// timeout: 300
// Convolutions, pools and normalisations give the same bits whatever the threads, the parallel backend and the
// instruction set, compiled or not.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isas } from './isas.js';

const program = fileURLToPath(new URL('./convolve.js', import.meta.url));

function hashOf(threads: number, isa: string, compiled = false, backend = 'pool'): string {
  const env = { ...process.env, CRESSET_NUM_THREADS: `${threads}`, CRESSET_ISA: isa, CRESSET_PARALLEL: backend };
  return execFileSync(process.execPath, [program, ...(compiled ? ['compiled'] : [])], { env, encoding: 'utf8' });
}

const first = hashOf(1, isas[0] as string);
for (const isa of isas) {
  for (const threads of [1, 2, 3]) {
    for (const compiled of [false, true]) {
      test(`${isa} with ${threads} threads${compiled ? ', compiled' : ''}`, () => {
        assert.is(hashOf(threads, isa, compiled), first);
      });
    }
  }
}
for (const compiled of [false, true]) {
  test(`OpenMP${compiled ? ', compiled' : ''}`, () =>
    assert.is(hashOf(3, isas[0] as string, compiled, 'openmp'), first));
}

test.run();
