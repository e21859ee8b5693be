// SPDX-License-Identifier: MIT
// timeout: 600
// Every ```ts block of README.md and docs/*.md is a whole program: it is type-checked and run, and what a comment behind
// a console.log says is what it prints. A block marked ```ts no-run is only type-checked.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeIdxFolder } from './support/idx.js';
import { projectRoot } from './support/tools.js';

interface Block {
  name: string;
  code: string;
  isRun: boolean;
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  return [...text.matchAll(/^```ts( no-run)?\n([\s\S]*?)^```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return { name: `${basename(file, '.md')}-${line}`, code: match[2] as string, isRun: !match[1] };
  });
}

const pages = readdirSync(join(projectRoot, 'docs')).filter((name) => name.endsWith('.md'));
const blocks = ['README.md', ...pages.map((name) => `docs/${name}`)].flatMap(blocksOf);

// Inside the project, so that the programs find `cresset` as a user's would; outside of what is packed.
const folder = mkdtempSync(join(projectRoot, 'dist/docs-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The programs' data sets: a few samples of noise, found where `CRESSET_DATA` says. */
const data = join(folder, 'data');
for (const name of ['mnist', 'fashion-mnist']) writeIdxFolder(join(data, name), 320, 100);

test('the programs of the documentation type-check', () => {
  const { compilerOptions } = JSON.parse(readFileSync(join(projectRoot, 'tsconfig.json'), 'utf8'));
  for (const name of ['composite', 'tsBuildInfoFile', 'declaration', 'noUnusedLocals']) delete compilerOptions[name];
  const config = { compilerOptions: { ...compilerOptions, rootDir: '.', outDir: 'js' }, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  for (const { name, code } of blocks) writeFileSync(join(folder, `${name}.ts`), code);
  const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  assert.is(status, 0, stdout);
});

for (const { name, code } of blocks.filter(({ isRun }) => isRun)) {
  test(`runs: ${name}`, () => {
    const cwd = join(folder, `${name}-files`);
    mkdirSync(cwd);
    const env = { ...process.env, CRESSET_DATA: data, XDG_CACHE_HOME: cwd };
    const options = { cwd, env, encoding: 'utf8', timeout: 120_000 } as const;
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'js', `${name}.js`)], options);
    assert.is(signal ?? status, 0, stderr);
    for (const [, expected] of code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)) {
      assert.ok(stdout.includes(expected as string), `expected ${expected}, printed:\n${stdout}`);
    }
  });
}

test.run();
