// SPDX-License-Identifier: MIT
// Each kernel object may export one symbol. An inline function shared between instruction sets would be
// merged by the linker, and the AVX-512 copy could then run on a CPU without it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, filesUnder, root } from './support/project.mjs';

const isWeak = (type) => 'WwVvu'.includes(type);

function globalSymbols(object) {
  const result = spawnSync('nm', ['--extern-only', '--defined-only', '-C', join(root, object)], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`nm ${object}: ${result.error?.message ?? result.stderr}`);
  return [...result.stdout.matchAll(/^[0-9a-f]* +(\w) (.+)$/gm)].map(([, type, name]) => ({ type, name }));
}

/** Throws, naming the symbols, when a kernel object under `folder` exports a weak symbol or not exactly one. */
export function checkKernelSymbols(folder) {
  const objects = filesUnder(folder).filter((file) => /\/kernels_\w+\/.*\.o$/.test(file));
  const problems = [];
  for (const object of objects) {
    const symbols = globalSymbols(object);
    if (symbols.length === 1 && !isWeak(symbols[0].type)) continue;
    const list = symbols.map(({ type, name }) => `    ${type} ${name}`).join('\n') || '    (none)';
    problems.push(`  ${object}: expected exactly one strong global symbol, got\n${list}`);
  }
  if (problems.length > 0) throw new Error(`Kernel objects with unexpected symbols:\n${problems.join('\n')}`);
  return objects.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(`${checkKernelSymbols(process.argv[2] ?? 'build/Release/obj.target')} kernel objects checked`);
  } catch (error) {
    fail(error);
  }
}
