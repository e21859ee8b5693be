// SPDX-License-Identifier: MIT
import { DataError } from '../errors.js';
import { type Tensor, tensor } from '../index.js';
import { type CsvOptions, type CsvSource, type CsvType, csv } from './csv.js';
import { nextTurn, turnIsDue } from './event-loop.js';
import { TensorDataset } from './tensor-dataset.js';

/** How a CSV file becomes samples `[features, label]`. */
export interface CsvDatasetOptions extends Omit<CsvOptions, 'dtypes'> {
  /** The type of columns by name; they are read as such, then features become float32. Default: float32. */
  dtypes?: Readonly<Record<string, CsvType>>;
  /** The column of the labels. */
  label: string;
  /** The names of the labels in the order of their numbers. Default: all that occur, sorted. */
  classes?: readonly string[];
}

/** Labels as numbers where they are: int64 if all are whole, else float32; undefined if one is a word. */
function numericLabels(labels: readonly string[]): Tensor | undefined {
  const values = labels.map((label) => (label.trim() === '' ? Number.NaN : Number(label)));
  if (values.some(Number.isNaN)) return undefined;
  return tensor(values, { dtype: values.every(Number.isSafeInteger) ? 'int64' : 'float32' });
}

function numberLabels(labels: readonly string[], classes: readonly string[]): Tensor {
  const numbers = new Map(classes.map((name, i) => [name, i]));
  const unknown = labels.findIndex((label) => !numbers.has(label));
  if (unknown >= 0) {
    throw new DataError(
      `CsvDataset: sample ${unknown}: label '${labels[unknown]}', expected one of ${classes.slice(0, 20).join(', ')}`,
    );
  }
  return tensor(
    labels.map((label) => numbers.get(label) as number),
    { dtype: 'int64' },
  );
}

/** A CSV file in memory: features float32 `[N, F]`, labels `[N]`. Made by {@link CsvDataset.read}. */
export class CsvDataset extends TensorDataset<[features: Tensor, labels: Tensor]> {
  /** The names of the features, one for each column of `tensors[0]`. */
  readonly features: readonly string[];
  /** The names of the labels; empty where they are numbers. */
  readonly classes: readonly string[];

  /** @throws DataError when the two have not the same number of rows */
  constructor(data: Tensor, labels: Tensor, features: readonly string[] = [], classes: readonly string[] = []) {
    super(data, labels);
    this.features = features;
    this.classes = classes;
  }

  /**
   * Reads a whole file. Every column but the label's is a feature, unless `columns` names them, and must hold numbers.
   * Labels that are numbers stay numbers (int64 if all are whole, else float32, or what `dtypes` says); words are
   * numbered by `classes`.
   *
   * @throws DataError as `csv` does, and for a label that is not one of `classes`
   */
  static async read(source: CsvSource, options: CsvDatasetOptions): Promise<CsvDataset> {
    const { label, classes, columns, dtypes = {}, ...rest } = options ?? {};
    if (typeof label !== 'string')
      throw new DataError(`CsvDataset: label: expected a column's name, got ${typeof label}`);
    if (classes !== undefined && !Array.isArray(classes)) throw new DataError('CsvDataset: classes: expected an array');
    const text = Object.entries(dtypes ?? {}).find(([name, type]) => type === 'string' && name !== label);
    if (typeof dtypes !== 'object' || dtypes === null || text) {
      throw new DataError(
        `CsvDataset: dtypes: expected numeric types by column, got ${text?.join(': ') ?? typeof dtypes}`,
      );
    }
    const labelType: CsvType = classes ? 'string' : (dtypes[label] ?? 'string');
    const rows = csv(source, {
      ...rest,
      ...(columns ? { columns: [...new Set([...columns, label])] } : {}),
      dtypes: { ...dtypes, [label]: labelType },
    });
    const [values, labels]: [number[], unknown[]] = [[], []];
    let features: string[] = [];
    for await (const row of rows) {
      if (labels.length === 0) features = Object.keys(row).filter((name) => name !== label);
      for (const name of features) values.push(Number(row[name]));
      labels.push(row[label]);
      if (turnIsDue()) await nextTurn();
    }
    const data = tensor(Float32Array.from(values)).reshape([labels.length, features.length]);
    if (labelType !== 'string') return new CsvDataset(data, tensor(labels as number[], { dtype: labelType }), features);
    const words = labels as string[];
    const numeric = classes ? undefined : numericLabels(words);
    if (numeric) return new CsvDataset(data, numeric, features);
    const names = classes ?? [...new Set(words)].sort();
    return new CsvDataset(data, numberLabels(words, names), features, names);
  }
}
