// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type DType, dtypes, isDType } from '../dtype.js';
import { DataError } from '../errors.js';
import { type Tensor, tensor } from '../index.js';
import { optionalPackage } from '../optional.js';
import { IterableDataset } from './dataset.js';

/** A file's path or URL, its text, or anything that gives text or UTF-8 bytes piece by piece. */
export type CsvSource =
  | string
  | URL
  | { readonly text: string }
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>;

/** What a column holds: numbers of a dtype, truth values (`bool`), or text. */
export type CsvType = DType | 'string';

/** How a CSV file is read. */
export interface CsvOptions {
  /** The columns to give, in this order. Default: all. */
  columns?: readonly string[];
  /** Whether the first line names the columns (default), or their names; `false`: `column0`, `column1` … */
  header?: boolean | readonly string[];
  /** What stands between fields. Default: a comma. */
  delimiter?: string;
  /** What begins a comment that goes on to the end of the line. Default: nothing does. */
  comment?: string;
  /** The type of columns by name, or one for all that are not named. Default: float32. */
  dtypes?: Readonly<Record<string, CsvType>> | CsvType;
  /** What an empty field of a floating point column is, `NaN` for instance. Default: an error. */
  missing?: number;
  /** Stops the reading. */
  signal?: AbortSignal;
}

/** One line: a number, boolean or string for each column. */
export type CsvRow = Record<string, number | boolean | string>;
type Value = CsvRow[string];

interface Column {
  name: string;
  /** Its place in a line. */
  at: number;
  type: CsvType;
}

const integerBits = { int8: 8, uint8: 8, int16: 16, int32: 32, int64: 54 } as const;
const booleans = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** @returns undefined when the text is no value of the type */
function parseField(text: string, type: CsvType, missing: number | undefined): Value | undefined {
  if (type === 'string') return text;
  const trimmed = text.trim();
  if (type === 'bool') return booleans.get(trimmed.toLowerCase());
  if (type in integerBits) {
    const value = trimmed === '' ? Number.NaN : Number(trimmed);
    const bits = integerBits[type as keyof typeof integerBits];
    const [low, high] = type === 'uint8' ? [0, 2 ** bits] : [-(2 ** (bits - 1)), 2 ** (bits - 1)];
    return Number.isInteger(value) && value >= low && value < high ? value : undefined;
  }
  if (trimmed === '') return missing;
  const value = Number(trimmed);
  return Number.isNaN(value) && trimmed.toLowerCase() !== 'nan' ? undefined : value;
}

function checkType(type: unknown, where: string): CsvType {
  if (type === 'string' || isDType(type)) return type;
  throw new DataError(`csv: ${where}: ${String(type)}, expected 'string' or one of ${dtypes.join(', ')}`);
}

function checkOptions({ columns, header, delimiter, comment, dtypes: types, missing }: CsvOptions): void {
  const isNames = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string');
  const refuse = (name: string, expected: string): never => {
    throw new DataError(`csv: ${name}: expected ${expected}`);
  };
  if (columns !== undefined && !isNames(columns)) refuse('columns', 'an array of names');
  if (header !== undefined && typeof header !== 'boolean' && !isNames(header)) refuse('header', 'a boolean or names');
  for (const [name, value] of Object.entries({ delimiter, comment })) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) refuse(name, 'a string');
  }
  if (missing !== undefined && typeof missing !== 'number') refuse('missing', 'a number');
  if (types === undefined) return;
  if (typeof types !== 'object') checkType(types, 'dtypes');
  else for (const [name, type] of Object.entries(types ?? {})) checkType(type, `dtypes.${name}`);
}

function openSource(source: CsvSource): { pieces: AsyncIterable<unknown> | Iterable<unknown>; name: string } {
  if (typeof source === 'string' || source instanceof URL) {
    return { pieces: createReadStream(source), name: String(source) };
  }
  if (typeof source === 'object' && source !== null) {
    if ('text' in source && typeof source.text === 'string') return { pieces: [source.text], name: 'csv' };
    if (Symbol.asyncIterator in source || Symbol.iterator in source) return { pieces: source, name: 'csv' };
  }
  throw new DataError(`csv: source: expected a path, a URL, { text } or a stream, got ${typeof source}`);
}

