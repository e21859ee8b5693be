// SPDX-License-Identifier: MIT
// timeout: 300
// The same seed gives the same bits whatever the threads, the parallel backend and the instruction set (among those with
// FMA); one other bit of the seed gives others.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isas } from './isas.js';

const program = fileURLToPath(new URL('./train.js', import.meta.url));
const seed = 0x1234_5678_9abcn;

interface Setting {
  threads: number;
  backend?: 'pool' | 'openmp';
  isa?: string;
  compiled?: boolean;
}
interface Run {
  hash: string;
  threads: Record<'data' | 'gemm' | 'reduction' | 'optimizer', number>;
}

function train({ threads, backend = 'pool', isa, compiled }: Setting, from = seed): Run {
  const env = {
    ...process.env,
    CRESSET_NUM_THREADS: `${threads}`,
    CRESSET_PARALLEL: backend,
    ...(isa && { CRESSET_ISA: isa }),
  };
  return JSON.parse(
    execFileSync(process.execPath, [program, `${from}`, ...(compiled ? ['compiled'] : [])], { env, encoding: 'utf8' }),
  ) as Run;
}

const first = train({ threads: 1 });

const settings: Setting[] = [
  { threads: 2 },
  { threads: 3 },
  { threads: 1, backend: 'openmp' },
  { threads: 2, backend: 'openmp' },
  { threads: 3, backend: 'openmp' },
  { threads: 1, compiled: true },
  { threads: 2, compiled: true },
  { threads: 3, backend: 'openmp', compiled: true },
  ...isas.flatMap((isa): Setting[] => [
    { threads: 2, isa },
    { threads: 2, isa, compiled: true },
    { threads: 3, backend: 'openmp', isa },
  ]),
];

for (const setting of settings) {
  test(`the same bits with ${JSON.stringify(setting)}`, () => {
    const run = train(setting);
    assert.is(run.hash, first.hash);
    if (setting.threads === 1) return;
    for (const [section, threads] of Object.entries(run.threads)) {
      assert.ok(threads >= 2, `${section}: only ${threads} thread took part`);
    }
  });
}

test('one bit of the seed changes the weights', () => {
  assert.is(train({ threads: 2 }).hash, train({ threads: 3 }).hash);
  assert.is.not(train({ threads: 2 }, seed ^ 1n).hash, first.hash);
  assert.is.not(train({ threads: 2 }, seed ^ (1n << 40n)).hash, first.hash);
});

test.run();
