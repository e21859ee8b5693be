// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';
import { type DType, itemSize } from '../dtype.js';
import { CheckpointError } from '../errors.js';

/** Where one tensor lies in a safetensors file. */
export interface SafetensorsEntry {
  dtype: DType;
  shape: number[];
  /** Position of the first byte, counted from the start of the file. */
  byteOffset: number;
  byteLength: number;
}

/** What a safetensors file says of itself. Both records have no prototype, so that any name is a plain key. */
export interface SafetensorsHeader {
  /** Tensors by name. */
  tensors: Record<string, SafetensorsEntry>;
  /** The file's `__metadata__`; empty where it has none. */
  metadata: Record<string, string>;
}

/** Bytes of the little-endian header length that begins the file. */
export const prefixBytes = 8;
/** The format's own cap on the header, which keeps a damaged length from asking for gigabytes. */
export const maxHeaderBytes = 100_000_000;
export const metadataKey = '__metadata__';

const dtypeNames = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
} as const satisfies Record<string, DType>;

const dtypeByName = new Map<string, DType>(Object.entries(dtypeNames));
const nameByDType = new Map<DType, string>(Object.entries(dtypeNames).map(([name, dtype]) => [dtype, name]));

/** The format's name of a dtype, `F32` for `float32`. */
export function dtypeName(dtype: DType): string {
  return nameByDType.get(dtype) as string;
}

/** A value from the file as it stands in an error: cut short, and safe however deep it is. */
function show(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 8, maxStringLength: 80 });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The header's length from the file's first eight bytes, held against the file's size. */
export function parseHeaderLength(prefix: Uint8Array, fileSize: number, file: string): number {
  if (fileSize < prefixBytes) {
    throw new CheckpointError(`${file}: ${fileSize} bytes, but a safetensors file begins with an 8-byte header length`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) {
    throw new CheckpointError(
      `${file}: header length ${length}, expected at most ${maxHeaderBytes}; is it a safetensors file?`,
    );
  }
  if (prefixBytes + Number(length) > fileSize) {
    throw new CheckpointError(`${file}: header of ${length} bytes does not fit in a file of ${fileSize} bytes`);
  }
  return Number(length);
}

function parseJson(bytes: Uint8Array, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CheckpointError(`${file}: the header is not valid JSON in UTF-8: ${(cause as Error).message}`, { cause });
  }
  if (!isRecord(value)) throw new CheckpointError(`${file}: the header is ${show(value)}, expected a JSON object`);
  return value;
}

/** Colons outside strings in the outer object and in the objects right below it: one for each key written there. */
function countWrittenKeys(json: Uint8Array): number {
  const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
  let [depth, count, inString] = [0, 0, false];
  for (let i = 0; i < json.length; i++) {
    const byte = json[i] as number;
    if (inString) {
      if (byte === backslash) i++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte === colon && depth <= 2) count++;
  }
  return count;
}

/** `JSON.parse` keeps the last of two equal keys without a word; a reader that keeps the first would see another model. */
function refuseDuplicateKeys(header: Record<string, unknown>, json: Uint8Array, file: string): void {
  let kept = 0;
  for (const value of Object.values(header)) kept += 1 + (isRecord(value) ? Object.keys(value).length : 0);
  const written = countWrittenKeys(json);
  if (written !== kept) {
    throw new CheckpointError(
      `${file}: the header writes ${written} keys, but only ${kept} are different; a key occurs twice`,
    );
  }
}

function parseMetadata(value: unknown, file: string): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  if (value === undefined) return metadata;
  if (!isRecord(value))
    throw new CheckpointError(`${file}: ${metadataKey} is ${show(value)}, expected an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new CheckpointError(`${file}: ${metadataKey}[${show(key)}] is ${show(text)}, expected a string`);
    }
    metadata[key] = text;
  }
  return metadata;
}

/** Bytes that `shape` takes, or undefined when that is beyond any file. */
function bytesOf(shape: number[], dtype: DType): number | undefined {
  if (shape.includes(0)) return 0;
  let bytes = itemSize(dtype);
  for (const size of shape) bytes *= size;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function parseEntry(
  name: string,
  value: unknown,
  dataStart: number,
  dataBytes: number,
  file: string,
): SafetensorsEntry {
  const fail = (what: string): never => {
    throw new CheckpointError(`${file}: tensor ${show(name)}: ${what}`);
  };
  if (!isRecord(value)) return fail(`its entry is ${show(value)}, expected { dtype, shape, data_offsets }`);
  const { dtype: typeName, shape, data_offsets: offsets } = value;
  const dtype = dtypeByName.get(typeName as string);
  if (dtype === undefined)
    return fail(`dtype ${show(typeName)}, expected one of ${[...dtypeByName.keys()].join(', ')}`);
  if (!Array.isArray(shape) || !shape.every(isCount))
    return fail(`shape ${show(shape)}, expected a list of sizes >= 0`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return fail(`data_offsets ${show(offsets)}, expected two integers [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataBytes) {
    return fail(`data_offsets [${begin}, ${end}], expected begin <= end within the file's ${dataBytes} data bytes`);
  }
  const bytes = bytesOf(shape, dtype);
  if (bytes !== end - begin) {
    return fail(
      `data_offsets hold ${end - begin} bytes, but ${typeName} of shape [${shape}] takes ${bytes ?? 'more than 2^53'}`,
    );
  }
  return { dtype, shape, byteOffset: dataStart + begin, byteLength: end - begin };
}

/** The format allows neither holes nor overlaps: a byte that nobody owns could smuggle data, two owners could differ. */
function checkCoverage(entries: [string, SafetensorsEntry][], dataStart: number, fileSize: number, file: string): void {
  let next = dataStart;
  for (const [name, { byteOffset, byteLength }] of entries) {
    if (byteOffset !== next) {
      const what = byteOffset < next ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new CheckpointError(
        `${file}: tensor ${show(name)} ${what}: it begins at data byte ${byteOffset - dataStart}, expected ${next - dataStart}`,
      );
    }
    next += byteLength;
  }
  if (next !== fileSize) {
    throw new CheckpointError(`${file}: the tensors end at byte ${next}, but the file has ${fileSize} bytes`);
  }
}

/**
 * Reads and checks a header. Nothing in it is trusted: every offset is held against `fileSize`, so that what is
 * allocated afterwards never exceeds what the file really holds.
 */
export function parseHeader(json: Uint8Array, fileSize: number, file: string): SafetensorsHeader {
  const header = parseJson(json, file);
  refuseDuplicateKeys(header, json, file);
  const dataStart = prefixBytes + json.length;
  const entries: [string, SafetensorsEntry][] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name !== metadataKey) entries.push([name, parseEntry(name, value, dataStart, fileSize - dataStart, file)]);
  }
  entries.sort(([, a], [, b]) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  checkCoverage(entries, dataStart, fileSize, file);
  const tensors: Record<string, SafetensorsEntry> = Object.create(null);
  for (const [name, entry] of entries) tensors[name] = entry;
  const metadata = Object.hasOwn(header, metadataKey) ? header[metadataKey] : undefined;
  return { tensors, metadata: parseMetadata(metadata, file) };
}
