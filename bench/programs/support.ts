// SPDX-License-Identifier: MIT
import type { Outcome } from '../suite.js';

/** What the programs of a suite share: which rows are asked for, timing, the line of JSON. */
const asked = process.argv.filter((arg) => arg.startsWith('--row=')).map((arg) => arg.slice(6));

/** Is the row asked for? All are where none is named. */
export const isAsked = (row: string): boolean => asked.length === 0 || asked.includes(row);

/** The middle of the sorted values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Median milliseconds of `step`, after three runs to warm up: for `seconds`, and five times at least. */
export function measure(step: () => void, seconds = 1): number {
  for (let i = 0; i < 3; i++) step();
  const times: number[] = [];
  const start = performance.now();
  while (times.length < 5 || performance.now() - start < seconds * 1000) {
    const began = performance.now();
    step();
    times.push(performance.now() - began);
  }
  return median(times);
}

/** Ends the program's output. */
export function print(outcome: Outcome): void {
  console.log(JSON.stringify(outcome));
}

interface Epochs {
  seconds: readonly number[];
  losses: number[];
  notes?: Record<string, number>;
  /** Figures of other rows of the program. */
  values?: Record<string, number>;
}

/** Ends a program that trained: the median epoch after the first, the first, the most memory the process had. */
export function printEpochs(row: string, { seconds, losses, notes, values }: Epochs): void {
  print({
    values: {
      [row]: median(seconds.length > 1 ? seconds.slice(1) : seconds),
      [`${row}-first`]: seconds[0] as number,
      [`${row}-memory`]: process.resourceUsage().maxRSS / 1024,
      ...values,
    },
    losses: { [row]: losses },
    ...(notes && { notes: { [row]: notes } }),
  });
}
