// SPDX-License-Identifier: MIT
import { type CreationOptions, finish } from './creation.js';
import type { DType } from './dtype.js';
import { ArgumentRangeError, ArgumentTypeError } from './errors.js';
import { raw } from './raw.js';
import { activeRecording } from './recording.js';
import { fromHandle, type Tensor } from './tensor.js';

const rawUniform = raw(
  'uniform',
  'shape: int[], low: float, high: float, dtype: dtype, seed: int, offset: int -> Tensor',
);
const rawNormal = raw(
  'normal',
  'shape: int[], mean: float, std: float, dtype: dtype, seed: int, offset: int -> Tensor',
);
const rawRandint = raw('randint', 'shape: int[], low: int, high: int, dtype: dtype, seed: int, offset: int -> Tensor');
const rawRandperm = raw('randperm', 'n: int, dtype: dtype, seed: int, offset: int -> Tensor');

/** PyTorch's seed of a new generator. */
const defaultSeed = 67280421310721n;

/** What a {@link Generator} is made of: its seed and its position in the sequence that belongs to it. */
export interface GeneratorState {
  readonly seed: bigint;
  readonly offset: number;
}

/**
 * A source of random numbers: Philox4x32-10, counter-based, so the value at a position depends on seed and
 * position alone, whatever the number of threads. A call that draws n values moves the position on by n, rounded
 * up to a multiple of 4 (one Philox counter), so no two calls share random bits.
 */
export class Generator {
  #seed = defaultSeed;
  #offset = 0;

