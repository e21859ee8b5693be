// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from './support/tools.js';

/** A project of its own that holds the runner and nothing but the test files written by `put`. */
const project = mkdtempSync(join(tmpdir(), 'cresset-runner-'));
mkdirSync(join(project, 'test'));
mkdirSync(join(project, 'dist/test'), { recursive: true });
for (const file of ['scripts/test.mjs', 'scripts/support/project.mjs', 'package.json']) {
  cpSync(join(projectRoot, file), join(project, file));
}
symlinkSync(join(projectRoot, 'node_modules'), join(project, 'node_modules'));
test.after(() => rmSync(project, { recursive: true }));

function put(name: string, body: string, head = '') {
  const text = `${head}import { test } from 'uvu';\n${body}\n`;
  writeFileSync(join(project, `test/${name}.test.ts`), text);
  writeFileSync(join(project, `dist/test/${name}.test.js`), text);
}

function runner(...args: string[]) {
  const script = join(project, 'scripts/test.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--only', ...args], { encoding: 'utf8' });
  return { status, output: stdout + stderr, closing: stdout.trimEnd().split('\n').at(-1) };
}

put('good', "test('a', () => {}); test('b', () => {}); test.skip('c', () => {}); test.run();");
put('wrong', "test('a', () => {}); test('b', () => { throw new Error('told you'); }); test.run();");
put('crash', "test('a', () => process.kill(process.pid, 'SIGSEGV')); test.run();");
put('late', "test('a', () => { process.on('exit', () => process.abort()); }); test.run();");
put('pending', "test('a', () => new Promise(() => {})); test.run();");
put('silent', "test('never run', () => {});");
put('hang', "test('a', () => { for (;;); }); test.run();", '// timeout: 1\n');
put('slow', "test('a', () => {}); test.run();", '// ci\n// suites: node package\n');

test('it adds up what passed and what was skipped', () => {
  const { status, closing } = runner('good');
  assert.is(status, 0);
  assert.is(closing, '2 passed, 0 failed, 1 skipped');
});

test('a failure is shown in full', () => {
  const { status, output, closing } = runner('wrong');
  assert.is(status, 1);
  assert.match(output, 'told you');
  assert.is(closing, '1 passed, 1 failed');
});

for (const [name, reason] of [
  ['crash', 'SIGSEGV'],
  ['pending', 'exit code'],
  ['silent', 'no test ran'],
  ['hang', 'longer than 1 s'],
]) {
  test(`a file that ends with '${reason}' is a failure`, () => {
    const { status, output, closing } = runner(`test/${name}`);
    assert.is(status, 1);
    assert.match(output, reason);
    assert.is(closing, '0 passed, 1 failed');
  });
}

test('a crash after the last test is a failure', () => {
  const { status, closing } = runner('late');
  assert.is(status, 1);
  assert.is(closing, '1 passed, 1 failed');
});

test('no test at all is a failure', () => {
  assert.is(runner('--suite=isa').status, 1);
  assert.match(runner('nowhere').output, "no test file's path contains 'nowhere'");
});

test('a file marked ci runs only when asked for', () => {
  assert.is(runner('--suite=node').closing, '1 passed, 0 failed');
  assert.is(runner('slow').closing, '1 passed, 0 failed');
  assert.not.match(runner().output, 'slow');
});

test.run();
