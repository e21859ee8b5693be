// SPDX-License-Identifier: MIT
import { defaultCollate } from '../../data/collate.js';
import { nextTurn, turnIsDue } from '../../data/event-loop.js';
import { Ahead, readAhead } from '../../data/recipe.js';
import { DataError } from '../../errors.js';
import { Tensor } from '../../index.js';
import { grouped } from './indices.js';
import type { Orders } from './order.js';
import { countRows, mapLeaves, type Rows } from './slices.js';

// Streams of elements: async generators that pull one element at a time. Sources let the event loop turn.

/** @internal Starts an iteration. */
export type Stream<T> = () => AsyncIterable<T>;

/** @internal */
export async function* fromIterable<T>(source: () => Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  for await (const element of source()) {
    if (turnIsDue()) await nextTurn();
    yield element;
  }
}
/** @internal */
export async function* elementsOf<T>(rows: Rows<T>): AsyncGenerator<T> {
  for (const index of rows.indices()) {
    if (turnIsDue()) await nextTurn();
    yield rows.one(index);
  }
}
/** @internal Whole batches, gathered natively. */
export async function* batchesOf<T>(rows: Rows<T>, size: number, dropRemainder: boolean): AsyncGenerator<unknown> {
  const lists = grouped(rows.indices(), size, dropRemainder);
  const recipe = rows.recipe?.();
  if (recipe) return yield* readAhead(() => new Ahead(lists, recipe));
  for (const list of lists) {
    if (turnIsDue()) await nextTurn();
    yield rows.many(list);
  }
}
/** @internal */
export async function* batched<T>(source: Stream<T>, size: number, dropRemainder: boolean): AsyncGenerator<unknown> {
  let elements: T[] = [];
  for await (const element of source()) {
    if (elements.push(element) < size) continue;
    yield defaultCollate(elements);
    elements = [];
  }
  if (elements.length > 0 && !dropRemainder) yield defaultCollate(elements);
}
/** @internal */
export async function* unbatched<T>(source: Stream<T>): AsyncGenerator<unknown> {
  for await (const batch of source()) {
    const count = countRows('unbatch', batch);
    for (let i = 0; i < count; i++) yield mapLeaves(batch, (x) => (x as Tensor).select(0, i));
  }
}
/** @internal In order, with at most `parallel` calls under way. */
export async function* mapped<T, U>(
  source: Stream<T>,
  fn: (element: T) => U,
  parallel: number,
): AsyncGenerator<Awaited<U>> {
  if (parallel === 1) {
    for await (const element of source()) yield await fn(element);
    return;
  }
  const running: Promise<Awaited<U>>[] = [];
  for await (const element of source()) {
    const result = (async (): Promise<Awaited<U>> => await fn(element))();
    result.catch(() => undefined); // reported where it is awaited
    running.push(result);
    if (running.length >= parallel) yield await (running.shift() as Promise<Awaited<U>>);
  }
  for (const result of running) yield await result;
}
/** @internal */
export async function* filtered<T>(source: Stream<T>, fn: (element: T) => unknown): AsyncGenerator<T> {
  for await (const element of source()) {
    const answer = await fn(element);
    if (typeof answer !== 'boolean' && !(answer instanceof Tensor)) {
      throw new DataError(`Dataset.filter: the predicate returned ${typeof answer}, expected a boolean or a Tensor`);
    }
    if (answer instanceof Tensor ? answer.item() : answer) yield element;
  }
}
/** @internal */
export async function* shuffledStream<T>(source: Stream<T>, size: number, orders: Orders): AsyncGenerator<T> {
  const buffer = orders.next<T>(size);
  for await (const element of source()) {
    if (buffer.isFull) yield buffer.exchange(element);
    else buffer.push(element);
  }
  while (!buffer.isEmpty) yield buffer.pop();
}
/** @internal */
export async function* repeatedStream<T>(source: Stream<T>, count: number): AsyncGenerator<T> {
  for (let i = 0, isEmpty = false; i < count && !isEmpty; i++) {
    isEmpty = true;
    for await (const element of source()) {
      isEmpty = false;
      yield element;
    }
  }
}
/** @internal */
export async function* takenStream<T>(source: Stream<T>, count: number): AsyncGenerator<T> {
  let left = count;
  if (left <= 0) return;
  for await (const element of source()) {
    yield element;
    if (--left <= 0) return;
  }
}
/** @internal Every `step`-th, from the one numbered `first`. */
export async function* stridedStream<T>(source: Stream<T>, first: number, step: number): AsyncGenerator<T> {
  let at = 0;
  for await (const element of source()) {
    if (at >= first && (at - first) % step === 0) yield element;
    at++;
  }
}
/** @internal Up to `size` elements are under way while one is in use. */
export async function* prefetched<T>(source: Stream<T>, size: number): AsyncGenerator<T> {
  const iterator = source()[Symbol.asyncIterator]();
  const ahead: Promise<IteratorResult<T>>[] = [];
  try {
    for (;;) {
      while (ahead.length <= size) {
        const next = iterator.next();
        next.catch(() => undefined); // reported where it is awaited
        ahead.push(next);
      }
      const { done, value } = await (ahead.shift() as Promise<IteratorResult<T>>);
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
/** @internal */
export async function* zipped(sources: readonly Stream<unknown>[]): AsyncGenerator<unknown[]> {
  const iterators = sources.map((source) => source()[Symbol.asyncIterator]());
  try {
    for (;;) {
      const elements: unknown[] = [];
      for (const iterator of iterators) {
        const { done, value } = await iterator.next();
        if (done) return;
        elements.push(value);
      }
      yield elements;
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}
/** @internal */
export async function* concatenated<T>(sources: readonly Stream<T>[]): AsyncGenerator<T> {
  for (const source of sources) yield* source();
}
/** @internal */
export async function* numbered<T>(source: Stream<T>, start: number): AsyncGenerator<[number, T]> {
  let number = start;
  for await (const element of source()) yield [number++, element];
}
/** @internal Blocks of `block` elements in turn from `cycle` places, each of which opens the next stream when its own ends. */
export async function* interleaved<U>(
  source: Stream<AsyncIterable<U>>,
  cycle: number,
  block: number,
): AsyncGenerator<U> {
  const outer = source()[Symbol.asyncIterator]();
  const open: (AsyncIterator<U> | undefined)[] = [];
  let isDrained = false;
  try {
    for (let place = 0; ; place = (place + 1) % cycle) {
      if (!open[place] && !isDrained) {
        const { done, value } = await outer.next();
        isDrained = done ?? false;
        open[place] = done ? undefined : value[Symbol.asyncIterator]();
      }
      const inner = open[place];
      if (inner && !(yield* takeBlock(inner, block))) open[place] = undefined;
      if (isDrained && !open.some((iterator) => iterator)) return;
    }
  } finally {
    for (const iterator of [...open, outer]) await iterator?.return?.();
  }
}
/** Whether the stream may have more. */
async function* takeBlock<U>(iterator: AsyncIterator<U>, block: number): AsyncGenerator<U, boolean> {
  for (let i = 0; i < block; i++) {
    const { done, value } = await iterator.next();
    if (done) return false;
    yield value;
  }
  return true;
}
