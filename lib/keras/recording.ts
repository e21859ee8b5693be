// SPDX-License-Identifier: MIT
import { enableGrad } from '../autograd.js';
import { onesLike } from '../creation.js';
import { ArgumentTypeError } from '../errors.js';
import { type Handle, rawFunction } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';

const rawEnterTape = rawFunction<(watchVariables: boolean, resumed: number) => number>('enterTape');
const rawLeaveTape = rawFunction<() => number[]>('leaveTape');
const rawTapesRecording = rawFunction<() => number>('tapesRecording');
const rawTapeGradient =
  rawFunction<
    (
      roots: Handle[],
      inputs: Handle[],
      gradients: (Handle | undefined)[],
      retain: boolean,
      create: boolean,
      since: number,
    ) => (Handle | null)[]
  >('tapeGradient');

/** @internal How a tape records. */
export interface RecordOptions {
  /** Do trainable variables require a gradient inside? Default true. */
  watchVariables?: boolean | undefined;
  /** Time of an earlier scope of the same tape. */
  resumed?: number | undefined;
}
/** @internal */
export interface Recorded<T> {
  result: T;
  /** Time from which on nodes are the tape's, for `gradientsOf`. */
  since: number;
  /** Numbers of the trainable variables that were used. */
  accessed: number[];
}

/** @internal `recordTape`, and what a tape keeps of it. */
export function recordScope<T>(body: () => T, { watchVariables = true, resumed = 0 }: RecordOptions = {}): Recorded<T> {
  if (typeof body !== 'function') throw new ArgumentTypeError(`record: expected a function, got ${typeof body}`);
  const since = rawEnterTape(watchVariables, resumed);
  let accessed: number[] = [];
  let result: T;
  try {
    result = enableGrad(body);
  } finally {
    accessed = rawLeaveTape();
  }
  return { result, since: resumed || since, accessed };
}

/**
 * @internal Runs a synchronous `body` with variables requiring gradients; what it computes is a constant
 * to everything outside, and `gradientsOf` finds its way back.
 * @throws ArgumentTypeError if `body` returns a promise
 */
export function recordTape<T>(body: () => T): T {
  return recordScope(body).result;
}

/** @internal */
export interface GradientsOfOptions {
  /** d(objective)/d(target) for each target; ones by default. */
  outputGradients?: readonly (Tensor | undefined)[];
  /** Keep what the targets saved, for another call. Default false. */
  retainGraph?: boolean;
  /** Everything recorded before this time is constant. Default 0: nothing is. */
  since?: number;
}

/**
 * @internal Gradients of the sum of the targets' elements with respect to the sources, null where none leads
 * there. They are recorded themselves if a tape records now.
 */
export function gradientsOf(
  target: Tensor | readonly Tensor[],
  sources: readonly Tensor[],
  { outputGradients = [], retainGraph = false, since = 0 }: GradientsOfOptions = {},
): (Tensor | null)[] {
  const targets = [target].flat() as Tensor[];
  const starts = targets.map((x, i) => outputGradients[i] ?? (x.numel() === 1 ? undefined : onesLike(x)));
  const createGraph = rawTapesRecording() > 0;
  const found = rawTapeGradient(
    targets.map((x) => handleOf(x, 'gradient: target')),
    sources.map((x, i) => handleOf(x, `gradient: sources[${i}]`)),
    starts.map((g) => g && handleOf(g, 'gradient: outputGradients')),
    retainGraph || createGraph,
    createGraph,
    since,
  );
  return found.map((g) => g && fromHandle(g));
}
