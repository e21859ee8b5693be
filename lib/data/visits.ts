// SPDX-License-Identifier: MIT
import { randint } from '../index.js';
import { Generator } from '../random.js';
import type { Generators } from './dataset.js';

/** Random numbers kept for one visit of a sample. 2^31 visits of so many take 2^53 positions, all that there are. */
const numbersPerVisit = 2 ** 22;

/** The visits from number `first` on, of the epoch with `seed`. */
export interface Stretch {
  readonly seed: bigint;
  readonly first: number;
}

/**
 * The generators of an epoch's samples. Random numbers are counter-based: the epoch draws one seed, and the n-th sample
 * has a stretch of that seed's sequence to itself.
 */
export class Visits {
  readonly #seed: bigint;
  #count = 0;

  constructor(generator: Generator) {
    this.#seed = randint(0, 2n ** 62n, [1], { generator }).itemBigInt();
  }

  /** For the `count` samples that are visited next. */
  next(count: number): Generators {
    const { seed, first } = this.stretch(count);
    return (position) => new Generator().setState({ seed, offset: (first + position) * numbersPerVisit });
  }

  /** The same for native code. */
  stretch(count: number): Stretch {
    const first = this.#count;
    this.#count += count;
    return { seed: this.#seed, first };
  }
}
