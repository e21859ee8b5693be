// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from 'cresset';
import { readIdx } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { idx } from '../support/idx.js';

const folder = mkdtempSync(join(tmpdir(), 'cresset-idx-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

async function refuses(source: unknown, message: RegExp, options = {}): Promise<void> {
  try {
    await readIdx(source as Uint8Array, options);
  } catch (error) {
    assert.instance(error, DataError, String(error));
    return assert.match((error as Error).message, message);
  }
  assert.unreachable(`expected ${message}`);
}

/** Written by hand: the bytes of 1, -1 and of one more value, big-endian. */
const types: [type: number, dtype: string, bytes: number[], values: number[]][] = [
  [0x08, 'uint8', [1, 255, 128], [1, 255, 128]],
  [0x09, 'int8', [1, 255, 128], [1, -1, -128]],
  [0x0b, 'int16', [0, 1, 255, 255, 0x80, 0], [1, -1, -32768]],
  [0x0c, 'int32', [0, 0, 0, 1, 255, 255, 255, 255, 0x12, 0x34, 0x56, 0x78], [1, -1, 0x12345678]],
  [0x0d, 'float32', [0x3f, 0x80, 0, 0, 0xbf, 0x80, 0, 0, 0x3f, 0x20, 0, 0], [1, -1, 0.625]],
  [
    0x0e,
    'float64',
    [0x3f, 0xf0, ...Array(6).fill(0), 0xbf, 0xf0, ...Array(6).fill(0), 0x3f, 0xe4, ...Array(6).fill(0)],
    [1, -1, 0.625],
  ],
];

for (const [type, dtype, bytes, values] of types) {
  test(`reads ${dtype}, raw and gzip, from bytes and from a file`, async () => {
    const raw = idx(type, [3], bytes);
    const path = join(folder, `${dtype}.gz`);
    writeFileSync(path, gzipSync(raw));
    for (const source of [raw, gzipSync(raw), new Uint8Array(raw).buffer, path]) {
      const t = await readIdx(source);
      assert.is(t.dtype, dtype);
      assert.equal(t.tolist(), values);
    }
  });
}

test('reads any number of dimensions, empty ones too', async () => {
  assert.equal((await readIdx(idx(8, [2, 1, 3], [1, 2, 3, 4, 5, 6]))).tolist(), [[[1, 2, 3]], [[4, 5, 6]]]);
  assert.equal([...(await readIdx(idx(8, [0, 28], []))).shape], [0, 28]);
  assert.equal((await readIdx(idx(8, [], [7]))).tolist(), 7);
});

test('a file larger than one chunk comes out as it went in', async () => {
  const data = Buffer.from(Uint32Array.from({ length: 700_000 }, (_, i) => Math.imul(i, 2654435761)).buffer);
  const raw = Buffer.concat([
    Buffer.from([0, 0, 8, 1]),
    Buffer.from(Uint32Array.of(data.length).buffer).swap32(),
    data,
  ]);
  const path = join(folder, 'large');
  writeFileSync(path, raw);
  for (const source of [path, gzipSync(raw)]) {
    assert.ok(data.equals((await readIdx(source)).toTypedArray() as Uint8Array));
  }
});

const good = idx(8, [2, 2], [1, 2, 3, 4]);

(process.platform === 'win32' ? test.skip : test)(
  'a pipe, which does not tell its size, is read to its end',
  async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [x] = await Promise.all([readIdx(pipe), writeFile(pipe, good)]);
    assert.equal(x.tolist(), [
      [1, 2],
      [3, 4],
    ]);
  },
);

const damaged: [string, unknown, RegExp][] = [
  ['nothing', Buffer.alloc(0), /^bytes: ends within the header, after 0 bytes/],
  ['a torn magic number', good.subarray(0, 3), /ends within the header, after 3 bytes/],
  ['a torn header', good.subarray(0, 11), /ends within the header/],
  ['torn data', good.subarray(0, 15), /ends early: 3 data bytes; uint8 of shape \[2,2\] takes 4/],
  ['more data than announced', Buffer.concat([good, Buffer.of(0)]), /more data than its shape takes: 5 data bytes/],
  ['an unknown type', idx(0x0a, [1], [1]), /magic number 00000a01, expected an idx file/],
  ['another format', Buffer.from('<!DOCTYPE html>'), /magic number 3c21444f/],
  [
    'a shape beyond the file',
    idx(8, [65535, 65535, 65535, 65535], [1]),
    /ends early: 1 data bytes; uint8 of shape \[65535/,
  ],
  ['a gzip shape beyond any ratio', gzipSync(idx(8, [65535, 65535], [1])), /more than the file can hold/],
  ['gzip of more data than announced', gzipSync(Buffer.concat([good, Buffer.of(0)])), /more data than its shape takes/],
  ['gzip of less data', gzipSync(good.subarray(0, 15)), /ends early: 3 data bytes/],
  ['torn gzip', gzipSync(good).subarray(0, 20), /damaged gzip data: unexpected end of file/],
  [
    'a wrong gzip checksum',
    Buffer.concat([gzipSync(good).subarray(0, -8), Buffer.alloc(8)]),
    /damaged gzip data: incorrect data check/,
  ],
  ['a missing file', join(folder, 'missing'), /missing: cannot be read: ENOENT/],
  ['a folder', folder, /cannot be read: EISDIR/],
  ['a number', 5, /source: expected a path/],
  ['null', null, /source: expected a path/],
];

for (const [what, source, message] of damaged) test(`refuses ${what}`, () => refuses(source, message));

test('every byte flipped gives a DataError or a tensor of the announced size', async () => {
  for (const file of [good, gzipSync(good)]) {
    for (let at = 0; at < file.length; at++) {
      const bad = Buffer.from(file);
      bad[at] = (bad[at] as number) ^ 0x41;
      try {
        assert.ok((await readIdx(bad)).numel() <= 4, `byte ${at}`);
      } catch (error) {
        assert.instance(error, DataError, `byte ${at}: ${error}`);
      }
    }
  }
});

test('an aborted read ends with the reason', async () => {
  try {
    await readIdx(good, { signal: AbortSignal.abort(new Error('enough')) });
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'enough');
  }
});

test.run();
