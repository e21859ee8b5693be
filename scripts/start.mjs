// SPDX-License-Identifier: MIT
// npm start -- [--style torch|tf|keras] [options of the program]: examples/mnist-STYLE.ts, built first where need be.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fail, filesUnder, root } from './support/project.mjs';

const styles = filesUnder('examples').flatMap((file) => file.match(/^examples\/mnist-(\w+)\.ts$/)?.[1] ?? []);

/** The style that is asked for, and the arguments that are left for the program. */
function readStyle(args) {
  const options = { style: { type: 'string' } };
  const { values, tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const { style = 'torch' } = values;
  if (!styles.includes(style)) throw new Error(`--style: expected one of ${styles.join(', ')}, got '${style}'`);
  const own = tokens.filter(({ name }) => name === 'style');
  const used = own.flatMap(({ index, inlineValue }) => (inlineValue ? [index] : [index, index + 1]));
  return { style, rest: args.filter((_, i) => !used.includes(i)) };
}

/** Brings the clone to where the program can run; the program's own errors keep their stack. */
async function prepare() {
  const { style, rest } = readStyle(process.argv.slice(2));
  const { bootstrap } = await import('./bootstrap.mjs');
  await bootstrap();
  const program = join(root, `dist/examples/mnist-${style}.js`);
  process.argv = [process.argv[0], program, ...rest];
  return program;
}

const program = await prepare().catch(fail);
await import(pathToFileURL(program).href);
