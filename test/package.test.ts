// SPDX-License-Identifier: MIT
// ci
// serial
// timeout: 1500
// suites: package
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { installNode, installTool, npm, projectRoot } from './support/tools.js';

const maxBytes = 15 * 2 ** 20;
const temporary = mkdtempSync(join(tmpdir(), 'cresset-package-'));
const project = (name: string) => join(temporary, name);

/** Learns y = x·1 from scratch and prints the first and the last loss. */
const trainingSteps = `
manualSeed(1);
const x = randn([64, 8]);
const y = x.matmul(ones([8, 1]));
const model = new nn.Linear(8, 1);
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const criterion = new nn.MSELoss();
const losses = [];
for (let step = 0; step < 100; step++) {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(x), y);
  loss.backward();
  optimizer.step();
  losses.push(loss.item());
}
console.log(JSON.stringify({ first: losses[0], last: losses.at(-1) }));
`;
const programs = {
  'main.mjs': `import { manualSeed, nn, ones, optim, randn } from 'cresset';\n${trainingSteps}`,
  'main.cjs': `const { manualSeed, nn, ones, optim, randn } = require('cresset');\n${trainingSteps}`,
};

/** A `PATH` that has Node and a shell and, above all, no compiler. */
function barePath(node: string): string {
  const folder = mkdtempSync(join(temporary, 'bin-'));
  symlinkSync(node, join(folder, 'node'));
  symlinkSync('/bin/sh', join(folder, 'sh'));
  return folder;
}

/** The environment of a user's shell: nothing that the npm running this test has set. */
function userEnvironment(extra: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([key]) => !/^(npm_|CRESSET_|INIT_CWD)/i.test(key));
  return { ...Object.fromEntries(inherited), ...extra };
}

function run(node: string, args: string[], cwd: string, env: NodeJS.ProcessEnv) {
  const result = spawnSync(node, args, { cwd, env: userEnvironment(env), encoding: 'utf8' });
  return { status: result.status, output: `${result.stdout}${result.stderr}`, stdout: result.stdout };
}

/** Not through links: pnpm's packages would count twice. */
function bytesUnder(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + bytesUnder(path);
    return sum + (entry.isFile() ? lstatSync(path).size : 0);
  }, 0);
}

function assertTrains(node: string, program: string, cwd: string, env: NodeJS.ProcessEnv) {
  const { status, output, stdout } = run(node, [program], cwd, env);
  assert.is(status, 0, output);
  const { first, last } = JSON.parse(stdout) as { first: number; last: number };
  assert.ok(last < first / 1000, `${program}: loss went from ${first} to ${last} only`);
}

function pack(): string {
  const built = run(process.execPath, ['scripts/prebuild.mjs'], projectRoot, {});
  assert.is(built.status, 0, built.output);
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--pack-destination', temporary], { cwd: projectRoot }));
  return join(temporary, filename);
}

interface Manager {
  name: string;
  node: string;
  script: string;
  install: string[];
}

function managers(): Manager[] {
  const quiet = ['--no-audit', '--no-fund'];
  const npmInstall = ['install', '--ignore-scripts', ...quiet];
  const node22 = installNode(22);
  const script = (name: string, version: string, path: string) => join(installTool(name, version), path);
  return [
    { name: 'npm-11', node: process.execPath, script: script('npm', '11.19.1', 'bin/npm-cli.js'), install: npmInstall },
    { name: 'npm-12', node: node22, script: script('npm', '12.2.0', 'bin/npm-cli.js'), install: npmInstall },
    {
      name: 'pnpm',
      node: node22,
      script: script('pnpm', '12.21.0', 'bin/pnpm.mjs'),
      install: ['add', '--ignore-scripts'],
    },
  ];
}

let tarball = '';
test.before(() => {
  tarball = pack();
});
test.after(() => rmSync(temporary, { recursive: true }));

for (const { name, node, script, install } of managers()) {
  const cwd = project(name);
  const env = { PATH: barePath(node), npm_config_store_dir: join(temporary, 'store') };

  test(`${name} installs the package without a compiler`, () => {
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'package.json'), '{ "private": true }');
    for (const [file, text] of Object.entries(programs)) writeFileSync(join(cwd, file), text);
    const { status, output } = run(node, [script, ...install, tarball], cwd, env);
    assert.is(status, 0, output);
    assert.not.match(output, /ignored build scripts|node-gyp/i);
    const bytes = bytesUnder(join(cwd, 'node_modules'));
    assert.ok(bytes <= maxBytes, `${bytes} bytes on disk, ${maxBytes} allowed`);
  });

  for (const program of Object.keys(programs)) {
    test(`${name}: ${program} trains for 100 steps`, () => assertTrains(node, program, cwd, env));
  }
}

test('it trains where libgomp is missing', () => {
  const broken = project('no-gomp');
  mkdirSync(broken);
  // The dynamic linker gives up at a library that it cannot read.
  writeFileSync(join(broken, 'libgomp.so.1'), '');
  const env = { PATH: barePath(process.execPath), LD_LIBRARY_PATH: broken };
  assertTrains(process.execPath, 'main.mjs', project('npm-11'), env);
  const forced = run(process.execPath, ['main.mjs'], project('npm-11'), { ...env, CRESSET_PARALLEL: 'openmp' });
  assert.is.not(forced.status, 0, 'libgomp was found');
});

test('without a prebuilt binary the error names the remedy, and the remedy works', () => {
  const cwd = project('npm-11');
  const npmScript = join(installTool('npm', '11.19.1'), 'bin/npm-cli.js');
  rmSync(join(cwd, 'node_modules/cresset/prebuilds'), { recursive: true });
  const { status, output } = run(process.execPath, ['main.mjs'], cwd, {});
  assert.is.not(status, 0);
  assert.match(output, 'npx cresset build');
  const built = run(process.execPath, [npmScript, 'exec', '--', 'cresset', 'build'], cwd, {});
  assert.is(built.status, 0, built.output);
  assertTrains(process.execPath, 'main.mjs', cwd, {});
  const readPackage = createRequire(join(cwd, 'main.cjs'));
  assert.is((readPackage('cresset/package.json') as { name: string }).name, 'cresset');
});

test.run();
