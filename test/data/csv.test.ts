// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataError, type Tensor } from 'cresset';
import { CsvDataset, type CsvOptions, csv, DataLoader } from 'cresset/data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const folder = mkdtempSync(join(tmpdir(), 'cresset-csv-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}
/** As plain objects: rows have no prototype. */
const rowsOf = async (text: string, options?: CsvOptions) =>
  (await collect(csv({ text }, options))).map((row) => ({ ...row }));

async function refuses(run: () => unknown, message: RegExp): Promise<void> {
  try {
    await run();
  } catch (error) {
    assert.instance(error, DataError, String(error));
    return assert.match((error as Error).message, message);
  }
  assert.unreachable(`expected ${message}`);
}

// The samples of RFC 4180, section 2, and what they say.
test('RFC 4180: line ends, quotes, line breaks and quotes within quotes, a byte order mark', async () => {
  const options = { dtypes: 'string', header: ['a', 'b', 'c'] } as const;
  const both = [
    { a: 'aaa', b: 'bbb', c: 'ccc' },
    { a: 'zzz', b: 'yyy', c: 'xxx' },
  ];
  assert.equal(await rowsOf('aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n', options), both);
  assert.equal(await rowsOf('\ufeffaaa,bbb,ccc\nzzz,yyy,xxx', options), both);
  assert.equal(await rowsOf('"aaa","b\r\nbb","c""c"\r\n', options), [{ a: 'aaa', b: 'b\r\nbb', c: 'c"c' }]);
});

test('columns by name, in the order asked for, each of its type', async () => {
  const text = '# measured\nname;width;count;ok\nfirst;1.5;-3;true\n"second;2";2e3;4;0\n';
  const dtypes = { name: 'string', count: 'int8', ok: 'bool' } as const;
  assert.equal(
    await rowsOf(text, { delimiter: ';', comment: '#', dtypes, columns: ['ok', 'width', 'count', 'name'] }),
    [
      { ok: true, width: 1.5, count: -3, name: 'first' },
      { ok: false, width: 2000, count: 4, name: 'second;2' },
    ],
  );
  assert.equal(await rowsOf('1,2\n3,4\n', { header: false, columns: ['column1'] }), [{ column1: 2 }, { column1: 4 }]);
  assert.equal(await rowsOf('a,b\n,NaN\n', { missing: -1 }), [{ a: -1, b: Number.NaN }]);
  assert.equal(await rowsOf('a,b\n'), []);
});

test('a loader makes tensors of the dtypes, also where a batch has whole numbers only', async () => {
  const rows = csv({ text: 'w,k,n\n1,a,1\n2,b,2\n2.5,c,3\n' }, { dtypes: { k: 'string', n: 'int32' } });
  const batches = await collect(new DataLoader(rows, { batchSize: 2, collateFn: rows.collate }));
  const seen = batches.map(({ w, k, n }) => [(w as Tensor).dtype, (w as Tensor).tolist(), k, (n as Tensor).dtype]);
  assert.equal(seen, [
    ['float32', [1, 2], ['a', 'b'], 'int32'],
    ['float32', [2.5], ['c'], 'int32'],
  ]);
});

test('paths, URLs, streams of text or bytes in pieces, and several iterations', async () => {
  const path = join(folder, 'a.csv');
  const bytes = Buffer.from('x,name\n1,"ä\n2"\n2,€\n');
  writeFileSync(path, bytes);
  const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
  const sources = [
    path,
    pathToFileURL(path),
    { text: bytes.toString() },
    pieces,
    (await import('node:fs')).createReadStream(path),
  ];
  for (const source of sources) {
    const rows = csv(source, { dtypes: { name: 'string' } });
    const found = (await collect(rows)).map((row) => [row.x, row.name]);
    assert.equal(found, [
      [1, 'ä\n2'],
      [2, '€'],
    ]);
  }
  const again = csv(path, { columns: ['x'] });
  assert.equal((await collect(again)).length, (await collect(again)).length);
});

