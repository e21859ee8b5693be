// SPDX-License-Identifier: MIT
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DataError } from '../errors.js';
import { startProgress } from './progress.js';

/** A file that can be had from several places. */
export interface Download {
  urls: readonly string[];
  /** Where the file goes. */
  path: string;
  /** SHA-256 of the file as published, or of its *unpacked* content, so that it does not matter how a mirror packs it. */
  sha256: string;
  signal?: AbortSignal;
}

async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** SHA-256 of a file as it is and of its unpacked content, in hexadecimal digits. */
async function hashesOf(path: string, signal?: AbortSignal): Promise<[packed: string, unpacked: string]> {
  const [packed, unpacked] = [createHash('sha256'), createHash('sha256')];
  const through = (hash: Hash) =>
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    };
  const unpack = (await isGzip(path)) ? createGunzip() : new PassThrough();
  const drain = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(createReadStream(path), through(packed), unpack, through(unpacked), drain, { signal });
  return [packed.digest('hex'), unpacked.digest('hex')];
}

async function fetchTo(url: string, path: string, signal?: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
  const progress = await startProgress(basename(url), Number(response.headers.get('content-length') ?? 0));
  let received = 0;
  try {
    const count = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        received += chunk.length;
        progress.update(received);
        yield chunk;
      }
    };
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    await pipeline(body, count, createWriteStream(path, { flags: 'wx', flush: true }), { signal });
  } finally {
    progress.stop();
  }
}

/** Fetches to a temporary file, checks it and renames it, so that `path` is never there half or wrong. */
async function tryUrl(url: string, { path, sha256, signal }: Download): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  try {
    await fetchTo(url, temporary, signal);
    const found = await hashesOf(temporary, signal);
    if (!found.includes(sha256))
      throw new Error(`wrong checksum: sha256 of the unpacked file is ${found[1]}, expected ${sha256}`);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** `fetch` says only "fetch failed" and hides the reason in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message;
}

/**
 * Downloads a file from the first place that gives the right content.
 *
 * @returns undefined on success, else one line for each place with what went wrong there
 * @throws the signal's reason when aborted; DataError when the folder cannot be made
 */
export async function download(wanted: Download): Promise<string[] | undefined> {
  const failures: string[] = [];
  try {
    await mkdir(dirname(wanted.path), { recursive: true });
  } catch (cause) {
    throw new DataError(`${dirname(wanted.path)}: cannot be made: ${(cause as Error).message}`, { cause });
  }
  for (const url of wanted.urls) {
    try {
      await tryUrl(url, wanted);
      return undefined;
    } catch (error) {
      wanted.signal?.throwIfAborted();
      failures.push(`${url}: ${reasonOf(error)}`);
    }
  }
  return failures;
}
