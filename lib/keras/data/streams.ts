// SPDX-License-Identifier: MIT
import { DataError } from '../../errors.js';
import { Tensor } from '../../tensor.js';
import { type Batch, type ClassWeight, toBatch, weighClasses } from './batch.js';
import type { BatchIterator, BatchSource } from './source.js';

/**
 * Batches that come one by one, each `[x, y]`, `[x, y, sampleWeight]` or `{ x, y, sampleWeight }`: a `DataLoader`, a
 * `tf.data.Dataset`, any iterable, sync or async, a Node `Readable` in object mode or a web `ReadableStream`.
 */
export type BatchStream = Iterable<unknown> | AsyncIterable<unknown> | ReadableStream;

interface RawIterator {
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  close(): unknown;
}

const has = (value: object, key: string | symbol) =>
  typeof (value as Record<symbol, unknown>)[key as symbol] === 'function';

/** @internal */
export function isStream(value: unknown): value is BatchStream {
  if (typeof value !== 'object' || value === null || value instanceof Tensor || ArrayBuffer.isView(value)) return false;
  return has(value, Symbol.asyncIterator) || has(value, Symbol.iterator) || has(value, 'getReader');
}

/** Streams are closed at once, even while a read of theirs waits; an iterator's `return` would wait for that read. */
function openRaw(source: BatchStream): RawIterator {
  if ('getReader' in source && has(source, 'getReader')) {
    const reader = source.getReader();
    const close = () => {
      const cancelled = reader.cancel();
      reader.releaseLock();
      return cancelled;
    };
    return { next: () => reader.read() as Promise<IteratorResult<unknown>>, close };
  }
  if (has(source, Symbol.asyncIterator)) {
    const iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    const readable = source as { destroy?: () => unknown };
    const close = typeof readable.destroy === 'function' ? () => readable.destroy?.() : () => iterator.return?.();
    return { next: () => iterator.next(), close };
  }
  const iterator = (source as Iterable<unknown>)[Symbol.iterator]();
  return { next: () => iterator.next(), close: () => iterator.return?.() };
}

/** Where the source knows how many batches it has. */
function lengthOf(source: BatchStream): number | undefined {
  const sized = source as { length?: unknown; cardinality?: () => unknown };
  try {
    const length = typeof sized.cardinality === 'function' ? sized.cardinality() : sized.length;
    return Number.isSafeInteger(length) && (length as number) > 0 ? (length as number) : undefined;
  } catch {
    return undefined; // a loader over an iterable does not know
  }
}

/** Batches of a stream, checked and with the weights of their classes. */
export class StreamSource implements BatchSource {
  constructor(
    private readonly stream: BatchStream,
    private readonly where: string,
    private readonly classWeight?: ClassWeight | undefined,
  ) {
    if (!isStream(stream)) {
      throw new DataError(
        `${where}: expected tensors, arrays or an iterable of batches, got ${stream === null ? 'null' : typeof stream}`,
      );
    }
  }

  get once(): boolean {
    const stream = this.stream as Partial<Iterator<unknown> & ReadableStream & { destroy: unknown }>;
    return [stream.next, stream.getReader, stream.destroy].some((method) => typeof method === 'function');
  }
  get steps(): number | undefined {
    return lengthOf(this.stream);
  }

  open(): BatchIterator {
    const iterator = openRaw(this.stream);
    let count = 0;
    const take = (result: IteratorResult<unknown>): IteratorResult<Batch, undefined> => {
      if (result.done) return { done: true, value: undefined };
      const where = `${this.where}: batch ${count++}`;
      return { done: false, value: weighClasses(toBatch(result.value, where), this.classWeight, where) };
    };
    return {
      next: () => {
        const result = iterator.next();
        return 'then' in result ? Promise.resolve(result).then(take) : take(result);
      },
      // What the source does after its end is known is its own affair.
      close: () => {
        try {
          Promise.resolve(iterator.close()).catch(() => undefined);
        } catch {}
      },
    };
  }
}