test('errors name the line and the column', async () => {
  const cases: [text: string, options: CsvOptions, message: RegExp][] = [
    ['a,b\n1,2\n3,x\n', {}, /^csv: line 3, column 'b': 'x', expected a value of float32$/],
    ['a,b\r\n1,"2\n"\r\n3,x\r\n', {}, /line 4, column 'b'/],
    ['a,b\n1,\n', {}, /line 2, column 'b': '', expected/],
    ['a\n300\n', { dtypes: 'uint8' }, /line 2, column 'a': '300', expected a value of uint8/],
    ['a\n1.5\n', { dtypes: 'int64' }, /'1.5', expected a value of int64/],
    ['a\n1e300\n', { dtypes: 'int64' }, /'1e300'/],
    ['a\nmaybe\n', { dtypes: 'bool' }, /'maybe', expected a value of bool/],
    ['a,b\n1,2\n1,2,3\n', {}, /^csv: line 3: /],
    ['1,2,3\n', { header: ['a', 'b'] }, /line 1: 3 fields, expected 2/],
    ['a,a\n1,2\n', {}, /the column 'a' occurs twice/],
    ['a,b\n1,2\n', { columns: ['c'] }, /no column 'c', expected one of a, b/],
    ['a,b\n1,2\n', { dtypes: { c: 'int8' } }, /no column 'c'/],
    ['a,b\n1,"2\n', {}, /^csv: line \d+: Quote Not Closed/],
  ];
  for (const [text, options, message] of cases) await refuses(() => rowsOf(text, options), message);
  await refuses(() => collect(csv(join(folder, 'none.csv'))), /none\.csv: ENOENT/);
  await refuses(
    () => csv({ text: '' }, { dtypes: 'float' as 'float32' }),
    /dtypes: float, expected 'string' or one of/,
  );
  await refuses(() => csv({ text: '' }, { delimiter: '' }), /delimiter: expected a string/);
  await refuses(() => collect(csv([1, 2] as unknown as string[])), /source: gave number, expected text/);
  await refuses(() => collect(csv(7 as unknown as string)), /source: expected a path/);
});

test('a slow consumer holds up the source, and a break closes it', async () => {
  let [given, closed] = [0, 0];
  async function* source() {
    try {
      yield 'a,b\n';
      for (; given < 10_000; given++) yield `${given},${'1'.repeat(1000)}\n`;
    } finally {
      closed++;
    }
  }
  let seen = 0;
  for await (const row of csv(source(), { columns: ['a'] })) {
    assert.is(row.a, seen);
    if (++seen === 50) break;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(given < 1000, `${given} lines were read for ${seen}`);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.is(closed, 1);
});

test('an abort ends with its reason', async () => {
  async function* endless() {
    for (;;) yield 'a\n1\n';
  }
  const controller = new AbortController();
  try {
    let seen = 0;
    for await (const _ of csv(endless(), { header: false, dtypes: 'string', signal: controller.signal })) {
      if (++seen === 10) controller.abort(new Error('enough'));
    }
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'enough');
  }
});

test('CsvDataset: features and labels, numbers or words', async () => {
  const text = 'width,kind,height\n1,b,2\n3,a,4.5\n5,b,6\n';
  const words = await CsvDataset.read({ text }, { label: 'kind' });
  assert.equal(
    [words.features, words.classes],
    [
      ['width', 'height'],
      ['a', 'b'],
    ],
  );
  for await (const [x, y] of new DataLoader(words, { batchSize: 3 })) {
    assert.equal(
      [x.dtype, x.tolist(), y.dtype, y.tolist()],
      [
        'float32',
        [
          [1, 2],
          [3, 4.5],
          [5, 6],
        ],
        'int64',
        [1, 0, 1],
      ],
    );
  }
  const ordered = await CsvDataset.read({ text }, { label: 'kind', classes: ['b', 'a'], columns: ['height'] });
  assert.equal(
    [ordered.tensors[0].tolist(), ordered.tensors[1].tolist()],
    [
      [[2], [4.5], [6]],
      [0, 1, 0],
    ],
  );
  const whole = await CsvDataset.read({ text: 'x,y\n1,3\n2,4\n' }, { label: 'y' });
  assert.equal([whole.tensors[1].dtype, whole.tensors[1].tolist()], ['int64', [3, 4]]);
  const real = await CsvDataset.read({ text: 'x,y\n1,3\n2,4.5\n' }, { label: 'y' });
  assert.equal([real.tensors[1].dtype, real.tensors[1].tolist()], ['float32', [3, 4.5]]);
  const typed = await CsvDataset.read({ text: 'x,y\n1,3\n2,4\n' }, { label: 'y', dtypes: { y: 'float64' } });
  assert.is(typed.tensors[1].dtype, 'float64');
  await refuses(
    () => CsvDataset.read({ text }, { label: 'kind', classes: ['b'] }),
    /sample 1: label 'a', expected one of b/,
  );
  await refuses(() => CsvDataset.read({ text }, { label: 'none' }), /no column 'none'/);
  await refuses(() => CsvDataset.read({ text }, { label: 'width' }), /line 2, column 'kind'/);
  await refuses(() => CsvDataset.read({ text }, { label: 'width', dtypes: { kind: 'string' } }), /got kind: string/);
});

test.run();
