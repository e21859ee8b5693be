// SPDX-License-Identifier: MIT
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { ArgumentTypeError } from '../../errors.js';
import { Callback, type Logs } from './callback.js';

/** Options of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** Default `','`. */
  separator?: string | undefined;
  /** Go on with an existing file rather than replacing it. Default false. */
  append?: boolean | undefined;
}

/** A field that holds the separator, a quote or a line break, in quotes. */
const quote = (field: string, separator: string) =>
  field.includes(separator) || /["\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;

/** Writes the epochs' logs to a CSV file, a line as soon as each epoch ends. Columns: `epoch` (from 0), then the names. */
export class CSVLogger extends Callback {
  readonly filename: string;
  readonly separator: string;
  readonly append: boolean;
  #columns: string[] | undefined;

  constructor(filename: string, { separator = ',', append = false }: CSVLoggerOptions = {}) {
    super();
    if (typeof filename !== 'string' || filename === '') {
      throw new ArgumentTypeError(`CSVLogger: filename: expected a path, got ${typeof filename}`);
    }
    if (typeof separator !== 'string' || separator === '') {
      throw new ArgumentTypeError(`CSVLogger: separator: expected a text, got ${typeof separator}`);
    }
    this.filename = filename;
    this.separator = separator;
    this.append = Boolean(append);
  }

  async onTrainBegin(): Promise<void> {
    this.#columns = undefined;
    if (!this.append) await writeFile(this.filename, '');
  }
  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const isFirst = this.#columns === undefined;
    this.#columns ??= columnsOf(logs);
    if (isFirst && !(await this.#hasHeader())) await this.#write(['epoch', ...this.#columns]);
    await this.#write([epoch, ...this.#columns.map((name) => logs[name] ?? 'NA')]);
  }
  async #hasHeader(): Promise<boolean> {
    const text = await readFile(this.filename, 'utf8').catch(() => '');
    return text !== '';
  }
  #write(fields: readonly (string | number)[]): Promise<void> {
    const line = fields.map((field) => quote(String(field), this.separator)).join(this.separator);
    return appendFile(this.filename, `${line}\n`);
  }
}

/** The first epoch may lack the values of validation that later ones have: their columns are there from the start. */
function columnsOf(logs: Logs): string[] {
  const names = Object.keys(logs).sort();
  if (names.some((name) => /^val[A-Z]/.test(name))) return names;
  return [...names, ...names.map(validationName)];
}

/** @internal `loss` as `valLoss`. */
export const validationName = (name: string) => `val${name.charAt(0).toUpperCase()}${name.slice(1)}`;
