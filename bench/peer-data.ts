// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const files = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

/** Runs `body` with a folder that holds MNIST in torchvision's layout, unpacked from `CRESSET_DATA`. */
export function withPeerData<T>(body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-bench-'));
  const source = process.env.CRESSET_DATA;
  try {
    if (source) {
      const raw = join(folder, 'MNIST', 'raw');
      mkdirSync(raw, { recursive: true });
      for (const name of files)
        writeFileSync(join(raw, name), gunzipSync(readFileSync(join(source, 'mnist', `${name}.gz`))));
    }
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