async function* onlyText(pieces: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<string | Uint8Array> {
  for await (const piece of pieces) {
    if (typeof piece !== 'string' && !(piece instanceof Uint8Array)) {
      throw new DataError(`csv: source: gave ${piece === null ? 'null' : typeof piece}, expected text or UTF-8 bytes`);
    }
    yield piece;
  }
}

/** The lines of a CSV file, read as they are asked for; each iteration reads the source anew. */
class CsvRows extends IterableDataset<CsvRow> {
  readonly #source: CsvSource;
  readonly #options: CsvOptions;

  constructor(source: CsvSource, options: CsvOptions) {
    super();
    checkOptions(options);
    this.#source = source;
    this.#options = options;
  }

  /**
   * Makes a batch of rows: for each column a tensor of its dtype and shape `[n]`, or an array of strings. Give it to a
   * `DataLoader` as `collateFn`.
   */
  readonly collate = (rows: readonly CsvRow[]): Record<string, Tensor | string[]> => {
    const batch: Record<string, Tensor | string[]> = {};
    for (const name of Object.keys(rows[0] ?? {})) {
      const [values, type] = [rows.map((row) => row[name] as Value), this.#typeOf(name)];
      batch[name] = type === 'string' ? (values as string[]) : tensor(values as number[], { dtype: type });
    }
    return batch;
  };

  async *[Symbol.asyncIterator](): AsyncGenerator<CsvRow, undefined> {
    const { delimiter = ',', comment, signal, header = true } = this.#options;
    const { parse } = await optionalPackage('csv-parse', 'csv', () => import('csv-parse'));
    const { pieces, name } = openSource(this.#source);
    const parser = parse({ bom: true, info: true, skip_empty_lines: true, delimiter, ...(comment ? { comment } : {}) });
    // An error of the source reaches the loop below through the parser.
    pipeline(onlyText(pieces), parser, { signal }).catch(() => undefined);
    try {
      let columns = Array.isArray(header) ? this.#select(header, name) : undefined;
      let width = Array.isArray(header) ? header.length : 0;
      for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
        const isNames = columns === undefined && header === true;
        width ||= record.length;
        columns ??= this.#select(isNames ? record : record.map((_, i) => `column${i}`), name);
        if (record.length !== width) {
          throw new DataError(`${name}: line ${info.lines}: ${record.length} fields, expected ${width}`);
        }
        if (!isNames) yield this.#toRow(record, columns, `${name}: line ${info.lines}`);
      }
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof DataError) throw cause;
      const { message, lines } = cause as Error & { lines?: number };
      throw new DataError(`${name}: ${lines === undefined ? '' : `line ${lines}: `}${message}`, { cause });
    } finally {
      parser.destroy();
    }
  }

  #typeOf(name: string): CsvType {
    const { dtypes: types } = this.#options;
    if (typeof types !== 'object') return types ?? 'float32';
    return Object.hasOwn(types, name) ? (types[name] as CsvType) : 'float32';
  }

  #select(header: readonly string[], file: string): Column[] {
    const twice = header.find((name, i) => header.indexOf(name) !== i);
    if (twice !== undefined) throw new DataError(`${file}: line 1: the column '${twice}' occurs twice`);
    const types = this.#options.dtypes;
    const asked = [...(this.#options.columns ?? []), ...(typeof types === 'object' ? Object.keys(types) : [])];
    const unknown = asked.find((name) => !header.includes(name));
    if (unknown !== undefined) {
      throw new DataError(`${file}: no column '${unknown}', expected one of ${header.slice(0, 20).join(', ')}`);
    }
    const names = this.#options.columns ?? header;
    return names.map((name) => ({ name, at: header.indexOf(name), type: this.#typeOf(name) }));
  }

  #toRow(record: readonly string[], columns: readonly Column[], where: string): CsvRow {
    const row: CsvRow = Object.create(null);
    for (const { name, at, type } of columns) {
      const text = record[at] as string;
      const value = parseField(text, type, this.#options.missing);
      if (value === undefined) {
        const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
        throw new DataError(`${where}, column '${name}': '${shown}', expected a value of ${type}`);
      }
      row[name] = value;
    }
    return row;
  }
}

export type { CsvRows };

/**
 * The lines of a CSV file (RFC 4180) one by one, with no more in memory than is being read: a slow consumer holds up the
 * source, and leaving the loop closes it.
 *
 * ```ts
 * const rows = csv({ text: 'width,kind\n1.5,a\n2,b\n' }, { dtypes: { kind: 'string' } });
 * for await (const row of rows) console.log(row.width, row.kind);
 * const loader = new DataLoader(rows, { batchSize: 32, collateFn: rows.collate }); // { width: Tensor, kind: string[] }
 * ```
 *
 * @throws DataError for wrong options; while reading, with line and column, for a field that is not of its type, lines of
 * different lengths, and columns that are not there
 */
export function csv(source: CsvSource, options: CsvOptions = {}): CsvRows {
  if (typeof options !== 'object' || options === null) throw new DataError('csv: options: expected an object');
  return new CsvRows(source, options);
}
