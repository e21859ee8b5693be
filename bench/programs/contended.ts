// SPDX-License-Identifier: MIT
// node contended.js COMMAND ARGUMENT…: another program quiet and beside a busy neighbour, and what the scheduler allows
// it, by as many free-running counters as there are threads, quiet and beside the neighbour too.
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { getNumThreads } from 'cresset';
import { besideNeighbour } from '../neighbour.js';
import type { Outcome } from '../suite.js';
import { print } from './support.js';

const [command, ...rest] = process.argv.slice(2) as [string, ...string[]];
const args = rest.filter((arg) => !arg.startsWith('--row='));

function run(): Outcome {
  const output = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(output.trim().split('\n').at(-1) as string) as Outcome;
}

/** All begin at the same moment and count for two seconds. */
const counter = `
const start = Number(process.argv[1]);
while (Date.now() < start);
let count = 0;
while (Date.now() < start + 2000) for (let i = 0; i < 1e4; i++) count++;
console.log(count)`;

async function counts(): Promise<number> {
  const start = `${Date.now() + 300}`;
  const counters = Array.from({ length: getNumThreads() }, () =>
    promisify(execFile)(process.execPath, ['-e', counter, start]),
  );
  return (await Promise.all(counters)).reduce((sum, { stdout }) => sum + Number(stdout), 0);
}

const secondsOf = ({ values }: Outcome) => Object.values(values)[0] as number;
const quietCounts = await counts();
const quiet = run();
const [busyCounts, busy] = await besideNeighbour(async () => [await counts(), run()] as const);
const ceiling = busyCounts / quietCounts;
const throughput = secondsOf(quiet) / secondsOf(busy);
print({
  values: { 'busy-throughput': throughput, 'busy-share': (100 * throughput) / ceiling },
  ...(quiet.version && { version: quiet.version }),
  notes: {
    'busy-throughput': { 'quiet epoch, s': secondsOf(quiet), 'epoch beside it, s': secondsOf(busy) },
    'busy-share': { 'the counters beside it, of quiet ones': ceiling },
  },
});
