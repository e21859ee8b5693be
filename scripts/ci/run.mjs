// SPDX-License-Identifier: MIT
// Runs the stages of the gate one after another, all of them even when one fails, and adds up what they counted.
import { spawn } from 'node:child_process';
import { root } from '../support/project.mjs';
import { stages } from './stages.mjs';

const counts = { passed: 0, failed: 0 };
const ran = [];
const asked = process.argv.slice(2);

/** Runs a command, shows its output and adds its closing `N passed, N failed`; without one it counts as one test. */
async function check(command, args, env = {}) {
  console.log(`$ ${[...Object.entries(env).map(([key, value]) => `${key}=${value}`), command, ...args].join(' ')}`);
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await new Promise((done) => child.on('close', done).on('error', () => done(127)));
  const closing = output
    .trimEnd()
    .split('\n')
    .at(-1)
    .match(/^(\d+) passed, (\d+) failed/);
  const [passed, failed] = closing ? [Number(closing[1]), Number(closing[2])] : [code === 0 ? 1 : 0, 0];
  counts.passed += passed;
  counts.failed += code !== 0 && failed === 0 ? 1 : failed;
  return code === 0;
}

for (const [name, stage] of Object.entries(stages)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const began = performance.now();
  console.log(`\n== ${name}`);
  try {
    ran.push(...((await stage(check)) ?? []));
  } catch (error) {
    console.log(error.message);
    counts.failed++;
  }
  console.log(`== ${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

console.log(`\nRan on: ${ran.join(', ')}`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.passed > 0 && counts.failed === 0 ? 0 : 1;
