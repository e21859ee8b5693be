// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';
import { rawFunction } from '../raw.js';
import type { Program, ProgramHandle } from './program.js';

interface RawExplanation {
  ops: string[];
  sites: number[];
  fused: string[];
  recorded: number;
  dead: number;
  repeated: number;
  copies: number;
  before: number;
  after: number;
}
const rawExplain = rawFunction<(program: ProgramHandle) => RawExplanation>('explainProgram');

/** One recording of a compiled function. */
export interface ProgramExplanation {
  /** Structure and constants of the arguments it serves; `t` is a tensor. */
  signature: string;
  /** The calls of a run, in order, and the user's lines they come from. */
  ops: { op: string; at: string | undefined }[];
  /** Calls that were made one, each as their names. */
  fused: string[];
  /** Calls recorded, and how many of them are not needed, computed already, or mere copies. */
  recorded: number;
  dead: number;
  repeated: number;
  copies: number;
  /** Bytes of intermediate results: each in memory of its own, and as they share it. */
  memory: { before: number; after: number };
}

const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;

function describe(p: ProgramExplanation): string {
  const { memory } = p;
  const lines = p.ops.map(({ op, at }) => `  ${op}${at ? `  ${at}` : ''}`);
  return [
    `signature ${p.signature}: ${p.ops.length} calls of ${p.recorded} recorded`,
    `  (${p.dead} not needed, ${p.repeated} computed already, ${p.copies} mere copies)`,
    `  intermediate results: ${kilobytes(memory.before)}, sharing ${kilobytes(memory.after)}`,
    ...p.fused.map((names) => `  fused: ${names}`),
    ...lines,
  ].join('\n');
}

/** What became of a compiled function: one entry for each signature it was called with. */
export class Explanation {
  /** @internal */
  constructor(readonly programs: readonly ProgramExplanation[]) {}

  toString(): string {
    return this.programs.map(describe).join('\n\n');
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

/** @internal */
export function explainPrograms(programs: readonly Program<unknown>[]): Explanation {
  return new Explanation(
    programs.map(({ key, handle, places }) => {
      const { ops, sites, before, after, ...counts } = rawExplain(handle);
      const calls = ops.map((op, i) => ({ op, at: places.at(sites[i] as number) }));
      return { signature: key, ops: calls, ...counts, memory: { before, after } };
    }),
  );
}
