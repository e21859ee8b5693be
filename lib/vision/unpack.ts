// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DataError } from '../errors.js';

/** A file's path or URL, or its content in memory; raw or gzip. */
export type FileSource = string | URL | ArrayBuffer | ArrayBufferView;

/** What reads the unpacked bytes. `limit` is the most that can come; it bounds what a header may ask for. */
export type Consumer<T> = (chunks: AsyncIterable<Uint8Array>, limit: number, name: string) => Promise<T>;

const chunkSize = 1 << 20;
/** Deflate makes at most 1032 bytes of one. */
const maxInflation = 1032;

interface Opened {
  name: string;
  size: number;
  /** The first two bytes, which tell gzip from other things. */
  head: Uint8Array;
  stream: () => Readable;
}

async function openPath(path: string | URL): Promise<Opened> {
  const handle = await open(path);
  try {
    const head = new Uint8Array(2);
    await handle.read(head, 0, 2, 0);
    const { size } = await handle.stat();
    return { name: String(path), size, head, stream: () => createReadStream(path, { highWaterMark: chunkSize }) };
  } finally {
    await handle.close();
  }
}

async function openSource(source: unknown): Promise<Opened> {
  if (typeof source === 'string' || source instanceof URL) return openPath(source);
  if (!ArrayBuffer.isView(source) && !(source instanceof ArrayBuffer)) {
    throw new DataError(`source: expected a path, a URL, an ArrayBuffer or a view of one, got ${typeof source}`);
  }
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return { name: 'bytes', size: bytes.length, head: bytes.subarray(0, 2), stream: () => Readable.from([bytes]) };
}

function explain(name: string, cause: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code?.startsWith('Z_')) return new DataError(`${name}: damaged gzip data: ${message}`, { cause });
  return (cause as NodeJS.ErrnoException).syscall
    ? new DataError(`${name}: cannot be read: ${message}`, { cause })
    : cause;
}

/**
 * Streams a source, unpacked if it is gzip, into `consume`: neither the packed nor the unpacked bytes are ever held as
 * a whole on the way.
 *
 * @throws DataError when the source cannot be read or its gzip data are damaged
 */
export async function unpack<T>(source: FileSource, consume: Consumer<T>, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  let name = String(source);
  try {
    const opened = await openSource(source);
    name = opened.name;
    const packed = opened.head[0] === 0x1f && opened.head[1] === 0x8b;
    const read = (chunks: AsyncIterable<Uint8Array>) =>
      consume(chunks, opened.size * (packed ? maxInflation : 1), name);
    if (!packed) return await pipeline(opened.stream(), read, { signal });
    return await pipeline(opened.stream(), createGunzip({ chunkSize }), read, { signal });
  } catch (cause) {
    throw explain(name, cause, signal);
  }
}
