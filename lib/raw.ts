// SPDX-License-Identifier: MIT
import { nativeErrorClasses } from './errors.js';
import { collectYoung } from './garbage.js';
import { native } from './native.js';

/** What the addon knows a tensor by; opaque to JavaScript. */
export type Handle = { readonly __handle: unique symbol };

/** What the addon knows a way to make batches of rows by; opaque to JavaScript. */
export type RecipeHandle = { readonly __recipe: unique symbol };

/** A tensor's handle, or a number that takes part in promotion by category only. */
export type RawScalar = Handle | number | bigint | boolean;

interface Kinds {
  Tensor: Handle;
  Scalar: RawScalar;
  int: number | bigint;
  float: number;
  bool: boolean;
  'int[]': readonly number[];
  'Tensor[]': readonly Handle[];
  dtype: string;
}
type Split<S extends string> = S extends `${infer Head}, ${infer Tail}` ? [Head, ...Split<Tail>] : [S];
type KindOf<K extends string> = K extends `${infer Base}?`
  ? KindOf<Base> | undefined
  : K extends keyof Kinds
    ? Kinds[K]
    : never;
type ParamOf<P> = P extends `${string}: ${infer K}` ? KindOf<K> : never;
type ArgsOf<P extends readonly string[]> = { [I in keyof P]: ParamOf<P[I]> };
/** The function type of a native signature such as `x: Tensor, dim: int? -> Tensor`. */
export type RawFunction<S extends string> = S extends `${infer Params} -> ${infer Result}`
  ? (...args: ArgsOf<Split<Params>>) => Result extends 'Tensor' ? Handle : Handle[]
  : never;

native.setErrorClasses?.(nativeErrorClasses);
native.setYoungCollector?.(collectYoung);
native.checkEnvironment?.();

/** Every op that `lib` binds, with the signature it relies on; a test holds them against the addon's. */
export const boundSignatures = new Map<string, string>();

/** The raw function of a registered op, typed by its native signature. */
export function raw<S extends string>(name: string, signature: S): RawFunction<S> {
  boundSignatures.set(name, signature);
  return native[name] as unknown as RawFunction<S>;
}

/** A raw function that is not an op (creation from memory, autograd, memory, threads). */
export function rawFunction<F extends (...args: never[]) => unknown>(name: string): F {
  return native[name] as unknown as F;
}
