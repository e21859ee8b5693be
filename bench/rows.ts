// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';

/** A program that prints one JSON line `{ value, version?, losses?, … }`. */
export interface Program {
  command: string;
  args: readonly string[];
}

/** One line of the table: ours against each peer, run in turn. */
export interface Row {
  name: string;
  unit: string;
  better: 'lower' | 'higher';
  ours: Program;
  /** By peer. Programs whose losses are compared do the same training. */
  peers: Readonly<Record<string, Program>>;
}

const ours = (name: string, ...args: string[]): Program => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url)), ...args],
});
const python = process.env.CRESSET_PEERS_PYTHON ?? 'python3';
const torch = (name: string, ...args: string[]): Program => ({
  command: python,
  args: [fileURLToPath(new URL(`../../bench/peers/${name}.py`, import.meta.url)), ...args],
});

export const rows: readonly Row[] = [
  {
    name: 'tiny-op',
    unit: 'ns',
    better: 'lower',
    ours: ours('eager', 'tiny-op'),
    peers: { torch: torch('torch_eager', 'tiny-op') },
  },
  {
    name: 'tiny-graph',
    unit: 'ns',
    better: 'lower',
    ours: ours('eager', 'tiny-graph'),
    peers: { torch: torch('torch_eager', 'tiny-graph') },
  },
  {
    name: 'mnist-epoch',
    unit: 's',
    better: 'lower',
    ours: ours('mnist', '3'),
    peers: {
      'torch as written': torch('torch_mnist', 'written', '1'),
      'torch fused': torch('torch_mnist', 'fused', '3'),
    },
  },
  { name: 'import', unit: 'ms', better: 'lower', ours: ours('import'), peers: {} },
];
