// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';
import { CheckpointError } from '../errors.js';

/** Bytes at known positions: a file, or memory. */
export interface ByteSource {
  /** How errors call it: the file's path, or `bytes`. */
  readonly name: string;
  readonly size: number;
  /** Fills `into` from `position`. */
  read(position: number, into: Uint8Array, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** One read or write call stays below the kernel's 2 GB and lets an abort in. */
export const chunkBytes = 64 * 2 ** 20;

class FileSource implements ByteSource {
  constructor(
    readonly name: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  async read(position: number, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    for (let done = 0; done < into.length; ) {
      signal?.throwIfAborted();
      const length = Math.min(chunkBytes, into.length - done);
      const { bytesRead } = await this.handle.read(into, done, length, position + done);
      if (bytesRead === 0) throw new CheckpointError(`${this.name}: the file became shorter while it was read`);
      done += bytesRead;
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

class MemorySource implements ByteSource {
  constructor(
    readonly name: string,
    private readonly bytes: Uint8Array,
  ) {}

  get size(): number {
    return this.bytes.length;
  }

  async read(position: number, into: Uint8Array): Promise<void> {
    into.set(this.bytes.subarray(position, position + into.length));
  }

  async close(): Promise<void> {}
}

async function openFile(path: string | URL): Promise<ByteSource> {
  const name = String(path);
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch (cause) {
    throw new CheckpointError(`${name}: cannot be opened: ${(cause as Error).message}`, { cause });
  }
  const stat = await handle.stat();
  if (stat.isFile()) return new FileSource(name, stat.size, handle);
  await handle.close();
  throw new CheckpointError(`${name}: is not a regular file`);
}

/** Opens a path, or bytes that the caller must not change until the source is closed and that errors call `name`. */
export async function openSource(source: unknown, name = 'bytes'): Promise<ByteSource> {
  if (typeof source === 'string' || source instanceof URL) return openFile(source);
  if (ArrayBuffer.isView(source)) {
    return new MemorySource(name, new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  if (source instanceof ArrayBuffer) return new MemorySource(name, new Uint8Array(source));
  throw new CheckpointError(`source: expected a path, a URL, an ArrayBuffer or a view of one, got ${typeof source}`);
}
