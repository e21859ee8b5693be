// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/** Node's own prefix where it carries the headers, so that nothing is downloaded; else undefined. */
export function nodeHeaders() {
  const prefixes = [process.env.npm_config_nodedir, dirname(dirname(realpathSync(process.execPath)))];
  return prefixes.find((prefix) => prefix && existsSync(join(prefix, 'include/node/node_api.h')));
}

function resolveFrom(folder, request) {
  try {
    return createRequire(join(folder, 'package.json')).resolve(request);
  } catch {
    return undefined;
  }
}

/** node-gyp as installed in the project, or as every npm and pnpm carries it. */
function findNodeGyp(packageRoot) {
  const script = 'node-gyp/bin/node-gyp.js';
  const installed = resolveFrom(packageRoot, script) ?? resolveFrom(process.cwd(), script);
  const managers = [process.env.npm_execpath, join(dirname(process.execPath), 'npm')].filter(
    (path) => path && existsSync(path),
  );
  const bundled = managers.map((path) => join(dirname(realpathSync(path)), '../node_modules', script));
  const found = [installed, ...bundled].find((path) => path && existsSync(path));
  if (!found) throw new Error('node-gyp was not found. Get it with: npm install --save-dev node-gyp');
  return found;
}

/** Builds `binding.gyp` in `folder` with node-gyp; make's line for each file is shown in a terminal only. */
export function compileAddon(folder, command) {
  if (!resolveFrom(folder, 'node-addon-api')) {
    throw new Error('node-addon-api was not found. Get it with: npm install node-addon-api');
  }
  const headers = nodeHeaders();
  const jobs = process.env.JOBS || availableParallelism();
  const args = [findNodeGyp(folder), ...command, '--release', '--loglevel=warn', `--jobs=${jobs}`];
  if (headers) args.push(`--nodedir=${headers}`);
  const output = process.stdout.isTTY ? 'inherit' : 'ignore';
  const result = spawnSync(process.execPath, args, { cwd: folder, stdio: ['ignore', output, 'inherit'] });
  if (result.status !== 0) {
    throw new Error('The addon could not be built. It needs a C++20 compiler (GCC 12, Clang 15), make and Python 3.');
  }
}
