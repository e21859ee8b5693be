// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkIndex, hasOwnSamples, recipeOf } from '../data/dataset.js';
import { type Collated, Dataset, type Generators, type Indices } from '../data/index.js';
import { makeRecipe, type Recipe } from '../data/recipe.js';
import { indexTensor } from '../data/tensor-dataset.js';
import { DataError } from '../errors.js';
import { Tensor } from '../index.js';
import type { Generator } from '../random.js';
import { readIdx } from './idx.js';
import { planOf } from './plan.js';
import { scalingOf, stepsOf } from './recognised.js';
import type { Transform } from './transforms.js';

/** What is done to a sample of an {@link IdxDataset} when it is visited. */
export interface IdxTransforms<X, Y> {
  /** Applied to each row of the data. Default: the row itself. */
  transform?: Transform<Tensor, X>;
  /** Applied to each row of the targets. Default: the row itself. */
  targetTransform?: Transform<Tensor, Y>;
}

/**
 * Rows of any dtype and rank with targets of any dtype and rank, as idx files hold them.
 *
 * @typeParam X - a transformed row of the data
 * @typeParam Y - a transformed row of the targets
 */
export class IdxDataset<X = Tensor, Y = Tensor> extends Dataset<[X, Y]> {
  /** All samples, `[N, …]`. */
  readonly data: Tensor;
  /** All targets, `[N, …]`; integers as int64, as losses and `oneHot` take labels. */
  readonly targets: Tensor;
  readonly transform: Transform<Tensor, X> | undefined;
  readonly targetTransform: Transform<Tensor, Y> | undefined;

  /** @throws DataError when the two differ in their first size, or a transform is no function */
  constructor(data: Tensor, targets: Tensor, { transform, targetTransform }: IdxTransforms<X, Y> = {}) {
    super();
    for (const [name, t] of Object.entries({ data, targets })) {
      if (t instanceof Tensor && t.ndim > 0) continue;
      throw new DataError(`IdxDataset: ${name}: expected a Tensor of at least one dimension`);
    }
    if (data.shape[0] !== targets.shape[0]) {
      throw new DataError(
        `IdxDataset: targets of shape [${targets.shape}] for data of shape [${data.shape}], expected ${data.shape[0]}`,
      );
    }
    for (const [name, fn] of Object.entries({ transform, targetTransform })) {
      if (fn !== undefined && typeof fn !== 'function')
        throw new DataError(`IdxDataset: ${name}: expected a function, got ${typeof fn}`);
    }
    this.data = data;
    this.targets = targets.isFloatingPoint() ? targets : targets.to('int64');
    this.transform = transform;
    this.targetTransform = targetTransform;
  }

  get length(): number {
    return this.data.shape[0] as number;
  }

  get(index: number, generator?: Generator): [X, Y] {
    checkIndex(index, this.length, 'IdxDataset');
    const [row, target] = [this.data.select(0, index), this.targets.select(0, index)];
    return [
      this.transform ? this.transform(row, generator) : (row as X),
      this.targetTransform ? this.targetTransform(target, generator) : (target as Y),
    ];
  }

  override getBatch(indices: Indices, generators?: Generators): Collated<[X, Y]> | Promise<Collated<[X, Y]>> {
    if (this.transform || this.targetTransform) return super.getBatch(indices, generators);
    const rows = indexTensor(indices);
    return [this.data.indexSelect(0, rows), this.targets.indexSelect(0, rows)] as unknown as Collated<[X, Y]>;
  }

  /** @internal */
  override [recipeOf](): Recipe<Collated<[X, Y]>> | undefined {
    if (this.targetTransform || !hasOwnSamples(this, IdxDataset)) return undefined;
    const wrap = (tensors: Tensor[]) => tensors as unknown as Collated<[X, Y]>;
    if (!this.transform) return makeRecipe([], [this.data, this.targets], wrap);
    if (this.data.dtype !== 'uint8') return undefined;
    const steps = stepsOf([this.transform]);
    const how = (this.data.ndim === 3 && scalingOf(steps)) || planOf(steps, this.data.shape.slice(1));
    return how && makeRecipe([{ data: this.data, how }], [this.targets], wrap);
  }
}

/** Which files of a folder {@link idxFolder} reads. */
export interface IdxFolderOptions<X = Tensor, Y = Tensor> extends IdxTransforms<X, Y> {
  /** The training files (default), `train-…`, or the test files, `t10k-…` or `test-…`. */
  train?: boolean;
  /** The file of the data. Default: the only one whose name begins so and goes on with `images-idx`. */
  images?: string;
  /** The file of the targets. Default: likewise with `labels-idx`. */
  labels?: string;
  /** Stops reading. */
  signal?: AbortSignal;
}

function pick(folder: string, names: readonly string[], train: boolean, kind: string): string {
  const pattern = new RegExp(`(^|[-_.])${train ? 'train' : '(t10k|test)'}[-_]${kind}[-_.]idx`);
  const matching = names.filter((name) => pattern.test(name));
  const raw = matching.filter((name) => !(name.endsWith('.gz') && matching.includes(name.slice(0, -3))));
  if (raw.length === 1) return raw[0] as string;
  const found = raw.length === 0 ? `holds ${names.slice(0, 8).join(', ') || 'nothing'}` : `has ${raw.join(', ')}`;
  const expected = `one ${train ? 'train' : 't10k or test'}-${kind}-idx* file`;
  throw new DataError(`idxFolder: ${folder} ${found}; expected ${expected}, or name it with ${kind}`);
}

/**
 * A folder of idx files in the manner of MNIST, of any dtype and rank: `train-images-idx3-ubyte`,
 * `train-labels-idx1-ubyte`, `t10k-…` (or `test-…`), raw or gzip. EMNIST, KMNIST and one's own come like this.
 *
 * @param path - the folder
 * @returns a dataset of samples `[row, target]`
 * @throws DataError when the folder or a file cannot be read, or there is no file, or more than one, that fits
 */
export async function idxFolder<X = Tensor, Y = Tensor>(
  path: string,
  options: IdxFolderOptions<X, Y> = {},
): Promise<IdxDataset<X, Y>> {
  for (const [name, value] of Object.entries({ path, images: options.images, labels: options.labels })) {
    const isMissing = value === undefined && name !== 'path';
    if (!isMissing && typeof value !== 'string')
      throw new DataError(`idxFolder: ${name}: expected a path, got ${typeof value}`);
  }
  const names = await readdir(path).catch((cause) => {
    throw new DataError(`idxFolder: ${path}: cannot be read: ${(cause as Error).message}`, { cause });
  });
  const read = async (kind: 'images' | 'labels') => {
    const name = options[kind] ?? pick(path, names.sort(), options.train !== false, kind);
    return readIdx(join(path, name), { signal: options.signal });
  };
  return new IdxDataset(await read('images'), await read('labels'), options);
}
