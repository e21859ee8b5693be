// SPDX-License-Identifier: MIT
import { lookUp } from '../inputs.js';
import { Constant, Identity, Ones, Zeros } from './fixed.js';
import type { Initializer } from './initializer.js';
import { Orthogonal, RandomNormal, RandomUniform, TruncatedNormal } from './random.js';
import {
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  VarianceScaling,
} from './scaling.js';

export { Constant, Identity, Ones, Zeros } from './fixed.js';
export type { Initializer, SeedOptions } from './initializer.js';
export * from './random.js';
export * from './scaling.js';

const table = {
  zeros: Zeros,
  ones: Ones,
  constant: Constant,
  identity: Identity,
  randomNormal: RandomNormal,
  randomUniform: RandomUniform,
  truncatedNormal: TruncatedNormal,
  varianceScaling: VarianceScaling,
  glorotUniform: GlorotUniform,
  glorotNormal: GlorotNormal,
  heUniform: HeUniform,
  heNormal: HeNormal,
  lecunUniform: LecunUniform,
  lecunNormal: LecunNormal,
  orthogonal: Orthogonal,
};

/** Names that {@link get} knows. */
export type InitializerName = keyof typeof table;

/**
 * The initializer of a name, with its default options, or the object itself.
 * @throws RangeError for an unknown name, with the list
 */
export function get(initializer: InitializerName | Initializer): Initializer {
  if (typeof initializer === 'object' && typeof initializer?.initialize === 'function') return initializer;
  return new (lookUp<new () => Initializer>('initializers.get', table, initializer))();
}
