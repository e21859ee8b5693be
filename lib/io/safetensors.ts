// SPDX-License-Identifier: MIT
import { type DType, itemSize } from '../dtype.js';
import { CheckpointError } from '../errors.js';
import { Tensor } from '../index.js';
import { writeAtomically } from './atomic-write.js';
import { type ByteSource, openSource } from './byte-source.js';
import { readTensor } from './read-tensor.js';
import {
  dtypeName,
  maxHeaderBytes,
  metadataKey,
  parseHeader,
  parseHeaderLength,
  prefixBytes,
  type SafetensorsHeader,
} from './safetensors-header.js';

/** A file's path or URL, or its whole content in memory. */
export type SafetensorsSource = string | URL | ArrayBuffer | ArrayBufferView;

/** Options of reading and writing. */
export interface SafetensorsOptions {
  /** Stops the work; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const prefix = new Uint8Array(Math.min(prefixBytes, source.size));
  await source.read(0, prefix);
  const json = new Uint8Array(parseHeaderLength(prefix, source.size, source.name));
  await source.read(prefixBytes, json);
  return parseHeader(json, source.size, source.name);
}

/**
 * Reads the header of a safetensors file and checks it completely, without reading any tensor.
 *
 * @param source - a path, a URL, or the file's bytes
 * @returns dtype, shape and position of each tensor, and the file's metadata
 * @throws CheckpointError when the file cannot be read or its header is damaged
 */
export async function readSafetensorsHeader(source: SafetensorsSource): Promise<SafetensorsHeader> {
  const opened = await openSource(source);
  try {
    return await readHeader(opened);
  } finally {
    await opened.close();
  }
}

/**
 * Loads every tensor of a safetensors file, PyTorch's for instance, with the dtypes and shapes of the file. The header
 * is checked before anything is allocated; tensors never share memory with `source`.
 *
 * @param source - a path, a URL, or the file's bytes; bytes must stay as they are until the promise settles
 * @returns a record without prototype, from names to tensors, fit for `module.loadStateDict`
 * @throws CheckpointError when the file cannot be read, is damaged, or holds a dtype that cresset does not have
 */
export async function loadSafetensors(
  source: SafetensorsSource,
  { signal }: SafetensorsOptions = {},
): Promise<Record<string, Tensor>> {
  signal?.throwIfAborted();
  const opened = await openSource(source);
  try {
    const { tensors } = await readHeader(opened);
    const record: Record<string, Tensor> = Object.create(null);
    for (const [name, entry] of Object.entries(tensors)) {
      record[name] = await readTensor(opened, `${opened.name}: tensor '${name}'`, entry, signal);
    }
    return record;
  } finally {
    await opened.close();
  }
}

/** Names and tensors in the order of their bytes: wide items first, so that each tensor lies aligned. */
function sortEntries(record: Readonly<Record<string, Tensor>>): [string, Tensor][] {
  if (typeof record !== 'object' || record === null) {
    throw new CheckpointError(`record: expected an object of tensors, got ${record === null ? 'null' : typeof record}`);
  }
  const entries = Object.entries(record);
  for (const [name, value] of entries) {
    if (!(value instanceof Tensor)) {
      throw new CheckpointError(`record['${name}']: expected a Tensor, got ${typeof value}`);
    }
    if (name === metadataKey) throw new CheckpointError(`record: the name ${metadataKey} belongs to the format`);
  }
  return entries.sort(([a, x], [b, y]) => itemSize(y.dtype) - itemSize(x.dtype) || (a < b ? -1 : 1));
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') {
      throw new CheckpointError(`metadata['${key}']: expected a string, got ${typeof text}`);
    }
  }
}

/** Length prefix and JSON, padded with spaces so that the data begins at a multiple of eight bytes. */
function buildHeader(entries: [string, Tensor][], metadata: Readonly<Record<string, string>>): Uint8Array {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header[metadataKey] = { ...metadata };
  let offset = 0;
  for (const [name, tensor] of entries) {
    const end = offset + tensor.numel() * itemSize(tensor.dtype as DType);
    header[name] = { dtype: dtypeName(tensor.dtype), shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / prefixBytes) * prefixBytes;
  if (length > maxHeaderBytes) {
    throw new CheckpointError(`record: the header would take ${length} bytes, the format allows ${maxHeaderBytes}`);
  }
  const bytes = new Uint8Array(prefixBytes + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, prefixBytes);
  return bytes;
}

/** The parts of the file in order; each tensor is copied out only when its turn comes. */
function* fileParts(header: Uint8Array, entries: [string, Tensor][]): Generator<Uint8Array> {
  yield header;
  for (const [, tensor] of entries) {
    const values = tensor.toTypedArray();
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
}

/**
 * Writes tensors as a safetensors file that PyTorch, JAX and others read. The file appears complete or not at all: it is
 * written beside its place, flushed to the disk and renamed. Values are read as each tensor's turn comes, so do not
 * change them until the promise resolves.
 *
 * @param path - where the file goes; an existing one is replaced
 * @param record - names and tensors of any dtype and shape, such as `module.stateDict()`
 * @param metadata - strings kept under `__metadata__`, for instance `{ format: 'pt' }`
 * @throws CheckpointError when the record or the metadata holds something else, or the file cannot be written
 */
export async function saveSafetensors(
  path: string | URL,
  record: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
  { signal }: SafetensorsOptions = {},
): Promise<void> {
  const entries = sortEntries(record);
  checkMetadata(metadata);
  await writeAtomically(path, fileParts(buildHeader(entries, metadata), entries), signal);
}
