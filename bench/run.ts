// SPDX-License-Identifier: MIT
// npm run bench [-- NAME … --peers --rounds N --json FOLDER]: the programs of each suite in turn; NAME is a suite or a
// row. `--json` keeps each suite's results in FOLDER/ISA/SUITE.json. Ratios above 1 are in our favour.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { getNumThreads, isa } from 'cresset';
import { betterLimits, type Limits, measureLimits } from './machine.js';
import { measureSuite } from './measure.js';
import { withPeerData } from './peer-data.js';
import { type Machine, type Result, writeResults } from './results.js';
import { show } from './spread.js';
import type { Suite } from './suite.js';
import { suites } from './suites.js';

const { values: options, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    help: { type: 'boolean' },
    peers: { type: 'boolean' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});

function print({ name, unit, ours, floor, notes, peers }: Result): void {
  const share =
    floor === undefined ? '' : `, floor ${floor.toPrecision(3)} (${((100 * floor) / ours.median).toFixed(0)} %)`;
  console.log(`${name}: ${show(ours)} ${unit}${share}`);
  for (const [peer, result] of Object.entries(peers))
    console.log(`  ${peer} ${result.version ?? ''}: ${show(result)} ${unit}, ratio ${show(result.ratio)}`);
  for (const [note, value] of Object.entries(notes ?? {})) console.log(`  ${note}: ${show(value)}`);
}

function selectRows(suite: Suite) {
  const isAsked = (name: string) =>
    positionals.length === 0 || positionals.includes(suite.name) || positionals.includes(name);
  return suite.rows.filter((row) => isAsked(row.name));
}

function checkNames(): void {
  const known = suites.flatMap((suite) => [suite.name, ...suite.rows.map((row) => row.name)]);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown) throw new Error(`bench: no suite or row is called '${unknown}', expected ${known.join(', ')}`);
}

function showHelp(): void {
  console.log('npm run bench [-- NAME … --peers --rounds N --json FOLDER]\n\nNAME is a suite, or one of its rows:');
  for (const { name, rows } of suites) console.log(`  ${name}: ${rows.map((row) => row.name).join(', ')}`);
  process.exit();
}

function readRounds(): number {
  const count = Number(options.rounds);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`bench: --rounds: expected an integer of at least 1, got '${options.rounds}'`);
}

if (options.help) showHelp();
checkNames();
const rounds = readRounds();
const threads = getNumThreads();
const cpu = cpus()[0]?.model;
let limits: Limits | undefined;

/** The machine as it was found by the time a suite begins. */
function describeMachine(): Machine {
  const found = measureLimits(threads);
  if (!limits)
    console.log(
      `${cpu}, ${threads} threads, ${isa()}: ${found.gflops} GFLOP/s, ${found.bf16Gflops} of bfloat16, ${found.gbs} GB/s`,
    );
  limits = limits ? betterLimits(limits, found) : found;
  return { cpu, cores: cpus().length, isa: isa(), threads, ...limits };
}

withPeerData((data) => {
  for (const suite of suites) {
    const asked = selectRows(suite);
    if (asked.length === 0) continue;
    try {
      const machine = describeMachine();
      const rows = measureSuite(suite, asked, { rounds, peers: options.peers ?? false, limits: machine, data });
      rows.forEach(print);
      const versions = { node: process.version };
      if (options.json) writeResults(options.json, { suite: suite.name, machine, versions, rounds, rows });
    } catch (error) {
      console.log(`${suite.name} failed: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
});
