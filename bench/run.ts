// SPDX-License-Identifier: MIT
// npm run bench [-- NAME … --peers --rounds N --json FILE]: the programs of a suite in turn, so that a noisy machine
// hits all of them alike. NAME is a suite or a row. Ratios above 1 are in our favour.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { getNumThreads, isa } from 'cresset';
import { floorOf, measureLimits } from './machine.js';
import { withPeerData } from './peer-data.js';
import { type Spread, show, spread } from './spread.js';
import { type Outcome, type Program, type Row, type Suite, suites } from './suites.js';

const { values: options, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { peers: { type: 'boolean' }, rounds: { type: 'string', default: '5' }, json: { type: 'string' } },
});

interface PeerResult extends Spread {
  ratio: Spread;
  version: string | undefined;
}
interface Result extends Pick<Row, 'name' | 'unit' | 'better'> {
  ours: Spread;
  floor?: number;
  notes?: Record<string, Spread>;
  peers: Record<string, PeerResult>;
}

function runProgram({ command, args }: Program, rows: readonly Row[], data: string): Outcome {
  const { stdout, stderr, status } = spawnSync(command, [...args, ...rows.map((row) => `--row=${row.name}`)], {
    encoding: 'utf8',
    env: { ...process.env, DATA: data },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Outcome;
}

/** The first loss (an epoch's mean) must agree within a tenth: else the two programs did not do the same work. */
function checkSameTraining(row: string, peer: string, a: Outcome, b: Outcome): void {
  const [x, y] = [a.losses?.[row]?.[0], b.losses?.[row]?.[0]];
  if (x === undefined || y === undefined || Math.abs(x - y) <= 0.1 * y) return;
  throw new Error(`${row} against ${peer}: the first mean loss is ${x} here and ${y} there: not the same training`);
}

function comparePeer(row: Row, own: readonly Outcome[], peer: string, theirs: readonly Outcome[]): PeerResult {
  checkSameTraining(row.name, peer, own[0] as Outcome, theirs[0] as Outcome);
  const figureOf = (outcome: Outcome) => outcome.values[row.name] as number;
  const ratios = theirs.map((outcome, i) => {
    const ratio = figureOf(outcome) / figureOf(own[i] as Outcome);
    return row.better === 'lower' ? ratio : 1 / ratio;
  });
  return { ...spread(theirs.map(figureOf)), ratio: spread(ratios), version: theirs[0]?.version };
}

function notesOf(row: Row, own: readonly Outcome[]): Record<string, Spread> | undefined {
  const names = Object.keys(own[0]?.notes?.[row.name] ?? {});
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => [name, spread(own.map((outcome) => outcome.notes?.[row.name]?.[name] as number))]),
  );
}

function measureSuite(suite: Suite, rows: readonly Row[], data: string): Result[] {
  const peers = Object.entries(options.peers ? suite.peers : {});
  const own: Outcome[] = [];
  const theirs = new Map<string, Outcome[]>(peers.map(([name]) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    own.push(runProgram(suite.ours, rows, data));
    for (const [name, program] of peers) theirs.get(name)?.push(runProgram(program, rows, data));
  }
  return rows.map((row) => {
    const floor = floorOf(row, limits);
    const notes = notesOf(row, own);
    const measured = [...theirs].filter(([, outcomes]) => outcomes[0]?.values[row.name] !== undefined);
    return {
      name: row.name,
      unit: row.unit,
      better: row.better,
      ours: spread(own.map((outcome) => outcome.values[row.name] as number)),
      ...(floor !== undefined && { floor }),
      ...(notes && { notes }),
      peers: Object.fromEntries(measured.map(([name, outcomes]) => [name, comparePeer(row, own, name, outcomes)])),
    };
  });
}

function print({ name, unit, ours, floor, notes, peers }: Result): void {
  const share =
    floor === undefined ? '' : `, floor ${floor.toPrecision(3)} (${((100 * floor) / ours.median).toFixed(0)} %)`;
  console.log(`${name}: ${show(ours)} ${unit}${share}`);
  for (const [peer, result] of Object.entries(peers))
    console.log(`  ${peer} ${result.version}: ${show(result)} ${unit}, ratio ${show(result.ratio)}`);
  for (const [note, value] of Object.entries(notes ?? {})) console.log(`  ${note}: ${show(value)}`);
}

function selectRows(suite: Suite): Row[] {
  const isAsked = (row: Row) =>
    positionals.length === 0 || positionals.includes(suite.name) || positionals.includes(row.name);
  return suite.rows.filter(isAsked);
}

for (const name of positionals) {
  if (!suites.some((suite) => suite.name === name || suite.rows.some((row) => row.name === name)))
    throw new Error(`bench: no suite or row is called '${name}'`);
}
const limits = measureLimits(getNumThreads());
console.log(`${cpus()[0]?.model}, ${getNumThreads()} threads, ${isa()}: ${limits.gflops} GFLOP/s, ${limits.gbs} GB/s`);
const results = withPeerData((data) => {
  const all: Result[] = [];
  for (const suite of suites) {
    const rows = selectRows(suite);
    if (rows.length === 0) continue;
    const measured = measureSuite(suite, rows, data);
    measured.forEach(print);
    all.push(...measured);
  }
  return all;
});
if (options.json) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, isa: isa(), threads: getNumThreads(), ...limits };
  const versions = { node: process.version };
  writeFileSync(options.json, `${JSON.stringify({ machine, versions, rows: results }, null, 2)}\n`);
}
