// SPDX-License-Identifier: MIT

import { checkIndex, hasOwnSamples, recipeOf } from '../data/dataset.js';
import { type Collated, Dataset, type Generators, type Indices } from '../data/index.js';
import { makeRecipe, type Recipe } from '../data/recipe.js';
import { indexTensor } from '../data/tensor-dataset.js';
import { DataError } from '../errors.js';
import { imageBatch, Tensor } from '../index.js';
import type { Generator } from '../random.js';
import { planOf } from './plan.js';
import { type Scaling, type Step, scalingOf, stepsOf } from './recognised.js';

/** What is done to a sample of an {@link ImageDataset} when it is visited. */
export interface ImageTransforms<X, Y> {
  /** Applied to each image, a uint8 tensor of shape `[H, W]`, whenever it is visited. Default: the image itself. */
  transform?: (image: Tensor, generator?: Generator) => X;
  /** Applied to each label. Default: the label itself. */
  targetTransform?: (label: number, generator?: Generator) => Y;
}

/**
 * Grey images with labels. The images stay uint8; a sample is transformed each time it is visited.
 *
 * Where the transform is `toTensor`, or composed of it, `normalize`, `pad`, `randomCrop`, `randomHorizontalFlip` and
 * `randomVerticalFlip`, a loader has whole batches made natively, with the same bits and random numbers as sample by
 * sample.
 *
 * @typeParam X - a transformed image
 * @typeParam Y - a transformed label
 */
export class ImageDataset<X = Tensor, Y = number> extends Dataset<[X, Y]> {
  /** All images, uint8 of shape `[N, H, W]`. */
  readonly data: Tensor;
  /** All labels, int64 of shape `[N]`. */
  readonly targets: Tensor;
  /** The names of the labels. */
  readonly classes: readonly string[];
  readonly transform: ((image: Tensor, generator?: Generator) => X) | undefined;
  readonly targetTransform: ((label: number, generator?: Generator) => Y) | undefined;
  readonly #labels: Uint8Array;
  readonly #steps: readonly Step[] | undefined;
  readonly #scaling: Scaling | undefined;

  /**
   * @param images - uint8 `[N, H, W]`
   * @param labels - uint8 `[N]`
   * @throws DataError for other dtypes or shapes
   */
  constructor(images: Tensor, labels: Tensor, classes: readonly string[], transforms: ImageTransforms<X, Y> = {}) {
    super();
    if (!(images instanceof Tensor) || images.dtype !== 'uint8' || images.ndim !== 3) {
      throw new DataError(`images: ${describe(images)}, expected uint8 of shape [N, H, W]`);
    }
    const count = images.shape[0] as number;
    if (!(labels instanceof Tensor) || labels.dtype !== 'uint8' || labels.ndim !== 1 || labels.shape[0] !== count) {
      throw new DataError(`labels: ${describe(labels)}, expected uint8 of shape [${count}], one for each image`);
    }
    for (const name of ['transform', 'targetTransform'] as const) {
      const fn = transforms[name];
      if (fn !== undefined && typeof fn !== 'function')
        throw new DataError(`${name}: expected a function, got ${typeof fn}`);
    }
    this.data = images;
    this.targets = labels.to('int64');
    this.classes = classes;
    this.transform = transforms.transform;
    this.targetTransform = transforms.targetTransform;
    this.#labels = labels.toTypedArray() as Uint8Array;
    this.#steps = transforms.transform && stepsOf([transforms.transform]);
    this.#scaling = scalingOf(this.#steps);
  }

  get length(): number {
    return this.#labels.length;
  }

  get(index: number, generator?: Generator): [X, Y] {
    checkIndex(index, this.length, 'ImageDataset');
    const image = this.data.select(0, index);
    const label = this.#labels[index] as number;
    return [
      this.transform ? this.transform(image, generator) : (image as X),
      this.targetTransform ? this.targetTransform(label, generator) : (label as Y),
    ];
  }

  override getBatch(indices: Indices, generators?: Generators): Collated<[X, Y]> | Promise<Collated<[X, Y]>> {
    if (this.targetTransform || (this.transform && !this.#scaling)) return super.getBatch(indices, generators);
    const rows = indexTensor(indices);
    return [this.#imageRows(rows), this.targets.indexSelect(0, rows)] as unknown as Collated<[X, Y]>;
  }

  /** @internal */
  override [recipeOf](): Recipe<Collated<[X, Y]>> | undefined {
    if (this.targetTransform || !hasOwnSamples(this, ImageDataset)) return undefined;
    const wrap = (tensors: Tensor[]) => tensors as unknown as Collated<[X, Y]>;
    if (!this.transform) return makeRecipe([], [this.data, this.targets], wrap);
    const how = this.#scaling ?? planOf(this.#steps, this.data.shape.slice(1));
    return how && makeRecipe([{ data: this.data, how }], [this.targets], wrap);
  }

  #imageRows(rows: Tensor): Tensor {
    if (!this.#scaling) return this.data.indexSelect(0, rows);
    const [, height, width] = this.data.shape as [number, number, number];
    return imageBatch(this.data, rows, this.#scaling).reshape([rows.numel(), 1, height, width]);
  }
}

function describe(value: unknown): string {
  return value instanceof Tensor ? `${value.dtype} of shape [${value.shape}]` : typeof value;
}
