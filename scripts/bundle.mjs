// SPDX-License-Identifier: MIT
// dist/lib (compiled module by module) -> dist/bundle: one file for each of the package's entries and what they share.
// Node takes 60 ms to load a hundred small modules, and 20 ms for the same code in a few.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { fail, root } from './support/project.mjs';

/** { 'data': 'dist/lib/data/index.js', … }, from the conditions of package.json. */
function entryPoints() {
  const { exports, imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const targets = [...Object.values(exports), ...Object.values(imports)].filter((target) => target.types);
  return Object.fromEntries(
    targets.map(({ types, default: bundle }) => [
      bundle.replace('./dist/bundle/', '').replace(/\.js$/, ''),
      join(root, types.replace(/\.d\.ts$/, '.js')),
    ]),
  );
}

// esbuild's helper for names that bundling changed. It would run for every closure that a call makes; what is seen are
// the names of classes.
const setName = '__defProp(target, "name", { value, configurable: true })';
const setClassName = `target.prototype ? ${setName} : target`;

export function bundle() {
  const outdir = join(root, 'dist/bundle');
  const { outputFiles } = buildSync({
    entryPoints: entryPoints(),
    outdir,
    write: false,
    chunkNames: 'shared-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    keepNames: true,
    logLevel: 'warning',
  });
  mkdirSync(outdir, { recursive: true });
  for (const { path, text } of outputFiles) writeFileSync(path, text.replace(setName, setClassName));
  const written = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const file of readdirSync(outdir)) if (!written.has(file)) rmSync(join(outdir, file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    bundle();
  } catch (error) {
    fail(error);
  }
}
