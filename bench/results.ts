// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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
  bf16Gflops: number;
  gbs: number;
}

export interface SuiteResults {
  suite: string;
  machine: Machine;
  versions: Record<string, string>;
  rounds: number;
  rows: Result[];
}

/** Instruction sets, widest first: figures of different machines are kept and shown apart. */
const isas = ['amx', 'avx512bf16', 'avx512', 'avx2', 'baseline', 'neon'];

/** A file for each instruction set and suite, replaced as a whole: what an interrupted run has measured is kept. */
export function writeResults(folder: string, results: SuiteResults): void {
  const own = join(folder, results.machine.isa);
  mkdirSync(own, { recursive: true });
  const file = join(own, `${results.suite}.json`);
  writeFileSync(`${file}.part`, `${JSON.stringify(results, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}

/** The results of each instruction set that has some, widest first. */
export function readResults(folder: string): { isa: string; results: SuiteResults[] }[] {
  return isas
    .filter((isa) => existsSync(join(folder, isa)))
    .map((isa) => {
      const files = readdirSync(join(folder, isa)).filter((name) => name.endsWith('.json'));
      return { isa, results: files.map((name) => JSON.parse(readFileSync(join(folder, isa, name), 'utf8'))) };
    });
}
