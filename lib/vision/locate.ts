// SPDX-License-Identifier: MIT
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '../errors.js';
import { download } from './download.js';
import type { PublishedFile, PublishedSet } from './published.js';

/** Where a data set comes from. */
export interface SourceOptions {
  /** The training samples (default), or the test samples. */
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

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cresset');
}

/** Where the files may lie, best first. */
function searchFolders({ folders }: PublishedSet, root: string | undefined): string[] {
  const within = (parent: string) => folders.map((folder) => join(parent, folder));
  const data = process.env.CRESSET_DATA;
  return [...(root ? [root, ...within(root)] : []), ...(data ? within(data) : []), join(cacheFolder(), folders[0])];
}

/** The path of `name`, raw or gzip, in the first folder that has it. */
export async function findFile(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    for (const path of [join(folder, name), join(folder, `${name}.gz`)]) {
      const isThere = await access(path).then(
        () => true,
        () => false,
      );
      if (isThere) return path;
    }
  }
  return undefined;
}

/**
 * The path of a file of the data set, downloaded if it has to be.
 *
 * @throws DataError with all that was tried
 */
export async function obtain(set: PublishedSet, file: PublishedFile, options: SourceOptions): Promise<string> {
  const folders = searchFolders(set, options.root);
  const found = await findFile(file.name, folders);
  if (found) return found;
  const mirrors = options.download === false ? [] : (options.mirrors ?? set.mirrors);
  const path = join(options.root ?? cacheFolder(), set.folders[0], `${file.name}.gz`);
  const urls = mirrors.map((mirror) => new URL(`${file.name}.gz`, mirror).href);
  const failures = await download({ urls, path, sha256: file.sha256, signal: options.signal });
  if (!failures) return path;
  const tried = [...folders.map((folder) => `${folder}: not there`), ...failures];
  const advice = options.download === false ? 'allow the download, or set' : 'set';
  throw new DataError(
    `${set.title}: ${file.name} was not found; ${advice} root or CRESSET_DATA to a folder that holds ` +
      `${set.folders[0]}/. Tried:\n${tried.map((line) => `  ${line}`).join('\n')}`,
  );
}
