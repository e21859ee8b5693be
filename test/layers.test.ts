// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../..', import.meta.url));
const maxLines = 800;

/** What each folder of native/ may include; the rows of the op tables (`*.def`) know nothing and may be read by all. */
const mayInclude: Record<string, RegExp> = {
  kernels: /^(kernels\/|core\/(dtype|half|types|parallel)\.h$)/,
  core: /^core\//,
  ops: /^(ops|core)\/|^kernels\/table\.h$/,
  data: /^(data|ops|core)\/|^kernels\/table\.h$/,
  autograd: /^(autograd|ops|core)\/|^kernels\/table\.h$/,
  graph: /^(graph|autograd|ops|core)\/|^kernels\/table\.h$/,
  binding: /^(binding|graph|autograd|data|ops|core)\/|^kernels\/table\.h$/,
};

function sourcesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => /\.(cc|h|def|ts|mjs)$/.test(file) && !file.includes('node_modules'));
}

const folderOf = (file: string) => file.split('/')[1] ?? '';
const includesOf = (file: string) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/^\s*#\s*include "([^"]+)"/gm)].map((match) => match[1] ?? '');

const nativeSources = sourcesUnder('native');

test('each folder of native/ has a place in the layers', () => {
  const unknown = nativeSources.filter((file) => !(folderOf(file) in mayInclude));
  assert.equal(unknown, []);
});

test('includes point downwards only', () => {
  const upward = nativeSources.flatMap((file) =>
    includesOf(file)
      .filter((included) => !included.endsWith('.def') && !mayInclude[folderOf(file)]?.test(included))
      .map((included) => `${file} includes ${included}`),
  );
  assert.equal(upward, []);
});

test('every include is written from the root of native/', () => {
  const known = new Set(nativeSources.map((file) => file.slice('native/'.length)));
  const unknown = nativeSources.flatMap((file) =>
    includesOf(file)
      .filter((included) => !known.has(included))
      .map((included) => `${file} includes ${included}`),
  );
  assert.equal(unknown, []);
});

test('every source begins with its licence', () => {
  const files = ['native', 'lib', 'test', 'scripts', 'bin'].flatMap(sourcesUnder);
  const bare = files.filter((file) => {
    const [first, second] = readFileSync(join(root, file), 'utf8').split('\n', 2);
    return ![first, second].includes('// SPDX-License-Identifier: MIT');
  });
  assert.equal(bare, []);
});

test(`no source is longer than ${maxLines} lines`, () => {
  const long = ['native', 'lib', 'test', 'scripts', 'bin', 'examples', 'bench']
    .filter((folder) => readdirSync(root).includes(folder))
    .flatMap(sourcesUnder)
    .filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > maxLines);
  assert.equal(long, []);
});

test.run();
