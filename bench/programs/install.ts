// SPDX-License-Identifier: MIT
// Milliseconds that `import 'cresset'` adds to Node's own start, and the megabytes that the package and what it depends
// on take where it is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAsked, median, print } from './support.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function start(code: string): number {
  const began = performance.now();
  spawnSync(process.execPath, ['--input-type=module', '-e', code]);
  return performance.now() - began;
}

function importTime(): number {
  return median(Array.from({ length: 9 }, () => start("import 'cresset'") - start('')));
}

function bytesUnder(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => lstatSync(join(folder, file)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
}

function installSize(): number {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-install-'));
  const npm = (cwd: string, ...args: string[]) =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    execFileSync(process.execPath, ['scripts/prebuild.mjs'], { cwd: root, stdio: 'ignore' });
    const [{ filename }] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', folder));
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    npm(folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', `./${filename}`);
    return bytesUnder(join(folder, 'node_modules')) / 2 ** 20;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const values: Record<string, number> = {};
if (isAsked('import')) values.import = importTime();
if (isAsked('install-size')) values['install-size'] = installSize();
print({ values });
