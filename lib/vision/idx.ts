// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { fromOwnBuffer, ownBuffer } from '../creation.js';
import { type DType, itemSize } from '../dtype.js';
import { CressetError, DataError } from '../errors.js';
import { collectYoung } from '../garbage.js';
import { swapBytes } from '../io/read-tensor.js';
import type { Tensor } from '../tensor.js';

/** A file's path or URL, or its content in memory; raw or gzip. */
export type IdxSource = string | URL | ArrayBuffer | ArrayBufferView;

/** Type codes of the idx format, http://yann.lecun.com/exdb/mnist. */
const dtypes = new Map<number, DType>([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

/** Bytes of the magic number, and of each size behind it. */
const wordBytes = 4;
/** Enough of a gzip file to hold the header: 255 sizes take 1 kB. */
const gzipHeadBytes = 4096;
/** Deflate makes at most 1032 bytes of one. */
const maxInflation = 1032;
/** So much is read or unpacked at a time. */
const chunkBytes = 1 << 20;
const collectEvery = 8 * chunkBytes;

interface IdxHeader {
  dtype: DType;
  shape: number[];
  /** Where the data begin, and where they end. */
  start: number;
  end: number;
}

interface Content {
  name: string;
  bytes: Uint8Array;
  /** Whether the bytes are nobody else's, so that they may become the tensor's memory. */
  owned: boolean;
}

/** @param limit - the most bytes that the file can hold unpacked; nothing is allocated beyond it */
function parseHeader(head: Uint8Array, limit: number, name: string): IdxHeader {
  const dtype = dtypes.get(head[2] ?? 0);
  if (head.length >= wordBytes && (head[0] !== 0 || head[1] !== 0 || dtype === undefined)) {
    const magic = Buffer.from(head.subarray(0, wordBytes)).toString('hex');
    throw new DataError(
      `${name}: magic number ${magic}, expected an idx file: 0000, a type 08, 09 or 0b to 0e, a dimension count`,
    );
  }
  const ndim = head[3] ?? 0;
  const start = wordBytes * (1 + ndim);
  if (dtype === undefined || head.length < start) {
    throw new DataError(`${name}: ends within the header, after ${head.length} bytes`);
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const shape = Array.from({ length: ndim }, (_, i) => view.getUint32(wordBytes * (i + 1)));
  const dataBytes = shape.includes(0) ? 0 : shape.reduce((bytes, size) => bytes * size, itemSize(dtype));
  if (start + dataBytes > limit) {
    throw new DataError(`${name}: the header asks for ${dtype} of shape [${shape}], more than the file can hold`);
  }
  return { dtype, shape, start, end: start + dataBytes };
}

async function readBytes(file: FileHandle, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await file.stat();
  if (size === 0) return new Uint8Array(await file.readFile({ signal })); // a pipe does not tell its size
  const bytes = ownBuffer(size);
  let at = 0;
  for (let read = -1; read !== 0 && at < bytes.length; at += read) {
    signal?.throwIfAborted();
    read = (await file.read(bytes, at, Math.min(chunkBytes, bytes.length - at))).bytesRead;
  }
  return bytes.subarray(0, at);
}

async function readContent(source: unknown, signal?: AbortSignal): Promise<Content> {
  if (typeof source === 'string' || source instanceof URL) {
    let file: FileHandle | undefined;
    try {
      file = await open(source);
      return { name: String(source), bytes: await readBytes(file, signal), owned: true };
    } catch (cause) {
      signal?.throwIfAborted();
      throw new DataError(`${String(source)}: cannot be read: ${(cause as Error).message}`, { cause });
    } finally {
      await file?.close();
    }
  }
  const name = 'bytes';
  if (source instanceof ArrayBuffer) return { name, bytes: new Uint8Array(source), owned: false };
  if (!ArrayBuffer.isView(source)) {
    throw new DataError(`source: expected a path, a URL, an ArrayBuffer or a view of one, got ${typeof source}`);
  }
  return { name, bytes: new Uint8Array(source.buffer, source.byteOffset, source.byteLength), owned: false };
}

/** Unpacks a gzip file into memory of the size that the idx header promises. */
async function unpack({ name, bytes }: Content, signal?: AbortSignal): Promise<Content> {
  try {
    const head = gunzipSync(bytes.subarray(0, gzipHeadBytes), { finishFlush: constants.Z_SYNC_FLUSH });
    const { end } = parseHeader(head, bytes.length * maxInflation, name);
    const data = ownBuffer(end);
    const gunzip = createGunzip({ chunkSize: chunkBytes });
    gunzip.end(bytes);
    let at = 0;
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted();
      if (at + chunk.length > end) throw new DataError(`${name}: more data than its shape takes`);
      data.set(chunk, at);
      at += chunk.length;
      if (at % collectEvery < chunk.length) collectYoung(); // chunks, which V8 would leave lying
    }
    return { name, bytes: data.subarray(0, at), owned: true };
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof CressetError) throw cause;
    throw new DataError(`${name}: damaged gzip data: ${(cause as Error).message}`, { cause });
  }
}

function toTensor({ name, bytes, owned }: Content): Tensor {
  const { dtype, shape, start, end } = parseHeader(bytes, Number.POSITIVE_INFINITY, name);
  if (bytes.length !== end) {
    const what = bytes.length < end ? 'ends early' : 'more data than its shape takes';
    throw new DataError(
      `${name}: ${what}: ${bytes.length - start} data bytes; ${dtype} of shape [${shape}] takes ${end - start}`,
    );
  }
  let data = bytes.subarray(start) as Uint8Array<ArrayBuffer>;
  const aligned = data.byteOffset % itemSize(dtype) === 0;
  if (!owned || !aligned) data = new Uint8Array(data);
  swapBytes(data, itemSize(dtype)); // the format is big-endian
  return fromOwnBuffer(data, shape, dtype);
}

/**
 * Reads an idx file, the format of MNIST and its relatives: all its types, any number of dimensions, raw or gzip.
 *
 * @param source - a path, a URL, or the file's bytes
 * @returns a tensor of the file's dtype (uint8, int8, int16, int32, float32 or float64) and shape
 * @throws DataError when the source cannot be read, is no idx file, or holds less or more than its header says
 */
export async function readIdx(source: IdxSource, { signal }: { signal?: AbortSignal } = {}): Promise<Tensor> {
  signal?.throwIfAborted();
  const content = await readContent(source, signal);
  const packed = content.bytes[0] === 0x1f && content.bytes[1] === 0x8b;
  const unpacked = packed ? await unpack(content, signal) : content;
  signal?.throwIfAborted();
  return toTensor(unpacked);
}
