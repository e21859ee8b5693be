// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { fromOwnBuffer } from '../creation.js';
import { type DType, itemSize } from '../dtype.js';
import { DataError } from '../errors.js';
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
/** Node may cut smaller buffers from a pool that they share with others; tensors must not. */
const pooledBytes = 1 << 16;

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

async function readContent(source: unknown, signal?: AbortSignal): Promise<Content> {
  if (typeof source === 'string' || source instanceof URL) {
    try {
      return { name: String(source), bytes: await readFile(source, { signal }), owned: true };
    } catch (cause) {
      signal?.throwIfAborted();
      throw new DataError(`${String(source)}: cannot be read: ${(cause as Error).message}`, { cause });
    }
  }
  const name = 'bytes';
  if (source instanceof ArrayBuffer) return { name, bytes: new Uint8Array(source), owned: false };
  if (!ArrayBuffer.isView(source)) {
    throw new DataError(`source: expected a path, a URL, an ArrayBuffer or a view of one, got ${typeof source}`);
  }
  return { name, bytes: new Uint8Array(source.buffer, source.byteOffset, source.byteLength), owned: false };
}

function explainGzip(name: string, cause: unknown): DataError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const what = code === 'ERR_BUFFER_TOO_LARGE' ? 'more data than its shape takes' : `damaged gzip data: ${message}`;
  return new DataError(`${name}: ${what}`, { cause });
}

/**
 * Unpacks a gzip file in one go: told the size that the idx header promises, zlib fills a single buffer, and nothing
 * else is allocated. The size is one byte more, or zlib would begin a second buffer.
 */
async function unpack({ name, bytes }: Content): Promise<Content> {
  try {
    const head = gunzipSync(bytes.subarray(0, gzipHeadBytes), { finishFlush: constants.Z_SYNC_FLUSH });
    const { end } = parseHeader(head, bytes.length * maxInflation, name);
    const chunkSize = Math.max(constants.Z_MIN_CHUNK, end + 1);
    return { name, bytes: await promisify(gunzip)(bytes, { chunkSize, maxOutputLength: end }), owned: true };
  } catch (cause) {
    throw cause instanceof DataError ? cause : explainGzip(name, cause);
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
  if (!owned || !aligned || data.length < pooledBytes) data = new Uint8Array(data);
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
  const unpacked = packed ? await unpack(content) : content;
  signal?.throwIfAborted();
  return toTensor(unpacked);
}
