// SPDX-License-Identifier: MIT
import { type DType, itemSize } from '../dtype.js';
import { DataError } from '../errors.js';
import { fromBuffer, type Tensor } from '../index.js';
import { type FileSource, unpack } from './unpack.js';

/** Type codes of the idx format, http://yann.lecun.com/exdb/mnist. */
const dtypes = new Map<number, DType>([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

interface IdxHeader {
  dtype: DType;
  shape: number[];
  byteLength: number;
}

/** Bytes of the magic number, which tells how many sizes of four bytes follow it. */
const magicBytes = 4;

function parseMagic(magic: Uint8Array, name: string): { dtype: DType; ndim: number } {
  const [zero, one, code, ndim] = magic as unknown as [number, number, number, number];
  const dtype = dtypes.get(code);
  if (zero !== 0 || one !== 0 || dtype === undefined) {
    const hex = Buffer.from(magic).toString('hex');
    throw new DataError(
      `${name}: magic number ${hex}, expected an idx file: 0000, a type 08, 09 or 0b to 0e, a dimension count`,
    );
  }
  return { dtype, ndim };
}

function parseHeader(header: Buffer, limit: number, name: string): IdxHeader {
  const { dtype, ndim } = parseMagic(header.subarray(0, magicBytes), name);
  const shape = Array.from({ length: ndim }, (_, i) => header.readUInt32BE(magicBytes * (i + 1)));
  const byteLength = shape.includes(0) ? 0 : shape.reduce((bytes, size) => bytes * size, itemSize(dtype));
  if (byteLength > limit) {
    throw new DataError(`${name}: the header asks for ${dtype} of shape [${shape}], more than the file can hold`);
  }
  return { dtype, shape, byteLength };
}

/** The format is big-endian. */
function swapBytes(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}

/** Collects an idx file from chunks cut anywhere: the header first, then the data straight into their final place. */
class IdxCollector {
  #head = Buffer.alloc(0);
  #header: IdxHeader | undefined;
  #data = new Uint8Array();
  #filled = 0;

  constructor(
    private readonly limit: number,
    private readonly name: string,
  ) {}

  add(chunk: Uint8Array): void {
    if (this.#header) this.#fill(chunk);
    else this.#readHead(chunk);
  }

  #readHead(chunk: Uint8Array): void {
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length < magicBytes) return;
    const headerBytes = magicBytes * (1 + parseMagic(this.#head.subarray(0, magicBytes), this.name).ndim);
    if (this.#head.length < headerBytes) return;
    this.#header = parseHeader(this.#head, this.limit, this.name);
    this.#data = new Uint8Array(this.#header.byteLength);
    this.#fill(this.#head.subarray(headerBytes));
    this.#head = Buffer.alloc(0);
  }

  #fill(chunk: Uint8Array): void {
    const room = this.#data.length - this.#filled;
    if (chunk.length > room)
      throw new DataError(`${this.name}: more data than the ${this.#data.length} bytes of its shape`);
    this.#data.set(chunk, this.#filled);
    this.#filled += chunk.length;
  }

  finish(): Tensor {
    if (!this.#header) throw new DataError(`${this.name}: ends within the header, after ${this.#head.length} bytes`);
    const { dtype, shape, byteLength } = this.#header;
    if (this.#filled < byteLength) {
      throw new DataError(`${this.name}: ends after ${this.#filled} data bytes; shape [${shape}] needs ${byteLength}`);
    }
    swapBytes(this.#data, itemSize(dtype));
    return fromBuffer(this.#data.buffer, { dtype, shape });
  }
}

/**
 * Reads an idx file, the format of MNIST and its relatives: all its types, any number of dimensions, raw or gzip.
 *
 * @param source - a path, a URL, or the file's bytes
 * @returns a tensor of the file's dtype (uint8, int8, int16, int32, float32 or float64) and shape
 * @throws DataError when the source cannot be read, is no idx file, or holds less or more than its header says
 */
export function readIdx(source: FileSource, { signal }: { signal?: AbortSignal } = {}): Promise<Tensor> {
  return unpack(
    source,
    async (chunks, limit, name) => {
      const collector = new IdxCollector(limit, name);
      for await (const chunk of chunks) collector.add(chunk);
      return collector.finish();
    },
    signal,
  );
}
