// SPDX-License-Identifier: MIT
import type { Orders } from './order.js';

// What a dataset of rows does to their numbers: no tensor is touched before a batch is gathered.

type Indices = () => Iterable<number>;

/** @internal */
export function* shuffled(source: Indices, size: number, orders: Orders): Generator<number> {
  const buffer = orders.next<number>(size);
  for (const index of source()) {
    if (buffer.isFull) yield buffer.exchange(index);
    else buffer.push(index);
  }
  while (!buffer.isEmpty) yield buffer.pop();
}
/** @internal */
export function* repeated(source: Indices, count: number): Generator<number> {
  for (let i = 0, isEmpty = false; i < count && !isEmpty; i++) {
    isEmpty = true;
    for (const index of source()) {
      isEmpty = false;
      yield index;
    }
  }
}
/** @internal */
export function* taken(source: Indices, count: number): Generator<number> {
  let left = count;
  if (left <= 0) return;
  for (const index of source()) {
    yield index;
    if (--left <= 0) return;
  }
}
/** @internal In lists of `size`. */
export function* grouped(indices: Iterable<number>, size: number, dropRemainder: boolean): Generator<Int32Array> {
  let list: number[] = [];
  for (const index of indices) {
    if (list.push(index) < size) continue;
    yield new Int32Array(list);
    list = [];
  }
  if (list.length > 0 && !dropRemainder) yield new Int32Array(list);
}
/** @internal Every `step`-th, from the one numbered `first`. */
export function* strided(source: Indices, first: number, step: number): Generator<number> {
  let at = 0;
  for (const index of source()) {
    if (at >= first && (at - first) % step === 0) yield index;
    at++;
  }
}
