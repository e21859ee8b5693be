// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { floorOf, type Limits } from './machine.js';
import { besideNeighbour } from './neighbour.js';
import type { PeerResult, Result } from './results.js';
import { type Spread, spread } from './spread.js';
import type { Outcome, Program, Row, Suite } from './suite.js';

export interface Settings {
  rounds: number;
  peers: boolean;
  limits: Limits;
  /** A folder with MNIST as torchvision wants it. */
  data: string;
}

/** Losses of the same training by other random numbers differ by no more, of where they begin. */
const lossTolerance = 0.15;
const tenMinutes = 600_000;

function runProgram({ command, args, env }: Program, rows: readonly string[], data: string): Outcome {
  const { stdout, stderr, status, signal, error } = spawnSync(
    command,
    [...args, ...rows.map((row) => `--row=${row}`)],
    {
      encoding: 'utf8',
      env: { ...process.env, ...env, DATA: data },
      timeout: tenMinutes,
    },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) || `ended by ${signal ?? `exit code ${status}`}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Outcome;
}

/** Rounds of all programs in turn, so that a noisy machine hits all of them alike; a peer that fails is left out. */
function runRounds(suite: Suite, rows: readonly Row[], { rounds, peers, data }: Settings) {
  const programs = new Map(Object.entries({ ours: suite.ours, ...(peers ? suite.peers : {}) }));
  const outcomes = new Map<string, Outcome[]>([...programs.keys()].map((name) => [name, []]));
  const most = Math.min(rounds, suite.rounds ?? rounds);
  for (let round = 0; round < most; round++)
    for (const [name, program] of programs) {
      if (round >= (program.rounds ?? most)) continue;
      const names = rows.map((row) => row.name);
      const run = () => runProgram(program, names, data);
      const began = performance.now();
      try {
        outcomes.get(name)?.push(suite.neighbour ? besideNeighbour(run) : run());
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        console.error(`  ${suite.name} ${round + 1}/${most}: ${name}, ${seconds} s`);
      } catch (error) {
        if (name === 'ours') throw error;
        console.log(`${suite.name}: ${name} is left out: ${(error as Error).message}`);
        programs.delete(name);
      }
    }
  return { own: outcomes.get('ours') as Outcome[], theirs: [...outcomes].filter(([name]) => name !== 'ours') };
}

/** Why the two did not do the same work, by the losses of the epochs both have. */
function differentTraining(row: string, a: Outcome, b: Outcome): string | undefined {
  const [x, y] = [a.losses?.[row] ?? [], b.losses?.[row] ?? []];
  const most = lossTolerance * Math.max(x[0] ?? 0, y[0] ?? 0);
  const isApart = x.some((loss, i) => !(Math.abs(loss - (y[i] ?? loss)) <= most));
  return isApart ? `the losses are ${x} here and ${y} there: not the same training` : undefined;
}

function comparePeer(row: Row, own: readonly Outcome[], theirs: readonly Outcome[]): PeerResult {
  const figureOf = (outcome: Outcome) => outcome.values[row.name] as number;
  const ratios = theirs.map((outcome, i) => {
    const ratio = figureOf(outcome) / figureOf(own[i] as Outcome);
    return row.better === 'lower' ? ratio : 1 / ratio;
  });
  return { ...spread(theirs.map(figureOf)), ratio: spread(ratios), version: theirs[0]?.version };
}

function comparePeers(row: Row, own: readonly Outcome[], theirs: readonly [string, Outcome[]][]) {
  const peers: Record<string, PeerResult> = {};
  for (const [name, outcomes] of theirs) {
    if (outcomes[0]?.values[row.name] === undefined) continue;
    const problem = differentTraining(row.name, own[0] as Outcome, outcomes[0]);
    if (problem) console.log(`${row.name}: ${name} is left out: ${problem}`);
    else peers[name] = comparePeer(row, own, outcomes);
  }
  return peers;
}

function notesOf(row: Row, own: readonly Outcome[]): Record<string, Spread> | undefined {
  const names = Object.keys(own[0]?.notes?.[row.name] ?? {});
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => [name, spread(own.map((outcome) => outcome.notes?.[row.name]?.[name] as number))]),
  );
}

/** @throws when our own program fails */
export function measureSuite(suite: Suite, rows: readonly Row[], settings: Settings): Result[] {
  const { own, theirs } = runRounds(suite, rows, settings);
  return rows.map((row) => {
    const floor = floorOf(row, settings.limits);
    const notes = notesOf(row, own);
    return {
      name: row.name,
      unit: row.unit,
      better: row.better,
      ours: spread(own.map((outcome) => outcome.values[row.name] as number)),
      ...(floor !== undefined && { floor }),
      ...(notes && { notes }),
      peers: comparePeers(row, own, theirs),
    };
  });
}
