#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAddon } from './compile.mjs';

const packageRoot = fileURLToPath(new URL('..', import.meta.url));
const usage = 'Usage: cresset build    builds the native addon of this installation from source';

/** The published package has no binding.gyp at its root, lest npm compile it by itself at install. */
function build() {
  const recipe = join(packageRoot, 'binding.gyp');
  const isOurs = !existsSync(recipe);
  if (isOurs) writeFileSync(recipe, "{ 'includes': ['native/addon.gypi'] }\n");
  try {
    console.log('Building cresset from source, which takes some minutes …');
    compileAddon(packageRoot, ['rebuild']);
    if (isOurs) rmSync(join(packageRoot, 'build/Release/obj.target'), { recursive: true, force: true });
  } finally {
    if (isOurs) rmSync(recipe);
  }
  console.log(`Built ${join(packageRoot, 'build/Release/cresset.node')}`);
}

const [command, ...rest] = process.argv.slice(2);
try {
  if (command !== 'build' || rest.length > 0) throw new Error(usage);
  build();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
