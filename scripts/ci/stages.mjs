// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from '../bootstrap.mjs';
import { filesUnder, root } from '../support/project.mjs';
import { addressSanitizer, instructionSets } from './machine.mjs';

const test = (...args) => ['node', ['scripts/test.mjs', '--only', ...args]];
const tools = () => import('../../dist/test/support/tools.js');

/** Fails the gate when less ran than the machine offers; what ran is printed at its end. */
function requireAll(kind, offered, ran) {
  const missed = offered.filter((item) => !ran.includes(item));
  if (missed.length > 0) throw new Error(`${kind}: ${missed.join(', ')} did not pass`);
  return ran.map((item) => `${kind} ${item}`);
}

/** Runs `check` for each item in turn and returns those that passed. */
async function passing(items, check) {
  const passed = [];
  for (const item of items) if (await check(item)) passed.push(item);
  return passed;
}

export const stages = {
  async build() {
    await bootstrap();
  },

  async test(check) {
    await check('npm', ['test']);
  },

  async lint(check) {
    await check('npm', ['run', '--silent', 'lint']);
  },
};
