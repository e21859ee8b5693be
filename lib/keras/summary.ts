// SPDX-License-Identifier: MIT
import { itemSize } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import type { Layer } from './layers/layer.js';
import { formatShape } from './layers/shape.js';
import type { Model } from './model.js';
import { type Column, renderTable, roundHalfEven } from './table.js';

/** Options of `model.summary`. */
export interface SummaryOptions {
  /** Width of the table. Default: that of the terminal less 4, at most 88 (100 with `showTrainable`). */
  lineLength?: number | undefined;
  /** Takes the text. Default `console.log`. */
  printFn?: ((text: string) => void) | undefined;
  /** Show the layers of models among the layers. Default false. */
  expandNested?: boolean | undefined;
  /** Show which layers are trained. Default false. */
  showTrainable?: boolean | undefined;
}

/** Classes that Keras counts as built from the start. */
const builtAtOnce = new Set([
  'Activation',
  'Dropout',
  'GaussianDropout',
  'GaussianNoise',
  'LeakyReLU',
  'ReLU',
  'Reshape',
  'Softmax',
]);

const grouped = (n: number) => n.toLocaleString('en-US');

function readableSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  while (size >= 1024 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${(roundHalfEven(100 * size) / 100).toFixed(2)} ${units[0]}`;
}

function totals(weights: readonly Tensor[]): { count: number; bytes: number } {
  const count = weights.reduce((sum, weight) => sum + weight.numel(), 0);
  return { count, bytes: weights.reduce((sum, weight) => sum + weight.numel() * itemSize(weight.dtype), 0) };
}

function rowsOf(layer: Layer, options: SummaryOptions, depth = 0): string[][] {
  const kind = layer.constructor.name;
  const name = `${depth ? `${'   '.repeat(depth)}└ ` : ''}${layer.name} (${kind})`;
  const shape = layer.builtShape ? formatShape(layer.computeOutputShape(layer.builtShape)) : '?';
  const params = layer.built ? grouped(layer.countParams()) : builtAtOnce.has(kind) ? '0' : '0 (unbuilt)';
  const trained = layer.weights.length === 0 ? '-' : layer.trainable ? 'Y' : 'N';
  const below = options.expandNested ? layer.layers.flatMap((child) => rowsOf(child, options, depth + 1)) : [];
  return [[name, shape, params, ...(options.showTrainable ? [trained] : [])], ...below];
}

function columnsOf(length: number, showTrainable: boolean): Column[] {
  const ends = showTrainable ? [0.405, 0.72, 0.9, 1] : [0.45, 0.8, 1];
  const heads = [
    ['Layer (type)', 'left'],
    ['Output Shape', 'left'],
    ['Param #', 'right'],
    ['Trainable', 'center'],
  ] as const;
  const at = (i: number) => (i < 0 ? 0 : Math.trunc((ends[i] as number) * length));
  return ends.map((_, i) => {
    const [title, align] = heads[i] as (typeof heads)[number];
    return { title, align, width: at(i) - at(i - 1) };
  });
}

/** @internal The text of `model.summary`, as Keras 3 prints it. */
export function summarize(model: Model, options: Omit<SummaryOptions, 'printFn'>): string {
  const { showTrainable = false } = options;
  const terminal = Number(process.env.COLUMNS) || process.stdout.columns || 80;
  const length = options.lineLength ?? Math.min(showTrainable ? 100 : 88, terminal - 4);
  const rows = model.layers.flatMap((layer) => rowsOf(layer, options));
  const parts = {
    Trainable: totals(model.trainableWeights),
    'Non-trainable': totals(model.nonTrainableWeights),
    Optimizer: totals(model.compiled && model.optimizer.built ? model.optimizer.variables : []),
  };
  const all = Object.values(parts).reduce((sum, part) => ({
    count: sum.count + part.count,
    bytes: sum.bytes + part.bytes,
  }));
  const line = (title: string, part: { count: number; bytes: number }) =>
    ` ${title} params: ${grouped(part.count)} (${readableSize(part.bytes)})`;
  return [
    `Model: "${model.name}"`,
    renderTable(columnsOf(length, showTrainable), rows, length),
    line('Total', all),
    ...Object.entries(parts)
      .filter(([title, part]) => title !== 'Optimizer' || part.count > 0)
      .map(([title, part]) => line(title, part)),
  ].join('\n');
}
