// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from './support/tools.js';

/** What `script` prints, or the message of the error that ends it, in a process that `command` starts. */
function run(env: Record<string, string>, script: string, command: readonly string[] = []): string {
  const code = `import('cresset').then((c) => console.log(${script})).catch((e) => console.log(e.name + ': ' + e.message))`;
  const options = { cwd: projectRoot, env: { ...process.env, ...env }, encoding: 'utf8' } as const;
  const [program = '', ...args] = [...command, process.execPath, '-e', code];
  const { status, stdout, stderr } = spawnSync(program, args, options);
  assert.is(status, 0, stderr);
  return stdout.trim();
}

const noThreadsAsked = { CRESSET_NUM_THREADS: '' };

const canTie = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
(canTie ? test : test.skip)('a process tied to one CPU computes with one thread', () => {
  assert.is(run(noThreadsAsked, 'c.getNumThreads()', ['taskset', '-c', '0']), '1');
});

/** A group below the root of either version, with 0.9 of a CPU; undefined where the machine does not allow it. */
function makeGroup(): string | undefined {
  const name = `cresset-test-${process.pid}`;
  const versions: [folder: string, settings: Record<string, string>][] = [
    [`/sys/fs/cgroup/cpu/${name}`, { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '90000' }],
    [`/sys/fs/cgroup/${name}`, { 'cpu.max': '90000 100000' }],
  ];
  for (const [folder, settings] of versions) {
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      for (const [file, value] of Object.entries(settings)) writeFileSync(`${folder}/${file}`, value);
      return folder;
    } catch {
      rmdirSync(folder);
    }
  }
  return undefined;
}

const group = process.platform === 'linux' ? makeGroup() : undefined;
test.after(() => {
  if (group) rmdirSync(group);
});
(group ? test : test.skip)("a cgroup's quota of 0.9 CPUs makes one thread", () => {
  const join = ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'];
  assert.is(run(noThreadsAsked, 'c.getNumThreads()', join), '1');
});

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
