// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { itemSize } from '../dtype.js';
import { CheckpointError, CressetError } from '../errors.js';
import { Tensor } from '../index.js';
import { optionalPackage } from '../optional.js';
import { writeAtomically } from './atomic-write.js';
import { openSource } from './byte-source.js';
import { arrayParts, type NpyOptions, type NpySource, readArray } from './npy.js';
import { buildHeader } from './npy-header.js';

/** Options of {@link saveNpz}. */
export interface SaveNpzOptions extends NpyOptions {
  /** Pack the arrays, as NumPy's `savez_compressed` does. Default: false, as `savez`. */
  compress?: boolean;
}

/** Deflate makes at most 1032 bytes of one. */
const maxInflation = 1032;
/** The same tensors give the same file. */
const epoch = new Date(Date.UTC(1980, 0, 1, 12));

async function openZip(source: NpySource, name: string): Promise<ZipFile> {
  const { fromBufferPromise, openPromise } = await optionalPackage('yauzl', 'loadNpz', () => import('yauzl'));
  const options = { lazyEntries: true, autoClose: false };
  if (typeof source === 'string') return openPromise(source, options);
  if (source instanceof URL) return openPromise(fileURLToPath(source), options);
  if (source instanceof ArrayBuffer) return fromBufferPromise(Buffer.from(source), options);
  if (!ArrayBuffer.isView(source)) throw new CheckpointError(`${name}: expected a path, a URL or bytes`);
  return fromBufferPromise(Buffer.from(source.buffer, source.byteOffset, source.byteLength), options);
}

/** A member's content; what it takes is allocated only if the packed bytes could hold it. */
async function readMember(zip: ZipFile, entry: Entry, what: string, signal?: AbortSignal): Promise<Uint8Array> {
  const { compressedSize, uncompressedSize } = entry;
  if (compressedSize > zip.fileSize || uncompressedSize > compressedSize * maxInflation) {
    throw new CheckpointError(`${what}: ${uncompressedSize} bytes packed in ${compressedSize}, more than there can be`);
  }
  const bytes = new Uint8Array(uncompressedSize);
  let done = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    signal?.throwIfAborted();
    bytes.set(chunk, done);
    done += chunk.length;
  }
  if (crc32(bytes) !== entry.crc32) throw new CheckpointError(`${what}: its checksum is wrong`);
  return bytes;
}

async function readMembers(zip: ZipFile, file: string, signal?: AbortSignal): Promise<Record<string, Tensor>> {
  const record: Record<string, Tensor> = Object.create(null);
  for await (const entry of zip.eachEntry()) {
    signal?.throwIfAborted();
    const what = `${file}: ${entry.fileName}`;
    if (!entry.fileName.endsWith('.npy')) throw new CheckpointError(`${what}: expected npy files only`);
    const name = entry.fileName.slice(0, -'.npy'.length);
    if (name in record) throw new CheckpointError(`${what} occurs twice`);
    const member = await openSource(await readMember(zip, entry, what, signal), what);
    record[name] = await readArray(member, signal);
  }
  return record;
}

/**
 * Loads the arrays of a file that NumPy's `savez` or `savez_compressed` has written; for each, see `loadNpy`. Members
 * are unpacked one after the other, off the JavaScript thread, and their checksums are compared.
 *
 * @param source - a path, a URL, or the file's bytes; bytes must stay as they are until the promise settles
 * @returns a record without prototype, from names (without `.npy`) to tensors
 * @throws CheckpointError when the file cannot be read, is damaged, or holds anything else
 */
export async function loadNpz(source: NpySource, { signal }: NpyOptions = {}): Promise<Record<string, Tensor>> {
  signal?.throwIfAborted();
  const name = typeof source === 'string' || source instanceof URL ? String(source) : 'bytes';
  let zip: ZipFile | undefined;
  try {
    zip = await openZip(source, name);
    return await readMembers(zip, name, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof CressetError) throw cause;
    throw new CheckpointError(`${name}: cannot be read as an npz file: ${(cause as Error).message}`, { cause });
  } finally {
    zip?.close();
  }
}

function checkRecord(record: Readonly<Record<string, Tensor>>): [string, Tensor][] {
  if (typeof record !== 'object' || record === null) {
    throw new CheckpointError(`record: expected an object of tensors, got ${record === null ? 'null' : typeof record}`);
  }
  const entries = Object.entries(record);
  for (const [name, value] of entries) {
    if (!(value instanceof Tensor)) {
      throw new CheckpointError(`record['${name}']: expected a Tensor, got ${typeof value}`);
    }
  }
  return entries;
}

/**
 * Writes tensors as a file for NumPy's `load`; for each, see `saveNpy`. Values are read as each tensor's turn comes, so
 * do not change them until the promise resolves. The file appears complete or not at all.
 *
 * @param path - where the file goes; an existing one is replaced
 * @param record - names and tensors of any dtype and shape
 * @throws CheckpointError when the record holds something else, or the file cannot be written
 */
export async function saveNpz(
  path: string | URL,
  record: Readonly<Record<string, Tensor>>,
  { compress = false, signal }: SaveNpzOptions = {},
): Promise<void> {
  const entries = checkRecord(record);
  signal?.throwIfAborted();
  const { ZipFile: Writer } = await optionalPackage('yazl', 'saveNpz', () => import('yazl'));
  const zip = new Writer();
  zip.on('error', (error) => (zip.outputStream as Readable).destroy(error));
  for (const [name, tensor] of entries) {
    const size = buildHeader(tensor.dtype, tensor.shape).length + tensor.numel() * itemSize(tensor.dtype);
    const open = (give: (error: unknown, stream: NodeJS.ReadableStream) => void) =>
      give(null, Readable.from(arrayParts(tensor), { objectMode: false }));
    try {
      zip.addReadStreamLazy(`${name}.npy`, { size, compress, mtime: epoch }, open);
    } catch (cause) {
      throw new CheckpointError(`record['${name}']: not a name for a file: ${(cause as Error).message}`, { cause });
    }
  }
  zip.end();
  await writeAtomically(path, zip.outputStream as Readable, signal);
}
