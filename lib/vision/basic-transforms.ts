// SPDX-License-Identifier: MIT
import { DataError, DTypeError, ShapeError } from '../errors.js';
import { Tensor, tensor } from '../index.js';
import type { Generator } from '../random.js';
import { describeTransform, stepsOf } from './recognised.js';

/**
 * A function of one sample. Random transforms draw from `generator`, which a `DataLoader` makes for each visit of a sample
 * from its own generator; without one they draw from the generator that `manualSeed` seeds.
 */
export type Transform<A = Tensor, B = Tensor> = (input: A, generator?: Generator) => B;

function expectTensor(value: unknown, where: string): asserts value is Tensor {
  if (!(value instanceof Tensor)) throw new DataError(`${where}: expected a Tensor, got ${typeof value}`);
}

function imageToTensor(image: Tensor): Tensor {
  expectTensor(image, 'toTensor: image');
  if (image.dtype !== 'uint8') throw new DTypeError(`toTensor: image: dtype ${image.dtype}, expected uint8`);
  if (image.ndim !== 2 && image.ndim !== 3) {
    throw new ShapeError(`toTensor: image: shape [${image.shape}], expected [H, W] or [H, W, C]`);
  }
  const planes = image.ndim === 2 ? image.reshape([1, ...image.shape]) : image.permute([2, 0, 1]);
  return planes.to('float32').div(255);
}

/**
 * A transform from a uint8 image of shape `[H, W]` or `[H, W, C]` to a float32 tensor of shape `[C, H, W]` with values
 * from 0 to 1.
 */
export function toTensor(): Transform {
  return describeTransform((image: Tensor) => imageToTensor(image), [{ kind: 'toTensor' }]);
}

function perChannel(values: readonly number[], name: string): Tensor {
  if (!Array.isArray(values) || values.length === 0 || !values.every(Number.isFinite)) {
    throw new DataError(`normalize: ${name}: [${values}], expected finite numbers, one for each channel`);
  }
  return tensor(values, { dtype: 'float32' }).reshape([values.length, 1, 1]);
}

/**
 * A transform of a float tensor of shape `[C, H, W]`: `(x - mean) / std`, channel by channel.
 *
 * @param mean - one number a channel, or one for all
 * @param std - likewise; not 0
 * @throws DataError when they differ in length, hold other things than finite numbers, or `std` holds 0
 */
export function normalize(mean: readonly number[], std: readonly number[]): Transform {
  const [means, stds] = [perChannel(mean, 'mean'), perChannel(std, 'std')];
  if (mean.length !== std.length) {
    throw new DataError(`normalize: std has ${std.length} numbers, expected ${mean.length} as in mean`);
  }
  if (std.includes(0)) throw new DataError(`normalize: std: [${std}], expected no 0`);
  const transform = (input: Tensor) => {
    expectTensor(input, 'normalize: input');
    const channels = input.ndim === 3 ? (input.shape[0] as number) : undefined;
    if (channels === undefined || (mean.length !== 1 && mean.length !== channels)) {
      throw new ShapeError(`normalize: input: shape [${input.shape}], expected [C, H, W] with C = ${mean.length}`);
    }
    return input.sub(means).div(stds);
  };
  return describeTransform(transform, [{ kind: 'normalize', mean: [...mean], std: [...std] }]);
}

/** A transform that calls `fn`, with the generator of the visit as second argument. */
export function lambda<A, B>(fn: (input: A, generator?: Generator) => B): Transform<A, B> {
  if (typeof fn !== 'function') throw new DataError(`lambda: fn: expected a function, got ${typeof fn}`);
  return (input, generator) => fn(input, generator);
}

type AnyTransform = Transform<never, unknown>;

/**
 * The given transforms one after the other.
 *
 * @throws DataError when one is not a function
 */
export function compose<A>(chain: readonly Transform<A, A>[]): Transform<A, A>;
export function compose<A, B>(chain: readonly [Transform<A, B>]): Transform<A, B>;
export function compose<A, B, C>(chain: readonly [Transform<A, B>, Transform<B, C>]): Transform<A, C>;
export function compose<A, B, C, D>(
  chain: readonly [Transform<A, B>, Transform<B, C>, Transform<C, D>],
): Transform<A, D>;
export function compose<A, B>(
  chain: readonly [Transform<A, unknown>, ...AnyTransform[], Transform<never, B>],
): Transform<A, B>;
export function compose(chain: readonly AnyTransform[]): AnyTransform {
  if (!Array.isArray(chain)) throw new DataError(`compose: transforms: expected an array, got ${typeof chain}`);
  const steps: readonly AnyTransform[] = [...chain];
  const wrong = steps.findIndex((step) => typeof step !== 'function');
  if (wrong >= 0) throw new DataError(`compose: transforms[${wrong}]: expected a function, got ${typeof steps[wrong]}`);
  const composed = (input: unknown, generator?: Generator) =>
    steps.reduce((value, step) => step(value as never, generator), input);
  const known = stepsOf(steps);
  return known ? describeTransform(composed, known) : composed;
}
