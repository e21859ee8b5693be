// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readElf } from './support/elf.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const finder = createRequire(import.meta.url)('node-gyp-build') as { path(folder: string): string };
const addon = finder.path(root);
const openmp = join(dirname(addon), 'cresset_openmp.so');
const linuxTest = process.platform === 'linux' ? test : test.skip;

/** Debian 12, Ubuntu 22.04 and RHEL 9 have glibc 2.34 or newer. */
const newestGlibc = 34;

const glibcMinor = (version: string) => Number(version.match(/^GLIBC_2\.(\d+)/)?.[1] ?? 0);

linuxTest("the addon exports Node-API's two symbols and no other", () => {
  assert.equal(readElf(addon).exported, ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
});

linuxTest('the OpenMP module exports only its own entry points', () => {
  const foreign = readElf(openmp).exported.filter((name) => !name.startsWith('cresset_'));
  assert.equal(foreign, []);
});

for (const file of [addon, openmp]) {
  linuxTest(`${file.split('/').at(-1)} runs on glibc 2.${newestGlibc}`, () => {
    const tooNew = readElf(file).versions.filter((version) => glibcMinor(version) > newestGlibc);
    assert.equal(tooNew, []);
  });

  linuxTest(`${file.split('/').at(-1)} stays in memory when a Worker exits`, () => {
    assert.ok(readElf(file).noDelete);
  });
}

linuxTest('the addon loads without libgomp and libstdc++', () => {
  const { needed } = readElf(addon);
  assert.equal(
    needed.filter((library) => /gomp|stdc\+\+/.test(library)),
    [],
  );
});

test.run();
