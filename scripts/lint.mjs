// SPDX-License-Identifier: MIT
// npm run lint | npm run format: Biome for TypeScript, JavaScript and JSON, clang-format for C++.
import { fail, filesUnder, run, runTool } from './support/project.mjs';

const write = process.argv.includes('--write');
const cppFiles = ['native', 'test'].flatMap(filesUnder).filter((file) => /\.(cc|h)$/.test(file));

try {
  runTool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', ...(write ? ['--write'] : [])]);
  if (cppFiles.length > 0) run('clang-format', [...(write ? ['-i'] : ['--dry-run', '--Werror']), ...cppFiles]);
} catch (error) {
  fail(error);
}
