// SPDX-License-Identifier: MIT
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '../errors.js';
import type { Tensor } from '../index.js';
import { download } from './download.js';
import { readIdx } from './idx.js';
import { ImageDataset, type ImageTransforms } from './image-dataset.js';

/** Where {@link MNIST} comes from, and what is done to its samples. */
export interface MNISTOptions<X = Tensor, Y = number> extends ImageTransforms<X, Y> {
  /** The 60,000 training images (default), or the 10,000 test images. */
  train?: boolean;
  /** A folder to look in first, and to download to. */
  root?: string;
  /** Whether to download what is not found. Default: true. */
  download?: boolean;
  /** Base addresses to download from, in place of the public ones; tried in this order. */
  mirrors?: readonly string[];
  /** Stops reading and downloading. */
  signal?: AbortSignal;
}

const publicMirrors = [
  'https://ossci-datasets.s3.amazonaws.com/mnist/',
  'https://storage.googleapis.com/cvdf-datasets/mnist/',
] as const;

/** A file of the data set, with the SHA-256 of its unpacked content. */
interface DataFile {
  name: string;
  sha256: string;
}

const files: Record<'train' | 'test', { images: DataFile; labels: DataFile }> = {
  train: {
    images: {
      name: 'train-images-idx3-ubyte',
      sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    },
    labels: {
      name: 'train-labels-idx1-ubyte',
      sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    },
  },
  test: {
    images: {
      name: 't10k-images-idx3-ubyte',
      sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    },
    labels: {
      name: 't10k-labels-idx1-ubyte',
      sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
  },
};

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cresset');
}

/** Where the files may lie, best first: as cresset keeps them (`mnist/`), and as torchvision does (`MNIST/raw/`). */
function searchFolders(root: string | undefined): string[] {
  const folders = root ? [root, join(root, 'mnist'), join(root, 'MNIST', 'raw')] : [];
  const data = process.env.CRESSET_DATA;
  if (data) folders.push(join(data, 'mnist'), join(data, 'MNIST', 'raw'));
  return [...folders, join(cacheFolder(), 'mnist')];
}

async function findFile(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    for (const path of [join(folder, name), join(folder, `${name}.gz`)]) {
      if (
        await access(path).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
  }
  return undefined;
}

/** The path of a file of the data set, downloaded if it has to be. */
async function obtain(file: DataFile, options: MNISTOptions<unknown, unknown>): Promise<string> {
  const folders = searchFolders(options.root);
  const found = await findFile(file.name, folders);
  if (found) return found;
  const mirrors = options.download === false ? [] : (options.mirrors ?? publicMirrors);
  const path = join(options.root ?? cacheFolder(), 'mnist', `${file.name}.gz`);
  const urls = mirrors.map((mirror) => new URL(`${file.name}.gz`, mirror).href);
  const failures = await download({ urls, path, sha256: file.sha256, signal: options.signal });
  if (!failures) return path;
  const tried = [...folders.map((folder) => `${folder}: not there`), ...failures];
  const advice = options.download === false ? 'allow the download, or set' : 'set';
  throw new DataError(
    `MNIST: ${file.name} was not found; ${advice} root or CRESSET_DATA to a folder that holds mnist/. Tried:\n` +
      tried.map((line) => `  ${line}`).join('\n'),
  );
}

/**
 * MNIST's handwritten digits, 28 × 28 grey pixels. The four files, raw or gzip, are looked for in `root`, in
 * `CRESSET_DATA` and in the user's cache, then downloaded (with a check of their content) to `root` or the cache.
 *
 * @returns a dataset of samples `[image, label]`
 * @throws DataError when the files are neither found nor downloaded, with all that was tried; or when one is damaged
 */
export async function MNIST<X = Tensor, Y = number>(options: MNISTOptions<X, Y> = {}): Promise<ImageDataset<X, Y>> {
  if (options.root !== undefined && typeof options.root !== 'string') {
    throw new DataError(`MNIST: root: expected a path, got ${typeof options.root}`);
  }
  const { images, labels } = files[options.train === false ? 'test' : 'train'];
  const read = async (file: DataFile) => readIdx(await obtain(file, options), { signal: options.signal });
  return new ImageDataset(await read(images), await read(labels), digits, options);
}
