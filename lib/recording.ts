// SPDX-License-Identifier: MIT
import { rawFunction } from './raw.js';

/** What a recorded function needs besides its calls: evaluated anew before every run of it. */
export interface Recording {
  /** Random numbers taken, in order. */
  readonly draws: { reserve: (count: number) => [seed: bigint, offset: number]; count: number }[];
  /** Numbers that may change between runs. */
  readonly numbers: { count: number; read: () => readonly number[] }[];
  /** What must hold for a run; otherwise the function is recorded again. */
  readonly guards: (() => boolean)[];
  /** Makes calls run, not be recorded, until `pause(false)`. */
  pause(paused: boolean): void;
  /** A tensor that stands for the next entry of `numbers`: a number, or a vector of `n`. */
  standIn(n: number): unknown;
}

/** @internal How many tapes record now. */
export const tapesRecording = rawFunction<() => number>('tapesRecording');

let current: Recording | undefined;

/** @internal The recording of `compile` that is under way, if any. */
export const activeRecording = (): Recording | undefined => current;

/** @internal Runs `body` inside of a recording, or outside of any. */
export function withRecording<T>(recording: Recording | undefined, body: () => T): T {
  const previous = current;
  current = recording;
  try {
    return body();
  } finally {
    current = previous;
  }
}

/** @internal Runs `body` for real while a function is recorded: for state that must be there before the first run. */
export function unrecorded<T>(body: () => T): T {
  const recording = current;
  if (!recording) return body();
  recording.pause(true);
  try {
    return withRecording(undefined, body);
  } finally {
    recording.pause(false);
  }
}

/** @internal The recorded function is recorded again where `holds` no longer does. */
export function guard(holds: () => boolean): void {
  current?.guards.push(holds);
}

/** @internal The number now; in a recording a tensor whose value every run asks for anew. */
export function changing(value: () => number): number {
  if (!current) return value();
  current.numbers.push({ count: 1, read: () => [value()] });
  return current.standIn(0) as number;
}

/** @internal The same for `count` options; flags count as 0 or 1. */
export function changingOptions<T extends object>(count: number, read: () => T): T {
  if (!current) return read();
  current.numbers.push({ count, read: () => Object.values(read()).map(Number) });
  return current.standIn(count) as T;
}
