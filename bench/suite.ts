// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';

/** A program that prints one JSON line, an {@link Outcome}. */
export interface Program {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** The most rounds it takes part in, for those that take long. */
  rounds?: number;
}

/** What a program prints: a figure for each of its rows, and what proves that it did the work. */
export interface Outcome {
  /** By row name, in the row's unit. */
  values: Record<string, number>;
  version?: string;
  /** By row: training losses, compared between ours and a peer's before a ratio is shown. */
  losses?: Record<string, number[]>;
  /** By row: what else was seen, such as how often a timer fired; printed below it. */
  notes?: Record<string, Record<string, number>>;
}

/** One line of the table. */
export interface Row {
  name: string;
  /** What is measured, for the tables of figures. */
  title: string;
  unit: 'ns' | 'ms' | 's' | 'MB' | '/s' | '×' | '%';
  better: 'lower' | 'higher';
  /** The least that any program must compute and move; the floor is the slower of both at the machine's best. */
  work?: { flops?: number; bf16Flops?: number; bytes?: number };
  /** The ratio to reach: against every peer, or by the peer's name. */
  goal?: number | Readonly<Record<string, number>>;
  /** The value to reach: at most where lower is better, else at least. */
  limit?: number;
  /** Stands in the README. */
  headline?: boolean;
}

/** Rows measured by the same programs, ours and the peers' in turn. */
export interface Suite {
  name: string;
  rows: readonly Row[];
  ours: Program;
  peers: Readonly<Record<string, Program>>;
  /** Another process computes on one of the cores meanwhile. */
  neighbour?: boolean;
  /** The most rounds, where not even five are worth their time. */
  rounds?: number;
}

export const ours = (name: string, ...args: string[]): Program => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url)), ...args],
});

const python = process.env.CRESSET_PEERS_PYTHON ?? 'python3';
/** TensorFlow and PyTorch may live in environments of their own. */
const tensorflow = process.env.CRESSET_PEERS_TENSORFLOW ?? python;
const peerFile = (name: string) => fileURLToPath(new URL(`../../bench/peers/${name}`, import.meta.url));

export const torch = (name: string, ...args: string[]): Program => ({
  command: python,
  args: [peerFile(`${name}.py`), ...args],
});
export const tf = (name: string, ...args: string[]): Program => ({
  command: tensorflow,
  args: [peerFile(`${name}.py`), ...args],
});
export const tfjs = (name: string, ...args: string[]): Program => ({
  command: process.execPath,
  args: [peerFile(`${name}.mjs`), ...args],
});

/** A program quiet and beside a busy neighbour. */
export const contended = (program: Program): Program => ours('contended', program.command, ...program.args);

type Extra = Partial<Omit<Row, 'name' | 'title' | 'unit' | 'better'>>;
/** A row where less is better. */
export const least = (unit: Row['unit'], name: string, title: string, extra: Extra = {}): Row => ({
  name,
  title,
  unit,
  better: 'lower',
  ...extra,
});
/** A row where more is better. */
export const most = (unit: Row['unit'], name: string, title: string, extra: Extra = {}): Row => ({
  ...least(unit, name, title, extra),
  better: 'higher',
});
