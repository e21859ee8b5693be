// SPDX-License-Identifier: MIT
// Brings a clone to where it can run: packages, addon, compiled TypeScript. Does nothing twice.
import { rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, filesUnder, hashOf, once, root, run, runTool } from './support/project.mjs';

const typescriptFolders = ['lib', 'examples', 'test', 'bench', 'scripts'];
const isWindows = process.platform === 'win32';

function requireNode(oldest) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldest;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Error(`cresset needs Node ${oldest.join('.')} or newer; this is ${process.version}`);
}

function installPackages() {
  console.log('Installing packages …');
  const npm = process.env.npm_execpath;
  if (npm) run(process.execPath, [npm, 'ci', '--no-audit', '--no-fund']);
  else run(isWindows ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund'], { shell: isWindows });
}

function compileTypescript(sources) {
  // Incremental checking of Tensor's circular types has reported errors that a full one does not.
  runTool('typescript/bin/tsc', ['-b', '--force']);
  // What a deleted or renamed source left behind would still be found by the test runner and by npm pack.
  const kept = new Set(sources.map((file) => file.slice(0, -extname(file).length)));
  for (const file of filesUnder('dist')) {
    if (file.startsWith('dist/bundle/')) continue;
    const source = file.slice('dist/'.length).replace(/(\.d\.ts|\.js)$/, '');
    if (/\.(js|d\.ts)$/.test(file) && !kept.has(source)) rmSync(join(root, file));
  }
}

export async function bootstrap() {
  requireNode([20, 19]);
  once('node_modules/.cresset-installed', hashOf(['package-lock.json']), installPackages);

  const native = ['binding.gyp', 'package-lock.json', ...filesUnder('native')];
  const { buildRelease } = await import('./build.mjs');
  once('build/Release/.cresset-built', hashOf(native), buildRelease);

  const { bundle } = await import('./bundle.mjs');
  const sources = typescriptFolders.flatMap(filesUnder).filter((file) => file.endsWith('.ts'));
  const hash = hashOf(['tsconfig.json', 'package.json', 'package-lock.json', 'scripts/bundle.mjs', ...sources]);
  once('dist/.cresset-compiled', hash, () => {
    compileTypescript(sources);
    bundle();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bootstrap().catch(fail);
