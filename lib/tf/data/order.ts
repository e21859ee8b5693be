// SPDX-License-Identifier: MIT
import { Generator, rand, randint } from '../../index.js';

/** Random places below a bound, drawn in blocks. */
class Places {
  readonly #generator: Generator;
  #block: Float64Array = new Float64Array(0);
  #at = 0;

  constructor(generator: Generator) {
    this.#generator = generator;
  }
  below(bound: number): number {
    if (this.#at === this.#block.length) {
      this.#block = rand([1024], { dtype: 'float64', generator: this.#generator }).toTypedArray() as Float64Array;
      this.#at = 0;
    }
    return Math.floor((this.#block[this.#at++] as number) * bound);
  }
}

/** @internal The random orders of a dataset's iterations, known from the seed and the iteration's number alone. */
export class Orders {
  readonly #seed: bigint | undefined;
  readonly #reshuffles: boolean;
  #iteration = 0n;
  #kept: bigint | undefined;

  constructor(seed: number | bigint | undefined, reshuffles: boolean) {
    this.#seed = seed === undefined ? undefined : new Generator(seed).initialSeed;
    this.#reshuffles = reshuffles;
  }
  /** A buffer for the next iteration. */
  next<T>(size: number): ShuffleBuffer<T> {
    const iteration = this.#reshuffles ? this.#iteration++ : 0n;
    return new ShuffleBuffer<T>(size, new Places(new Generator(this.#base() * 0x9e3779b97f4a7c15n + iteration)));
  }
  #base(): bigint {
    if (this.#seed !== undefined) return this.#seed;
    const drawn = () => BigInt(randint(2 ** 48, [1]).item());
    if (this.#reshuffles) return drawn();
    this.#kept ??= drawn();
    return this.#kept;
  }
}

/** @internal TensorFlow's bounded shuffle: each element leaves from a random place, which the next one takes. */
export class ShuffleBuffer<T> {
  readonly #items: T[] = [];
  readonly #size: number;
  readonly #places: Places;

  constructor(size: number, places: Places) {
    this.#size = size;
    this.#places = places;
  }
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }
  get isFull(): boolean {
    return this.#items.length >= this.#size;
  }
  push(item: T): void {
    this.#items.push(item);
  }
  /** A random element out of a full buffer, and `item` in its place. */
  exchange(item: T): T {
    const place = this.#places.below(this.#items.length);
    const out = this.#items[place] as T;
    this.#items[place] = item;
    return out;
  }
  /** A random element, once nothing more comes. */
  pop(): T {
    const last = this.#items.pop() as T;
    const place = this.#places.below(this.#items.length + 1);
    return place === this.#items.length ? last : this.exchangeAt(place, last);
  }
  private exchangeAt(place: number, item: T): T {
    const out = this.#items[place] as T;
    this.#items[place] = item;
    return out;
  }
}
