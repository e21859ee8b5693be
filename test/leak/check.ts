// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

const program = fileURLToPath(new URL('./train.js', import.meta.url));
const megabyte = 1 << 20;
// V8 doubles its young generation when enough survives in it, and with it what waits for a collection: that jump, early
// or late in a run, is no leak. The programs begin with the size they end with.
const fixedYoungGeneration = ['--min-semi-space-size=4', '--max-semi-space-size=4'];

/**
 * Runs a program of train.ts and holds its last fifth against its second: resident memory and live bytes. Of a few
 * megabytes alive, one late collection is a quarter; 4 MB is what a leak of 1.4 kB a step would leave behind in the
 * shortest program.
 */
export function checkFlat(name: string, steps: number, extraResident: (before: number) => number): void {
  const output = execFileSync(process.execPath, [...fixedYoungGeneration, program, name, String(steps)], {
    encoding: 'utf8',
  });
  const { rss, live } = JSON.parse(output) as Record<'rss' | 'live', [number, number]>;
  const told = `of ${name} went from ${rss.map((n) => (n / megabyte).toFixed(1)).join(' to ')} MB`;
  assert.ok(rss[1] <= rss[0] + extraResident(rss[0]), `resident memory ${told}`);
  assert.ok(
    live[1] <= Math.max(1.25 * live[0], live[0] + 4 * megabyte),
    `peak of live bytes: from ${live[0]} to ${live[1]}`,
  );
}

export const sixteenMegabytes = () => 16 * megabyte;
export const tenPercent = (before: number) => 0.1 * before;
