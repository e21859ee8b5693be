// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Spread } from './spread.js';
import type { Row } from './suite.js';

export interface PeerResult extends Spread {
  ratio: Spread;
  version: string | undefined;
}

/** What was measured for one row. */
export interface Result extends Pick<Row, 'name' | 'unit' | 'better'> {
  ours: Spread;
  /** The least time the machine allows, in the row's unit. */
  floor?: number;
  notes?: Record<string, Spread>;
  peers: Record<string, PeerResult>;
}

/** Where it was measured. */
export interface Machine {
  cpu: string | undefined;
  cores: number;
  isa: string;
  threads: number;
  gflops: number;
  gbs: number;
}

export interface SuiteResults {
  suite: string;
  machine: Machine;
  versions: Record<string, string>;
  rounds: number;
  rows: Result[];
}

/** A file for each suite, replaced as a whole: what an interrupted run has measured is kept. */
export function writeResults(folder: string, results: SuiteResults): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.suite}.json`);
  writeFileSync(`${file}.part`, `${JSON.stringify(results, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}

export function readResults(folder: string): SuiteResults[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as SuiteResults);
}
