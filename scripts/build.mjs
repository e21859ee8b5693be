// SPDX-License-Identifier: MIT
// npm run build | build:debug | build:asan | build:arm64
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

/** cmake-js' build of the same sources in a folder of its own; tests reach it with CRESSET_PREBUILD=$PWD/<folder>. */
function buildWithCmake(folder, options) {
  const headers = nodeHeaders();
  const args = ['compile', '--out', `${folder}/build`, '--parallel', String(jobs), ...options];
  runTool('cmake-js/bin/cmake-js', args, {
    env: { ...process.env, ...(headers && { npm_config_nodedir: headers }) },
  });
}

const crossToArm64 = [
  '--arch=arm64',
  '--CDCMAKE_SYSTEM_NAME=Linux',
  '--CDCMAKE_SYSTEM_PROCESSOR=aarch64',
  '--CDCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++',
];

export const builds = {
  release: buildRelease,
  debug: () => buildWithCmake('build-debug', ['--debug']),
  asan: () => buildWithCmake('build-asan', ['--debug', '--CDCRESSET_SANITIZE=address,undefined']),
  arm64: () => buildWithCmake('build-arm64', crossToArm64),
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
