// SPDX-License-Identifier: MIT
import * as activations from '../activations.js';
import * as initializers from '../initializers/index.js';
import * as regularizers from '../regularizers.js';

/** An activation's name, or a function of a tensor. */
export type ActivationLike = Parameters<typeof activations.get>[0];
/** An initializer's name, or the object. */
export type InitializerLike = Parameters<typeof initializers.get>[0];
/** A regularizer's name, or the object. */
export type RegularizerLike = Parameters<typeof regularizers.get>[0];

/** @internal How a weight is made. */
export interface Recipe {
  readonly initializer: initializers.Initializer;
  readonly regularizer: regularizers.Regularizer | undefined;
}

/** @internal */
export function recipe(initializer: InitializerLike, regularizer?: RegularizerLike): Recipe {
  return { initializer: initializers.get(initializer), regularizer: regularizers.get(regularizer) };
}

/** @internal The parts of a layer as they stand in `getConfig`. */
export const configOf = {
  activation: (activation: activations.Activation): string => activations.nameOf(activation),
  initializer: (initializer: initializers.Initializer) => ({
    className: initializer.constructor.name,
    config: initializer.config,
  }),
  regularizer: (regularizer: regularizers.Regularizer | undefined) => regularizer?.config ?? null,
};
