// SPDX-License-Identifier: MIT
import type { Tensor } from '../index.js';
import type { SourceOptions } from '../vision/locate.js';

/** Images, uint8 of shape `[N, 28, 28]`, and their classes, uint8 of shape `[N]`. */
export interface Examples {
  x: Tensor;
  y: Tensor;
}
/** Both parts of a data set. */
export interface TrainAndTest {
  /** 60,000 examples. */
  train: Examples;
  /** 10,000 examples. */
  test: Examples;
}
/** A folder to look in first (`root`), whether to download what is not found, mirrors, and a signal. */
export type LoadOptions = Omit<SourceOptions, 'train'>;

/** A data set that is found or downloaded as `vision.datasets.MNIST` says. */
export interface PublishedDataset {
  /** @throws DataError when the files are neither found nor downloaded, with all that was tried; or when one is damaged */
  loadData(options?: LoadOptions): Promise<TrainAndTest>;
}

function published(name: 'mnist' | 'fashionMnist'): PublishedDataset {
  const part = async (train: boolean, options: LoadOptions): Promise<Examples> => {
    const { loadPublished } = await import('../vision/mnist.js');
    const { images, labels } = await loadPublished(name, { ...options, train });
    return { x: images, y: labels };
  };
  return {
    loadData: async (options = {}) => ({ train: await part(true, options), test: await part(false, options) }),
  };
}

/** Handwritten digits. */
export const mnist: PublishedDataset = published('mnist');
/** Zalando's articles of clothing (Xiao et al. 2017). */
export const fashionMnist: PublishedDataset = published('fashionMnist');
