// SPDX-License-Identifier: MIT
import { enableGrad, isGradEnabled } from '../autograd.js';
import { onesLike } from '../creation.js';
import { ArgumentTypeError } from '../errors.js';
import { type Handle, rawFunction } from '../raw.js';
import { tapesRecording } from '../recording.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';

const rawEnterTape = rawFunction<(watchVariables: boolean, resumed: number) => number>('enterTape');
const rawLeaveTape = rawFunction<() => number[]>('leaveTape');
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

/**
 * @internal `recordTape` for a tape, whose time `body` gets: nodes from then on are the tape's.
 * @param resumed that time in an earlier scope of the same tape
 */
export function recordScope<T>(
  body: (since: number) => T,
  watchVariables: boolean,
  resumed = 0,
): { result: T; accessed: number[] } {
  const since = rawEnterTape(watchVariables, resumed);
  let accessed: number[] = [];
  let result: T;
  try {
    result = enableGrad(() => body(since));
  } finally {
    accessed = rawLeaveTape();
  }
  return { result, accessed };
}

/**
 * @internal Runs a synchronous `body` with variables requiring gradients; what it computes is a constant
 * to everything outside, and `gradientsOf` finds its way back.
 * @throws ArgumentTypeError if `body` returns a promise
 */
export function recordTape<T>(body: () => T): T {
  if (typeof body !== 'function') throw new ArgumentTypeError(`record: expected a function, got ${typeof body}`);
  return recordScope(body, true).result;
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
  const createGraph = tapesRecording() > 0 && isGradEnabled();
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
