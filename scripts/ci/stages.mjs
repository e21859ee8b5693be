// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bootstrap } from '../bootstrap.mjs';
import { inLanes, root } from '../support/project.mjs';
import { instructionSets, sanitizerEnvironment } from './machine.mjs';

const suite = (name, ...args) => ['node', ['scripts/test.mjs', '--only', `--suite=${name}`, ...args]];
const npmRun = (script) => ['npm', ['run', '--silent', script]];

/** Runs `check` for each item; fails the gate when less passed than the machine offers; says what passed. */
async function each(kind, items, check) {
  const missed = [];
  for (const item of items) if (!(await check(item))) missed.push(item);
  if (missed.length > 0) throw new Error(`${kind}: ${missed.join(', ')} did not pass`);
  return items.map((item) => `${kind} ${item}`);
}

/** Runs the native tests in a CMake build's folder, two at a time, through an emulator where the machine needs one. */
async function nativeTests(check, folder, emulator = []) {
  const { variables } = JSON.parse(readFileSync(join(root, 'native/sources.gypi'), 'utf8'));
  await inLanes(2, variables.native_test_sources, async (source) => {
    const [command, ...args] = [...emulator, join(folder, basename(source, '.cc'))];
    await check(command, args);
  });
}

/** A script that runs the arm64 Node under emulation and can be given wherever a Node executable is expected. */
async function emulatedNode(emulator) {
  const { installNode } = await import('../../dist/test/support/tools.js');
  mkdirSync(join(root, 'build-tools'), { recursive: true });
  const script = join(root, 'build-tools/node-arm64');
  writeFileSync(script, `#!/bin/sh\nexec ${emulator.join(' ')} ${installNode(22, 'arm64')} "$@"\n`, { mode: 0o755 });
  return script;
}

export const stages = {
  async build(check) {
    await bootstrap();
    const again = execFileSync('node', ['scripts/bootstrap.mjs'], { cwd: root, encoding: 'utf8' });
    if (again !== '') throw new Error(`a second bootstrap did work again:\n${again}`);
    await check('node', ['scripts/check-symbols.mjs']);
  },

  async test(check) {
    await check('npm', ['test', '--silent']);
  },

  async lint(check) {
    await check(...npmRun('lint'));
  },

  async golden(check) {
    if (existsSync(join(root, '../shared/golden'))) await check(...npmRun('golden'));
  },

  isa(check) {
    return each('instruction set', instructionSets(), (isa) => check(...suite('isa'), { CRESSET_ISA: isa }));
  },

  async node(check) {
    const { installNode, nodeVersions } = await import('../../dist/test/support/tools.js');
    return each('Node', Object.keys(nodeVersions), (major) => check(...suite('node', `--node=${installNode(major)}`)));
  },

  async sanitizer(check) {
    await check(...npmRun('build:asan'));
    await nativeTests(check, 'build-asan/build/Debug');
    return each('sanitizer', ['address+undefined'], () =>
      check(...suite('sanitizer', '--patience=5'), sanitizerEnvironment()),
    );
  },

  async arm64(check) {
    if (process.arch !== 'x64') return [];
    const emulator = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'];
    await check(...npmRun('build:arm64'));
    await nativeTests(check, 'build-arm64/build/Release', emulator);
    const node = await emulatedNode(emulator);
    return each('instruction set', ['neon (emulated)'], () =>
      check(...suite('arm64', `--node=${node}`, '--patience=10'), { CRESSET_PREBUILD: join(root, 'build-arm64') }),
    );
  },

  async package(check) {
    await check(...suite('package'));
  },
};
