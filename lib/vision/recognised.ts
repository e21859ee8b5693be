// SPDX-License-Identifier: MIT
import type { PaddingMode } from './geometry.js';

/** A map of pixel values: `(x / 255 - mean) / std`. */
export interface Scaling {
  readonly mean: number;
  readonly std: number;
}

/** What a border is made of. */
export interface Border {
  readonly fill: number;
  readonly mode: PaddingMode;
}

/** Left, top, right, bottom. */
export type Sides = readonly [number, number, number, number];

/** One of the things that transforms do to an image and that can be done to a whole batch natively. */
export type Step =
  | { readonly kind: 'toTensor' }
  | { readonly kind: 'normalize'; readonly mean: readonly number[]; readonly std: readonly number[] }
  | { readonly kind: 'pad'; readonly padding: Sides; readonly border: Border }
  | {
      readonly kind: 'crop';
      readonly size: readonly [height: number, width: number];
      readonly padding: Sides | undefined;
      readonly padIfNeeded: boolean;
      readonly border: Border;
    }
  | { readonly kind: 'flip'; readonly vertical: boolean; readonly p: number };

const known = new WeakMap<object, readonly Step[]>();

/** Says what `transform` does, step by step. */
export function describeTransform<T extends object>(transform: T, steps: readonly Step[]): T {
  known.set(transform, steps);
  return transform;
}

/** What transforms do one after the other, if that is known of each. */
export function stepsOf(chain: readonly object[]): readonly Step[] | undefined {
  const lists = chain.map((transform) => known.get(transform));
  return lists.includes(undefined) ? undefined : (lists as (readonly Step[])[]).flat();
}

/** What `toTensor` and at most one `normalize` of a single channel do to the pixels of a grey image. */
export function scalingOf(steps: readonly Step[] | undefined): Scaling | undefined {
  const [first, second, ...more] = steps ?? [];
  if (first?.kind !== 'toTensor' || more.length > 0) return undefined;
  if (!second) return { mean: 0, std: 1 };
  if (second.kind !== 'normalize' || second.mean.length !== 1) return undefined;
  return { mean: second.mean[0] as number, std: second.std[0] as number };
}
