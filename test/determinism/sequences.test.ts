// SPDX-License-Identifier: MIT
// timeout: 300
// Training with recurrent layers and with attention gives the same bits whatever the threads, the parallel backend and
// the instruction set (among those with FMA), compiled or not.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isas } from './isas.js';

const program = fileURLToPath(new URL('./sequences.js', import.meta.url));

function train(threads: number, isa: string, compiled: boolean, backend = 'pool'): unknown {
  const env = { ...process.env, CRESSET_NUM_THREADS: `${threads}`, CRESSET_ISA: isa, CRESSET_PARALLEL: backend };
  return JSON.parse(
    execFileSync(process.execPath, [program, ...(compiled ? ['compiled'] : [])], { env, encoding: 'utf8' }),
  );
}

const first = train(1, isas[0] as string, false);

for (const isa of isas) {
  for (const threads of [1, 2, 3]) {
    for (const compiled of [false, true]) {
      test(`the same bits on ${isa} with ${threads} threads${compiled ? ', compiled' : ''}`, () => {
        assert.equal(train(threads, isa, compiled), first);
      });
    }
  }
}

for (const compiled of [false, true]) {
  test(`the same bits with OpenMP${compiled ? ', compiled' : ''}`, () => {
    assert.equal(train(3, isas[0] as string, compiled, 'openmp'), first);
  });
}

test.run();
