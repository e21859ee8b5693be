// SPDX-License-Identifier: MIT
// npm run mutants [-- NUMBER …]: each single-line change of test/mutants.json, made in a copy of the project, must turn
// one of the tests it names red. What survives is a hole in the tests.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { fail, root } from './support/project.mjs';

const wanted = process.argv.slice(2).map(Number);
const mutants = JSON.parse(readFileSync(join(root, 'test/mutants.json'), 'utf8'));

/** A copy in which a build compiles again only what a mutant changes. */
function copyProject() {
  const copy = mkdtempSync(join(tmpdir(), 'cresset-mutants-'));
  const skipped = /^(\.git|build-.*|prebuilds|.*node_modules)$/;
  cpSync(root, copy, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !skipped.test(path.slice(root.length + 1)),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function node(copy, args) {
  const result = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', env: process.env });
  if (result.signal === 'SIGINT') throw new Error('interrupted');
  return result;
}

function build(copy, file) {
  const steps = file.startsWith('native/')
    ? [['scripts/build.mjs', 'release']]
    : [['node_modules/typescript/bin/tsc', '-b', '--force'], ['scripts/bundle.mjs']];
  for (const step of steps) {
    const { status, stdout, stderr } = node(copy, step);
    if (status !== 0) throw new Error(`${step.join(' ')} failed:\n${stdout}${stderr}`);
  }
}

const runTests = (copy, tests) => node(copy, ['scripts/test.mjs', '--only', ...tests]);

function mutate(text, { file, from, to }) {
  if (text.split(from).length !== 2) throw new Error(`${file}: '${from}' occurs ${text.split(from).length - 1} times`);
  return text.replace(from, () => to);
}

/** True if the tests noticed. */
function isKilled(copy, mutant) {
  const path = join(copy, mutant.file);
  const text = readFileSync(path, 'utf8');
  try {
    writeFileSync(path, mutate(text, mutant));
    build(copy, mutant.file);
    return runTests(copy, mutant.tests).status !== 0;
  } finally {
    writeFileSync(path, text);
  }
}

function checkNumbers() {
  const isKnown = (number) => Number.isInteger(number) && number >= 1 && number <= mutants.length;
  const at = wanted.findIndex((number) => !isKnown(number));
  if (at >= 0) throw new Error(`mutants: expected numbers from 1 to ${mutants.length}, got '${process.argv[2 + at]}'`);
}

function main() {
  checkNumbers();
  const copy = copyProject();
  let survived = 0;
  try {
    const chosen = mutants.map((mutant, i) => ({ ...mutant, number: i + 1 }));
    const asked = chosen.filter(({ number }) => wanted.length === 0 || wanted.includes(number));
    const tests = [...new Set(asked.flatMap((mutant) => mutant.tests))];
    const { status, stdout, stderr } = runTests(copy, tests);
    if (status !== 0) throw new Error(`the tests fail without any mutant:\n${stdout}${stderr}`);
    let before;
    for (const mutant of asked) {
      // The files of the other language are rebuilt once the mutant before is gone.
      if (before && before.startsWith('native/') !== mutant.file.startsWith('native/')) build(copy, before);
      before = mutant.file;
      const killed = isKilled(copy, mutant);
      if (!killed) survived++;
      console.log(
        `${killed ? 'killed  ' : 'SURVIVED'} ${mutant.number} ${mutant.file}: ${mutant.from} -> ${mutant.to}`,
      );
    }
    console.log(`${asked.length - survived} killed, ${survived} survived`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  process.exitCode = survived === 0 ? 0 : 1;
}

// Ctrl-C ends the command that runs, and then this, by way of removing the copy.
process.on('SIGINT', () => {});
try {
  await bootstrap();
  main();
} catch (error) {
  fail(error);
}
