// SPDX-License-Identifier: MIT
import { type DType, itemSize } from '../dtype.js';
import { CheckpointError } from '../errors.js';

// NumPy's format of one array, versions 1.0 to 3.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

/** What an npy file says of its array. */
export interface NpyHeader {
  dtype: DType;
  shape: number[];
  /** Whether the first index runs fastest. */
  isFortran: boolean;
  isBigEndian: boolean;
  /** Position of the first data byte. */
  byteOffset: number;
  byteLength: number;
}

/** Magic, version, and the longest form of the header's length. */
export const prefixBytes = 12;
const magic = '\x93NUMPY';
/** NumPy itself refuses headers above 10,000 bytes by default. */
const maxHeaderBytes = 1 << 16;
const alignment = 64;

/** NumPy's type strings without the byte order. bfloat16 is what `ml_dtypes` makes of it: two bytes without a type. */
const typeStrings = {
  bool: 'b1',
  int8: 'i1',
  uint8: 'u1',
  int16: 'i2',
  int32: 'i4',
  int64: 'i8',
  float16: 'f2',
  float32: 'f4',
  float64: 'f8',
  bfloat16: 'V2',
} as const satisfies Record<DType, string>;
const dtypeByType = new Map(Object.entries(typeStrings).map(([dtype, type]) => [type as string, dtype as DType]));

/** Length of the header text, and where it begins. */
export function parsePrefix(prefix: Uint8Array, fileSize: number, file: string): { start: number; length: number } {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (bytes.length < prefixBytes || bytes.toString('latin1', 0, magic.length) !== magic) {
    const found = bytes.toString('hex', 0, Math.min(bytes.length, magic.length));
    throw new CheckpointError(`${file}: begins with ${found || 'nothing'}, expected an npy file: 934e554d5059`);
  }
  const [major, minor] = [bytes[6] as number, bytes[7] as number];
  if (major < 1 || major > 3 || minor !== 0) {
    throw new CheckpointError(`${file}: npy version ${major}.${minor}, expected 1.0, 2.0 or 3.0`);
  }
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (length > maxHeaderBytes || start + length > fileSize) {
    throw new CheckpointError(
      `${file}: header of ${length} bytes, expected at most ${maxHeaderBytes}, in a file of ${fileSize} bytes`,
    );
  }
  return { start, length };
}

const field = /^\s*'(descr|fortran_order|shape)'\s*:\s*('[^']*'|True|False|\([\d,\s]*\))\s*(,|(?=\}))/;

/** The three fields of the header, which is a Python dict: as text, each exactly once. */
function parseDict(text: string, file: string): Record<string, string> {
  const fields: Record<string, string> = {};
  let rest = text.replace(/^\s*\{/, '');
  for (let found = field.exec(rest); found; found = field.exec(rest)) {
    fields[found[1] as string] = found[2] as string;
    rest = rest.slice(found[0].length);
  }
  const names = Object.keys(fields);
  if (names.length === 3 && /^\s*\}\s*$/.test(rest) && text.match(/:/g)?.length === 3) return fields;
  const shown = JSON.stringify(text.trim().slice(0, 120));
  throw new CheckpointError(`${file}: header ${shown}, expected 'descr' (one type), 'fortran_order' and 'shape'`);
}

function parseShape(text: string, file: string): number[] {
  const sizes = text
    .slice(1, -1)
    .split(',')
    .map((size) => size.trim());
  if (sizes.at(-1) === '') sizes.pop();
  const shape = sizes.map(Number);
  if (sizes.includes('') || !shape.every(Number.isSafeInteger)) {
    throw new CheckpointError(`${file}: shape ${text.slice(0, 80)}, expected a tuple of sizes`);
  }
  return shape;
}

/**
 * Reads and checks the header's text. Nothing in it is trusted: the array must take exactly the bytes that are there.
 *
 * @param start - where the text begins in the file
 */
export function parseHeader(bytes: Uint8Array, start: number, fileSize: number, file: string): NpyHeader {
  const fields = parseDict(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(), file);
  const [, order, type = ''] = /^'([<>|=])(\w+)'$/.exec(fields.descr as string) ?? [];
  const dtype = dtypeByType.get(type);
  if (dtype === undefined) {
    const known = Object.values(typeStrings).join(', ');
    throw new CheckpointError(`${file}: type ${fields.descr}, expected a byte order and one of ${known}; use astype()`);
  }
  const shape = parseShape(fields.shape as string, file);
  const byteOffset = start + bytes.length;
  const byteLength = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, itemSize(dtype));
  if (byteOffset + byteLength !== fileSize) {
    throw new CheckpointError(
      `${file}: ${fileSize - byteOffset} data bytes, but ${dtype} of shape [${shape}] takes ${byteLength}`,
    );
  }
  return {
    dtype,
    shape,
    byteOffset,
    byteLength,
    isFortran: fields.fortran_order === 'True',
    isBigEndian: order === '>',
  };
}

/** Version 1.0, padded so that the data begins at a multiple of 64 bytes. */
export function buildHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const order = itemSize(dtype) === 1 ? '|' : '<';
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const dict = `{'descr': '${order}${typeStrings[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + dict.length + 1) / alignment) * alignment - 10;
  const bytes = Buffer.alloc(10 + length, `${magic}\x01\x00\0\0${dict.padEnd(length - 1)}\n`, 'latin1');
  bytes.writeUInt16LE(length, 8);
  return bytes;
}
