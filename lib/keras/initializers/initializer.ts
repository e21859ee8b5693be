// SPDX-License-Identifier: MIT
import { type DType, Generator, type Tensor } from '../../index.js';

/** @internal */
export type Shape = readonly number[];

/** Fills new weights. */
export interface Initializer {
  /** A tensor of `shape`, float32 by default. */
  initialize(shape: Shape, dtype?: DType): Tensor;
  /** The options that make an equal one. */
  readonly config: object;
}

/** Options of random initializers. */
export interface SeedOptions {
  /**
   * A number: the same values at every call, as in Keras. A generator: its next values. Default: the next values of the
   * default generator, so that `manualSeed` makes a run repeatable.
   */
  seed?: number | bigint | Generator | undefined;
}

/** @internal */
export function generatorOf({ seed }: SeedOptions): Generator | undefined {
  if (seed === undefined || seed === null || seed instanceof Generator) return seed ?? undefined;
  return new Generator(seed);
}
