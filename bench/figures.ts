// SPDX-License-Identifier: MIT
import type { PeerResult, Result, SuiteResults } from './results.js';
import { show } from './spread.js';
import type { Row, Suite } from './suite.js';

const begin = '<!-- figures: npm run figures -->';
const end = '<!-- end of figures -->';

/** `text` with these figures between the two comments. */
export function insertFigures(text: string, figures: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`figures: expected the comments ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n${figures}\n${text.slice(to)}`;
}

function oursCell({ ours, unit, floor }: Result, { limit, better }: Row): string {
  const share = floor === undefined ? '' : `; ${((100 * floor) / ours.median).toFixed(0)} % of the floor`;
  const goal = limit === undefined ? '' : `; goal ${better === 'lower' ? '≤' : '≥'} ${limit}`;
  return `${show(ours)} ${unit}${share}${goal}`;
}

function peerCells(name: string, peer: PeerResult, { unit, goal }: Row): string {
  const asked = typeof goal === 'number' ? goal : goal?.[name];
  return `${name}: ${show(peer)} ${unit} | ${show(peer.ratio)} | ${asked === undefined ? '' : `≥ ${asked}`}`;
}

function lines(row: Row, result: Result): string[] {
  const first = `| ${row.title} | ${oursCell(result, row)}`;
  const peers = Object.entries(result.peers).map(([name, peer]) => peerCells(name, peer, row));
  if (peers.length === 0) return [`${first} | | | |`];
  return peers.map((cells, i) => `${i === 0 ? first : '| | '} | ${cells} |`);
}

/** `7`, or `7–9` for values that differ. */
function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? `${least}` : `${least}–${most}`;
}

/** A line for each machine and version of Node; every suite measured the machine's best anew. */
function describeMachines(measured: Iterable<SuiteResults>): string[] {
  const groups = new Map<string, SuiteResults[]>();
  for (const suite of measured) {
    const { cpu, cores, isa, threads } = suite.machine;
    const text = `Measured on ${cpu}, ${cores} cores, ${isa}, ${threads} threads; Node ${suite.versions.node}`;
    groups.set(text, [...(groups.get(text) ?? []), suite]);
  }
  return [...groups].map(([text, suites]) => {
    const gflops = range(suites.map(({ machine }) => machine.gflops));
    const gbs = range(suites.map(({ machine }) => machine.gbs));
    const rounds = range(suites.map((suite) => suite.rounds));
    return `${text}; at best ${gflops} GFLOP/s and ${gbs} GB/s; at most ${rounds} rounds.`;
  });
}

/** The table of those rows of `suites` that have results, with the versions and machines they come from. */
export function figuresOf(results: readonly SuiteResults[], suites: readonly Suite[], isShown: (row: Row) => boolean) {
  const table: string[] = [];
  const sources = new Set<SuiteResults>();
  const peers = new Set<string>();
  for (const { name, rows } of suites) {
    const measured = results.find(({ suite }) => suite === name);
    for (const row of rows.filter(isShown)) {
      const result = measured?.rows.find((other) => other.name === row.name);
      if (!measured || !result) continue;
      table.push(...lines(row, result));
      sources.add(measured);
      for (const { version } of Object.values(result.peers)) if (version) peers.add(version);
    }
  }
  const versions = peers.size > 0 ? [`Peers: ${[...peers].join('; ')}.`] : [];
  return [
    '',
    '| | cresset | peer | ratio | goal |',
    '|---|---|---|---|---|',
    ...table,
    '',
    ...describeMachines(sources),
    ...versions,
    '',
  ].join('\n');
}
