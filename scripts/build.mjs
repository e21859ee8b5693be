// SPDX-License-Identifier: MIT
// npm run build | build:debug | build:asan
import { fileURLToPath } from 'node:url';
import { compileAddon, nodeHeaders } from '../bin/compile.mjs';
import { checkKernelSymbols } from './check-symbols.mjs';
import { fail, jobs, root, runTool } from './support/project.mjs';

/** node-gyp's build of binding.gyp, as users get it; only what changed is compiled again. */
export function buildRelease() {
  console.log('Building the addon …');
  compileAddon(root, ['configure', 'build']);
  checkKernelSymbols('build/Release/obj.target');
}

/** cmake-js' build of the same sources in a folder of its own; tests reach it with CRESSET_PREBUILD=<folder>. */
function buildWithCmake(folder, options) {
  const headers = nodeHeaders();
  const args = ['compile', '--debug', '--out', `${folder}/build`, '--parallel', String(jobs), ...options];
  runTool('cmake-js/bin/cmake-js', args, {
    env: { ...process.env, ...(headers && { npm_config_nodedir: headers }) },
  });
}

const builds = {
  release: buildRelease,
  debug: () => buildWithCmake('build-debug', []),
  asan: () => buildWithCmake('build-asan', ['--CDCRESSET_SANITIZE=address,undefined']),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const kind = process.argv[2] ?? 'release';
    if (!(kind in builds)) throw new Error(`build: got '${kind}', expected ${Object.keys(builds).join(', ')}`);
    builds[kind]();
  } catch (error) {
    fail(error);
  }
}
