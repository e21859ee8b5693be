// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An idx file: type code, sizes, and the data's bytes, big-endian. */
export function idx(type: number, sizes: readonly number[], data: readonly number[] | Buffer): Buffer {
  const header = Buffer.alloc(4 * (1 + sizes.length));
  header[2] = type;
  header[3] = sizes.length;
  for (const [i, size] of sizes.entries()) header.writeUInt32BE(size, 4 * (i + 1));
  return Buffer.concat([header, Buffer.from(data)]);
}

/** MNIST's four files with a few samples of noise, 28 × 28, in `folder`, which is made. */
export function writeIdxFolder(folder: string, train = 2, test = 2): string {
  mkdirSync(folder, { recursive: true });
  for (const [part, count] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    const pixels = Buffer.from(Array.from({ length: count * 784 }, (_, i) => (i * 37 + (i >> 5) * 11) % 256));
    const labels = Array.from({ length: count }, (_, i) => i % 10);
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), idx(0x08, [count, 28, 28], pixels));
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), idx(0x08, [count], labels));
  }
  return folder;
}
