// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from './support/tools.js';

/** What `script` prints, or the message of the error that ends it, in a process of its own. */
function run(env: Record<string, string>, script: string): string {
  const code = `import('cresset').then((c) => console.log(${script})).catch((e) => console.log(e.name + ': ' + e.message))`;
  const options = { cwd: projectRoot, env: { ...process.env, ...env }, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', code], options);
  assert.is(status, 0, stderr);
  return stdout.trim();
}

test('CRESSET_ISA chooses the instruction set', () => {
  const lowest = process.arch === 'arm64' ? 'neon' : 'baseline';
  assert.is(run({ CRESSET_ISA: lowest }, 'c.isa()'), lowest);
});

test('an unknown CRESSET_ISA is an error that lists what there is', () => {
  const message = run({ CRESSET_ISA: 'mmx' }, 'c.isa()');
  assert.match(message, /^DeviceError: CRESSET_ISA: 'mmx' is not an instruction set of this build; available: \w+/);
});

test('CRESSET_NUM_THREADS sets the number of threads', () => {
  assert.is(run({ CRESSET_NUM_THREADS: '3' }, 'c.getNumThreads()'), '3');
});

test('a CRESSET_NUM_THREADS that is no number of threads is an error', () => {
  for (const value of ['0', '-1', 'many', '2x'])
    assert.is(
      run({ CRESSET_NUM_THREADS: value }, 'c.getNumThreads()'),
      `DeviceError: CRESSET_NUM_THREADS: expected an integer of at least 1, got '${value}'`,
    );
});

test('CRESSET_PARALLEL takes both backends and nothing else', () => {
  const sum = 'c.ones([1 << 20]).sum().item()';
  assert.is(run({ CRESSET_PARALLEL: 'pool' }, sum), '1048576');
  assert.is(run({ CRESSET_PARALLEL: 'openmp' }, sum), '1048576');
  assert.is(
    run({ CRESSET_PARALLEL: 'tbb' }, sum),
    "DeviceError: CRESSET_PARALLEL: expected 'pool' or 'openmp', got 'tbb'",
  );
});

test.run();
