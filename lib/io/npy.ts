// SPDX-License-Identifier: MIT
import { CheckpointError } from '../errors.js';
import { Tensor } from '../index.js';
import { writeAtomically } from './atomic-write.js';
import { type ByteSource, openSource } from './byte-source.js';
import { buildHeader, parseHeader, parsePrefix, prefixBytes } from './npy-header.js';
import { readTensor } from './read-tensor.js';
import type { SafetensorsOptions } from './safetensors.js';

/** A file's path or URL, or its whole content in memory. */
export type NpySource = string | URL | ArrayBuffer | ArrayBufferView;

/** Options of reading and writing. */
export interface NpyOptions extends SafetensorsOptions {}

/** @internal Reads one array from what `source` holds. */
export async function readArray(source: ByteSource, signal?: AbortSignal): Promise<Tensor> {
  const prefix = new Uint8Array(Math.min(prefixBytes, source.size));
  await source.read(0, prefix);
  const { start, length } = parsePrefix(prefix, source.size, source.name);
  const text = new Uint8Array(length);
  await source.read(start, text);
  const header = parseHeader(text, start, source.size, source.name);
  if (!header.isFortran) return readTensor(source, source.name, header, signal);
  const reversed = await readTensor(source, source.name, { ...header, shape: header.shape.toReversed() }, signal);
  return reversed.permute(header.shape.map((_, i) => header.shape.length - 1 - i)).contiguous();
}

/**
 * Loads an array that NumPy's `save` has written: versions 1.0 to 3.0, either byte order, C or Fortran order. NumPy has
 * no bfloat16; two-byte voids, which is how `ml_dtypes` writes it, are taken for it.
 *
 * @param source - a path, a URL, or the file's bytes; bytes must stay as they are until the promise settles
 * @returns a tensor of the file's dtype and shape that shares no memory with `source`
 * @throws CheckpointError when the file cannot be read, is damaged, or holds a type that cresset does not have
 */
export async function loadNpy(source: NpySource, { signal }: NpyOptions = {}): Promise<Tensor> {
  signal?.throwIfAborted();
  const opened = await openSource(source);
  try {
    return await readArray(opened, signal);
  } finally {
    await opened.close();
  }
}

/** @internal The file's parts in order. */
export function* arrayParts(tensor: Tensor): Generator<Uint8Array> {
  yield buildHeader(tensor.dtype, tensor.shape);
  const values = tensor.toTypedArray();
  yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Writes a tensor as a file for NumPy's `load`, version 1.0, C order. bfloat16 becomes two-byte voids (in Python
 * `.view(ml_dtypes.bfloat16)`). The file appears complete or not at all.
 *
 * @param path - where the file goes; an existing one is replaced
 * @throws CheckpointError when `tensor` is none, or the file cannot be written
 */
export async function saveNpy(path: string | URL, tensor: Tensor, { signal }: NpyOptions = {}): Promise<void> {
  if (!(tensor instanceof Tensor)) throw new CheckpointError(`tensor: expected a Tensor, got ${typeof tensor}`);
  await writeAtomically(path, arrayParts(tensor), signal);
}
