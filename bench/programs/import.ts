// SPDX-License-Identifier: MIT
// Milliseconds that `import 'cresset'` adds to Node's own start.
import { spawnSync } from 'node:child_process';
import { median, print } from './support.js';

function start(code: string): number {
  const began = performance.now();
  spawnSync(process.execPath, ['--input-type=module', '-e', code]);
  return performance.now() - began;
}
const differences = Array.from({ length: 7 }, () => start("import 'cresset'") - start(''));
print({ values: { import: median(differences) } });
