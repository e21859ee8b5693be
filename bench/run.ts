// SPDX-License-Identifier: MIT
// npm run bench [-- NAME … --peers --rounds N --json FILE]: each row's programs in turn, so that a noisy machine hits
// all of them alike. Ratios above 1 are in our favour.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { getNumThreads, isa } from 'cresset';
import { type Program, type Row, rows } from './rows.js';

interface Outcome {
  value: number;
  version?: string;
  losses?: number[];
  timerPerSecond?: number;
}
interface Spread {
  median: number;
  min: number;
  max: number;
}

const { values: options, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { peers: { type: 'boolean' }, rounds: { type: 'string', default: '5' }, json: { type: 'string' } },
});

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (i: number) => sorted[i] as number;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}

function runProgram({ command, args }: Program, data: string): Outcome {
  const { stdout, stderr, status } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, DATA: data },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Outcome;
}

/** The first epoch's mean losses must agree within a tenth: else the two programs did not do the same work. */
function checkSameTraining(name: string, a: Outcome, b: Outcome): void {
  const [x, y] = [a.losses?.[0], b.losses?.[0]];
  if (x === undefined || y === undefined || Math.abs(x - y) <= 0.1 * y) return;
  throw new Error(`${name}: first epoch's mean loss is ${x} here and ${y} there: not the same training`);
}

function measureRow(row: Row, data: string) {
  const peers = Object.entries(options.peers ? row.peers : {});
  const own: Outcome[] = [];
  const theirs = new Map<string, Outcome[]>(peers.map(([name]) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    own.push(runProgram(row.ours, data));
    for (const [name, program] of peers) theirs.get(name)?.push(runProgram(program, data));
  }
  const ourSpread = spread(own.map((o) => o.value));
  const peerRows = peers.map(([name]) => {
    const outcomes = theirs.get(name) as Outcome[];
    checkSameTraining(`${row.name} against ${name}`, own[0] as Outcome, outcomes[0] as Outcome);
    const ratios = outcomes.map((o, i) => {
      const mine = (own[i] as Outcome).value;
      return row.better === 'lower' ? o.value / mine : mine / o.value;
    });
    return [
      name,
      { ...spread(outcomes.map((o) => o.value)), ratio: spread(ratios), version: outcomes[0]?.version },
    ] as const;
  });
  const timer = own[0]?.timerPerSecond;
  return {
    name: row.name,
    unit: row.unit,
    better: row.better,
    ours: ourSpread,
    ...(timer === undefined ? {} : { timerPerSecond: spread(own.map((o) => o.timerPerSecond as number)) }),
    peers: Object.fromEntries(peerRows),
  };
}

const show = ({ median, min, max }: Spread, digits: number) =>
  `${median.toPrecision(digits)} (${min.toPrecision(digits)}–${max.toPrecision(digits)})`;

/** torchvision's layout of the raw files, unpacked beside it for the peers. */
function peerData(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-bench-'));
  const source = process.env.CRESSET_DATA;
  if (!options.peers || !source) return folder;
  const raw = join(folder, 'MNIST', 'raw');
  mkdirSync(raw, { recursive: true });
  for (const name of [
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
  ])
    writeFileSync(join(raw, name), gunzipSync(readFileSync(join(source, 'mnist', `${name}.gz`))));
  return folder;
}

const data = peerData();
const results = [];
try {
  for (const row of rows.filter((r) => positionals.length === 0 || positionals.includes(r.name))) {
    const result = measureRow(row, data);
    results.push(result);
    console.log(`${result.name}: ${show(result.ours, 3)} ${result.unit}`);
    for (const [name, peer] of Object.entries(result.peers))
      console.log(`  ${name} ${peer.version}: ${show(peer, 3)} ${result.unit}, ratio ${show(peer.ratio, 3)}`);
    if (result.timerPerSecond) console.log(`  a 10 ms timer fired ${show(result.timerPerSecond, 3)} times a second`);
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}
if (options.json) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, isa: isa(), threads: getNumThreads() };
  const versions = { node: process.version };
  writeFileSync(options.json, `${JSON.stringify({ machine, versions, rows: results }, null, 2)}\n`);
}