  /** @param seed an integer, or a bigint of which the lowest 64 bits count */
  constructor(seed?: number | bigint) {
    if (seed !== undefined) this.manualSeed(seed);
  }
  /** Starts the sequence of `seed` from its beginning. */
  manualSeed(seed: number | bigint): this {
    if (typeof seed !== 'bigint' && !Number.isSafeInteger(seed)) {
      const got = typeof seed === 'number' ? seed : typeof seed;
      throw new ArgumentTypeError(`manualSeed: expected an integer within ±2^53 or a bigint, got ${got}`);
    }
    this.#seed = BigInt.asUintN(64, BigInt(seed));
    this.#offset = 0;
    return this;
  }
  /** The seed the sequence started from. */
  get initialSeed(): bigint {
    return this.#seed;
  }
  /** Seed and position, for a checkpoint. */
  getState(): GeneratorState {
    return { seed: this.#seed, offset: this.#offset };
  }
  /** Continues where `getState()` was called. */
  setState(state: GeneratorState): this {
    const { seed, offset } = state ?? {};
    if (typeof seed !== 'bigint' || !Number.isSafeInteger(offset) || offset < 0) {
      throw new ArgumentTypeError('setState: expected { seed: bigint, offset: an integer of at least 0 }');
    }
    this.#seed = BigInt.asUintN(64, seed);
    this.#offset = offset;
    return this;
  }
  /** @internal Reserves the next `count` values; returns seed and offset as random ops take them. */
  reserve(count: number): [seed: bigint, offset: number] {
    const offset = this.#offset;
    const next = offset + Math.ceil(count / 4) * 4;
    if (!(next <= Number.MAX_SAFE_INTEGER)) {
      throw new ArgumentRangeError(`Generator: ${count} values after ${offset} go beyond 2^53; seed it anew`);
    }
    this.#offset = next;
    return [BigInt.asIntN(64, this.#seed), offset];
  }
}

// Not `crypto`, whose loading takes a third of the package's import; a seed need not be unguessable.
const entropy = () =>
  (BigInt(Math.floor(Math.random() * 2 ** 32)) << 32n) | BigInt(Math.floor(Math.random() * 2 ** 32));

/** Used wherever no generator is given; seeded by the system until `manualSeed` is called. */
export const defaultGenerator: Generator = new Generator(entropy());

/** Seeds {@link defaultGenerator}: the whole run is then repeatable, bit for bit. */
export function manualSeed(seed: number | bigint): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** Where random numbers come from. */
export interface RandomOptions {
  /** Default: {@link defaultGenerator}. */
  generator?: Generator | undefined;
}
/** Options of functions that make a random tensor. */
export interface RandomCreationOptions extends CreationOptions, RandomOptions {}

const count = (shape: readonly number[]) => shape.reduce((n, size) => n * Math.max(size, 0), 1);

/** @internal Seed and offset of the next `n` values of the generator in `options`. */
export function draw(op: string, n: number, generator: Generator = defaultGenerator): [bigint, number] {
  if (!(generator instanceof Generator)) throw new ArgumentTypeError(`${op}: generator: expected a Generator`);
  const recording = activeRecording();
  if (!recording) return generator.reserve(n);
  recording.draws.push({ reserve: (count) => generator.reserve(count), count: n });
  return [0n, 0];
}

function checkShape(op: string, shape: readonly number[]): void {
  if (!Array.isArray(shape))
    throw new ArgumentTypeError(`${op}: shape: expected an array of sizes, got ${typeof shape}`);
}

/** @internal Uniform in [low, high). 16-bit floats are rounded and may reach `high`. */
export function uniform(
  op: string,
  shape: readonly number[],
  low: number,
  high: number,
  { dtype = 'float32', requiresGrad, generator }: RandomCreationOptions,
): Tensor {
  checkShape(op, shape);
  return finish(rawUniform(shape, low, high, dtype, ...draw(op, count(shape), generator)), requiresGrad);
}

/** Uniform random numbers in [0, 1), float32 by default. */
export function rand(shape: readonly number[], options: RandomCreationOptions = {}): Tensor {
  return uniform('rand', shape, 0, 1, options);
}
/** `rand` in the shape and dtype of another tensor. */
export function randLike(x: Tensor, options: RandomCreationOptions = {}): Tensor {
  return uniform('randLike', x.shape, 0, 1, { dtype: x.dtype, ...options });
}
/** Normal random numbers of the given mean and standard deviation (Box & Muller 1958), float32 by default. */
export function normal(
  mean: number,
  std: number,
  shape: readonly number[],
  options: RandomCreationOptions = {},
): Tensor {
  const { dtype = 'float32', requiresGrad, generator } = options;
  checkShape('normal', shape);
  return finish(rawNormal(shape, mean, std, dtype, ...draw('normal', count(shape), generator)), requiresGrad);
}
/** Standard normal random numbers, float32 by default. */
export function randn(shape: readonly number[], options: RandomCreationOptions = {}): Tensor {
  return normal(0, 1, shape, options);
}
/** `randn` in the shape and dtype of another tensor. */
export function randnLike(x: Tensor, options: RandomCreationOptions = {}): Tensor {
  return normal(0, 1, x.shape, { dtype: x.dtype, ...options });
}
/** Random integers in [low, high), int64 by default: `randint(high, shape)` or `randint(low, high, shape)`. */
export function randint(high: number | bigint, shape: readonly number[], options?: RandomCreationOptions): Tensor;
export function randint(
  low: number | bigint,
  high: number | bigint,
  shape: readonly number[],
  options?: RandomCreationOptions,
): Tensor;
export function randint(
  first: number | bigint,
  second: number | bigint | readonly number[],
  third?: readonly number[] | RandomCreationOptions,
  fourth?: RandomCreationOptions,
): Tensor {
  type Call = [number | bigint, number | bigint, readonly number[], RandomCreationOptions | undefined];
  const [low, high, shape, options] = (
    Array.isArray(second) ? [0, first, second, third] : [first, second, third, fourth]
  ) as Call;
  const { dtype = 'int64', requiresGrad, generator } = options ?? {};
  checkShape('randint', shape);
  return finish(rawRandint(shape, low, high, dtype, ...draw('randint', count(shape), generator)), requiresGrad);
}
/** Random integers in [low, high) in the shape and dtype of another tensor. */
export function randintLike(
  x: Tensor,
  low: number | bigint,
  high: number | bigint,
  options: RandomCreationOptions = {},
): Tensor {
  return randint(low, high, x.shape, { dtype: x.dtype, ...options });
}
/** 0 … n - 1 in random order, int64 by default. */
export function randperm(n: number, options: { dtype?: DType } & RandomOptions = {}): Tensor {
  const { dtype = 'int64', generator } = options;
  const size = Number.isSafeInteger(n) && n > 0 ? n : 0; // the op refuses what is not a size
  return fromHandle(rawRandperm(n, dtype, ...draw('randperm', size, generator)));
}
