// SPDX-License-Identifier: MIT
import { type DType, isFloatingPoint } from '../dtype.js';
import { ArgumentRangeError } from '../errors.js';
import * as core from '../index.js';
import { type Tensor, where } from '../index.js';
import { generatorOf, type SeedOptions } from '../keras/initializers/initializer.js';
import { uniform as uniformFloats } from '../random.js';
import { type Operand, toTensor } from './convert.js';

// Random tensors. Without a seed they come from the generator that `setSeed` seeds, one after the other.

export { Generator } from '../index.js';

/** Seeds all random numbers: the whole run is then repeatable, bit for bit. */
export function setSeed(seed: number | bigint): void {
  core.manualSeed(seed);
}

/** Options of {@link normal} and {@link truncatedNormal}. */
export interface NormalOptions extends SeedOptions {
  /** Default 0. */
  mean?: number | undefined;
  /** Standard deviation (before truncation). Default 1. */
  stddev?: number | undefined;
  /** Default float32. */
  dtype?: DType | undefined;
}
/** Normal. */
export function normal(shape: readonly number[], options: NormalOptions = {}): Tensor {
  const { mean = 0, stddev = 1, dtype = 'float32', seed } = options;
  return core.normal(mean, stddev, shape, { dtype, generator: generatorOf({ seed }) });
}
/** Normal, values beyond two standard deviations drawn anew. */
export function truncatedNormal(shape: readonly number[], options: NormalOptions = {}): Tensor {
  const { mean = 0, stddev = 1, dtype = 'float32', seed } = options;
  if (!(stddev >= 0)) throw new ArgumentRangeError(`truncatedNormal: stddev: expected at least 0, got ${stddev}`);
  if (stddev === 0) return core.full(shape, mean, { dtype });
  const bounds = { mean, std: stddev, low: mean - 2 * stddev, high: mean + 2 * stddev };
  return core.nn.init.truncNormal_(core.zeros(shape, { dtype }), { ...bounds, generator: generatorOf({ seed }) });
}
/** Options of {@link uniform}. */
export interface UniformOptions extends SeedOptions {
  /** Default 0. */
  minval?: number | undefined;
  /** Excluded. Default 1; required for integers. */
  maxval?: number | undefined;
  /** Default float32. */
  dtype?: DType | undefined;
}
/** Uniform in [minval, maxval), floats or integers. */
export function uniform(shape: readonly number[], options: UniformOptions = {}): Tensor {
  const { minval = 0, maxval, dtype = 'float32', seed } = options;
  const generator = generatorOf({ seed });
  if (isFloatingPoint(dtype)) return uniformFloats('uniform', shape, minval, maxval ?? 1, { dtype, generator });
  if (maxval === undefined) throw new ArgumentRangeError(`uniform: maxval: required for dtype ${dtype}`);
  return core.randint(minval, maxval, shape, { dtype, generator });
}
/** The slices along the first dimension in random order. */
export function shuffle(value: Operand, { seed }: SeedOptions = {}): Tensor {
  const x = toTensor(value, 'shuffle');
  return x.ndim === 0 ? x : x.indexSelect(0, core.randperm(x.size(0), { generator: generatorOf({ seed }) }));
}
/** Classes drawn from softmax(logits) [rows, classes] with replacement: [rows, numSamples], int64 unless `dtype`. */
export function categorical(
  logits: Operand,
  numSamples: number,
  { seed, dtype = 'int64' }: SeedOptions & { dtype?: 'int64' | 'int32' | undefined } = {},
): Tensor {
  const weights = toTensor(logits, 'categorical').detach().softmax(-1);
  const options = { replacement: true, generator: generatorOf({ seed }) };
  return core.multinomial(weights, numSamples, options).to(dtype);
}
/** True with probability `probs` at each place. */
export function bernoulli(probs: Operand, { seed }: SeedOptions = {}): Tensor {
  const p = toTensor(probs, 'bernoulli').detach();
  return where(core.rand(p.shape, { generator: generatorOf({ seed }) }).lt(p), true, false);
}
