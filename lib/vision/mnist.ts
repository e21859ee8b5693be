// SPDX-License-Identifier: MIT
import { DataError } from '../errors.js';
import type { Tensor } from '../index.js';
import { readIdx } from './idx.js';
import { ImageDataset, type ImageTransforms } from './image-dataset.js';
import { obtain, type SourceOptions } from './locate.js';
import { type PublishedFile, type PublishedSet, published } from './published.js';

/** Where {@link MNIST} or {@link FashionMNIST} comes from, and what is done to its samples. */
export interface MNISTOptions<X = Tensor, Y = number> extends SourceOptions, ImageTransforms<X, Y> {}

async function load(set: PublishedSet, options: SourceOptions): Promise<{ images: Tensor; labels: Tensor }> {
  const { root, train, mirrors } = options;
  if (root !== undefined && typeof root !== 'string') {
    throw new DataError(`${set.title}: root: expected a path, got ${typeof root}`);
  }
  if (mirrors !== undefined && !(Array.isArray(mirrors) && mirrors.every((mirror) => URL.canParse(mirror)))) {
    throw new DataError(`${set.title}: mirrors: expected an array of addresses`);
  }
  const { images, labels } = set.files[train === false ? 'test' : 'train'];
  const read = async (file: PublishedFile) => readIdx(await obtain(set, file, options), { signal: options.signal });
  return { images: await read(images), labels: await read(labels) };
}

/**
 * @internal The files of a data set as they are, found or downloaded as {@link MNIST} says.
 *
 * @returns images, uint8 of shape `[N, 28, 28]`, and labels, uint8 of shape `[N]`
 */
export function loadPublished(
  name: keyof typeof published,
  options: SourceOptions = {},
): Promise<{ images: Tensor; labels: Tensor }> {
  return load(published[name], options);
}

async function dataset<X, Y>(set: PublishedSet, options: MNISTOptions<X, Y>): Promise<ImageDataset<X, Y>> {
  const { images, labels } = await load(set, options);
  return new ImageDataset(images, labels, set.classes, options);
}

/**
 * MNIST's handwritten digits, 28 × 28 grey pixels, 60,000 for training and 10,000 for tests. The files, raw or gzip, are
 * looked for in `root`, in `CRESSET_DATA` (`mnist/`, or `MNIST/raw/` as torchvision keeps them) and in the user's cache,
 * then downloaded (with a check of their content) to `root` or the cache.
 *
 * @returns a dataset of samples `[image, label]`
 * @throws DataError when the files are neither found nor downloaded, with all that was tried; or when one is damaged
 */
export function MNIST<X = Tensor, Y = number>(options: MNISTOptions<X, Y> = {}): Promise<ImageDataset<X, Y>> {
  return dataset(published.mnist, options);
}

/**
 * Fashion-MNIST, Zalando's articles of clothing in the format of {@link MNIST}; looked for in `fashion-mnist/` or
 * `FashionMNIST/raw/` in the same places, then downloaded.
 *
 * @returns a dataset of samples `[image, label]`
 * @throws DataError when the files are neither found nor downloaded, with all that was tried; or when one is damaged
 */
export function FashionMNIST<X = Tensor, Y = number>(options: MNISTOptions<X, Y> = {}): Promise<ImageDataset<X, Y>> {
  return dataset(published.fashionMnist, options);
}
