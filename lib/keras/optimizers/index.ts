// SPDX-License-Identifier: MIT
import { lookUp } from '../inputs.js';
import { Adam, AdamW } from './adam.js';
import { Adamax, Lion, Nadam } from './adam-variants.js';
import { Adadelta, Adagrad, RMSprop } from './adaptive.js';
import { Optimizer } from './optimizer.js';
import { SGD } from './sgd.js';

export { Adam, type AdamOptions, AdamW, type BetaOptions } from './adam.js';
export { Adamax, Lion, type LionOptions, Nadam } from './adam-variants.js';
export {
  Adadelta,
  type AdadeltaOptions,
  Adagrad,
  type AdagradOptions,
  RMSprop,
  type RMSpropOptions,
} from './adaptive.js';
export { Optimizer, type OptimizerOptions, type Slots } from './optimizer.js';
export * as schedules from './schedules.js';
export { SGD, type SGDOptions } from './sgd.js';

const table = {
  sgd: SGD,
  adam: Adam,
  adamW: AdamW,
  adamw: AdamW,
  rmsprop: RMSprop,
  adagrad: Adagrad,
  adadelta: Adadelta,
  adamax: Adamax,
  nadam: Nadam,
  lion: Lion,
};

/** Names that {@link get} knows. */
export type OptimizerName = keyof typeof table;

/**
 * The optimizer of a name with its default options, or the object itself.
 * @throws RangeError for an unknown name, with the list
 */
export function get(optimizer: OptimizerName | Optimizer): Optimizer {
  if (optimizer instanceof Optimizer) return optimizer;
  return new (lookUp<new () => Optimizer>('optimizers.get', table, optimizer))();
}
