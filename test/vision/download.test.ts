// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from 'cresset';
import { datasets } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { download } from '#internal';

const folder = mkdtempSync(join(tmpdir(), 'cresset-download-'));
const content = Buffer.from('0123456789'.repeat(20_000));
const packed = gzipSync(content, { level: 0 });
const sha256 = createHash('sha256').update(content).digest('hex');

let arrived = 0;
const answers: Record<string, RequestListener> = {
  '/right/file.gz': (_, response) => response.end(packed),
  '/raw/file.gz': (_, response) => response.end(content),
  '/wrong/file.gz': (_, response) => response.end(gzipSync('another file')),
  '/no-gzip/file.gz': (_, response) => response.end('<html>please log in</html>'),
  '/short/file.gz': (_, response) => response.end(packed.subarray(0, packed.length / 2)),
  '/cut/file.gz': (_, response) => {
    response.writeHead(200, { 'content-length': packed.length });
    response.write(packed.subarray(0, packed.length / 2), () => response.destroy());
  },
  '/broken/file.gz': (_, response) => response.writeHead(503).end(),
  '/stalled/file.gz': (_, response) => {
    response.writeHead(200, { 'content-length': packed.length });
    response.write(packed.subarray(0, 1000), () => arrived++);
  },
};

let server: Server;
let base: string;
test.before(async () => {
  server = createServer((request, response) => {
    const answer = answers[request.url ?? ''] ?? ((_: unknown, other: typeof response) => other.writeHead(404).end());
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
const newPlace = () => join(folder, String(count++), 'file.gz');

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a rejection');
}

/** Downloads from these places, and checks that nothing but the wanted file is left behind. */
async function fetchFrom(places: string[]): Promise<{ failures: string[] | undefined; path: string }> {
  const path = newPlace();
  const urls = places.map((place) => `${base}/${place}/file.gz`);
  const failures = await download({ urls, path, sha256 });
  assert.equal(readdirSync(join(path, '..')), failures ? [] : ['file.gz']);
  return { failures, path };
}

test('the right file arrives as it was sent', async () => {
  const { failures, path } = await fetchFrom(['right']);
  assert.is(failures, undefined);
  assert.ok(packed.equals(readFileSync(path)));
});

test('what counts is the unpacked content, not how a mirror has packed it', async () => {
  const { failures, path } = await fetchFrom(['raw']);
  assert.is(failures, undefined);
  assert.ok(content.equals(readFileSync(path)));
});

test('the hash may be that of the file as it is published', async () => {
  const path = newPlace();
  const ofFile = createHash('sha256').update(packed).digest('hex');
  assert.is(await download({ urls: [`${base}/right/file.gz`], path, sha256: ofFile }), undefined);
  const failures = await download({ urls: [`${base}/raw/file.gz`], path: newPlace(), sha256: ofFile });
  assert.match(failures?.[0] ?? '', /wrong checksum/);
});

const wrong: [place: string, reason: RegExp][] = [
  ['wrong', /wrong\/file\.gz: wrong checksum: sha256 of the unpacked file is [0-9a-f]{64}, expected [0-9a-f]{64}$/],
  ['no-gzip', /wrong checksum/],
  ['short', /short\/file\.gz: unexpected end of file/],
  ['cut', /cut\/file\.gz: terminated/],
  ['missing', /missing\/file\.gz: HTTP 404 Not Found$/],
  ['broken', /HTTP 503/],
];

for (const [place, reason] of wrong) {
  test(`a bad answer leaves no file: ${place}`, async () => {
    const { failures } = await fetchFrom([place]);
    assert.is(failures?.length, 1);
    assert.match(failures?.[0] ?? '', reason);
  });
}

test('the next place is tried after a bad one', async () => {
  const { failures, path } = await fetchFrom(['missing', 'wrong', 'cut', 'right']);
  assert.is(failures, undefined);
  assert.ok(packed.equals(readFileSync(path)));
});

test('a server that cannot be reached is named with the reason', async () => {
  const failures = await download({ urls: ['http://127.0.0.1:1/file.gz'], path: newPlace(), sha256 });
  assert.match(failures?.[0] ?? '', /^http:\/\/127\.0\.0\.1:1\/file\.gz: fetch failed: .+/);
});

test('an abort stops a download in the middle and leaves no file', async () => {
  const path = newPlace();
  const controller = new AbortController();
  const running = download({ urls: [`${base}/stalled/file.gz`], path, sha256, signal: controller.signal });
  const poll = setInterval(() => arrived > 0 && controller.abort(new Error('enough')), 5);
  const error = await rejection(running);
  clearInterval(poll);
  assert.is(error.message, 'enough');
  assert.equal(readdirSync(join(path, '..')), []);
});

test('a folder that cannot be made is an error of its own', async () => {
  const error = await rejection(download({ urls: [], path: '/dev/null/mnist/file.gz', sha256 }));
  assert.instance(error, DataError);
  assert.match(error.message, /^\/dev\/null\/mnist: cannot be made/);
});

test('MNIST lists everything that it has tried', async () => {
  const root = join(folder, 'root');
  const saved = { ...process.env };
  Object.assign(process.env, { CRESSET_DATA: join(folder, 'data'), XDG_CACHE_HOME: join(folder, 'cache') });
  try {
    const error = await rejection(datasets.MNIST({ root, mirrors: [`${base}/missing/`, `${base}/broken/`] }));
    assert.instance(error, DataError);
    const tried = [root, join(root, 'MNIST/raw'), join(folder, 'data/mnist'), join(folder, 'cache/cresset/mnist')];
    for (const place of tried) assert.ok(error.message.includes(`  ${place}: not there`), place);
    assert.ok(error.message.includes(`${base}/missing/train-images-idx3-ubyte.gz: HTTP 404`));
    assert.ok(error.message.includes(`${base}/broken/train-images-idx3-ubyte.gz: HTTP`));
    const offline = await rejection(datasets.MNIST({ root, train: false, download: false }));
    assert.match(offline.message, /^MNIST: t10k-images-idx3-ubyte was not found; allow the download/);
    assert.not.match(offline.message, /http/);
  } finally {
    for (const name of ['CRESSET_DATA', 'XDG_CACHE_HOME']) delete process.env[name];
    Object.assign(process.env, saved);
  }
});

test.run();
