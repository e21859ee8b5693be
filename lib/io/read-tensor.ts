// SPDX-License-Identifier: MIT
import { type DType, itemSize } from '../dtype.js';
import { CheckpointError, OutOfMemoryError } from '../errors.js';
import { fromBuffer, type Tensor } from '../index.js';
import type { ByteSource } from './byte-source.js';

/** Where the bytes of a tensor lie, in the order of the machine. */
export interface TensorBytes {
  dtype: DType;
  shape: number[];
  byteOffset: number;
  byteLength: number;
  isBigEndian?: boolean;
}

function allocate(what: string, { byteLength, dtype, shape }: TensorBytes): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(byteLength);
  } catch (cause) {
    throw new OutOfMemoryError(`${what}, ${dtype} of shape [${shape}]: ${byteLength} bytes cannot be allocated`, {
      cause,
    });
  }
}

/** Turns elements of `size` bytes round, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}

/** @param what - how errors call the tensor, the file's name first */
export async function readTensor(
  source: ByteSource,
  what: string,
  place: TensorBytes,
  signal?: AbortSignal,
): Promise<Tensor> {
  const { dtype, shape } = place;
  const bytes = allocate(what, place);
  await source.read(place.byteOffset, bytes, signal);
  if (place.isBigEndian) swapBytes(bytes, itemSize(dtype));
  const wrong = dtype === 'bool' ? bytes.findIndex((byte) => byte > 1) : -1;
  if (wrong >= 0) {
    throw new CheckpointError(`${what}: element ${wrong} of a BOOL tensor is ${bytes[wrong]}, expected 0 or 1`);
  }
  return fromBuffer(bytes.buffer, { dtype, shape });
}
