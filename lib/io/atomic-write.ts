// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckpointError } from '../errors.js';
import { chunkBytes } from './byte-source.js';

async function writeAll(handle: FileHandle, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    signal?.throwIfAborted();
    const { bytesWritten } = await handle.write(bytes, done, Math.min(chunkBytes, bytes.length - done));
    done += bytesWritten;
  }
}

async function writeFile(
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for await (const part of parts) await writeAll(handle, part, signal);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the rename itself durable. Some file systems refuse to open or flush a folder; the file is whole without it. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(dirname(path)).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Writes `parts` to a temporary file beside `target`, flushes and renames it: readers see the old file or the new one. */
export async function writeAtomically(
  target: string | URL,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  if (typeof target !== 'string' && !(target instanceof URL)) {
    throw new CheckpointError(`path: expected a string or a URL, got ${typeof target}`);
  }
  const path = typeof target === 'string' ? target : fileURLToPath(target);
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, parts, signal);
    await rename(temporary, path);
    await syncFolder(path);
  } catch (cause) {
    await rm(temporary, { force: true });
    if (signal?.aborted || !(cause as NodeJS.ErrnoException).syscall) throw cause;
    throw new CheckpointError(`${path}: cannot be written: ${(cause as Error).message}`, { cause });
  }
}
