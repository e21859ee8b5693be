// SPDX-License-Identifier: MIT

import { CheckpointError } from 'cresset';
import { loadSafetensors, readSafetensorsHeader } from 'cresset/io';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** A file whose header is `json` as it stands, followed by `dataBytes` zero bytes. */
function fileOf(json: string, dataBytes = 0, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (shape: string, begin: number | string, end: number | string, dtype = '"F32"') =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":[${begin},${end}]}`;

async function refuses(bytes: Uint8Array, message: RegExp): Promise<void> {
  for (const read of [loadSafetensors, readSafetensorsHeader]) {
    try {
      await read(bytes);
    } catch (error) {
      assert.instance(error, CheckpointError);
      assert.match((error as Error).message, message);
      continue;
    }
    assert.unreachable(`read a damaged file, expected ${message}`);
  }
}

const damaged: [what: string, bytes: Uint8Array, message: RegExp][] = [
  ['an empty file', new Uint8Array(), /^bytes: 0 bytes, but a safetensors file begins with/],
  ['seven bytes', new Uint8Array(7), /7 bytes, but/],
  ['a zero header', new Uint8Array(8), /not valid JSON/],
  ['a header longer than the file', fileOf('{}', 0, 100n), /header of 100 bytes does not fit in a file of 10 bytes/],
  ['a huge header length', fileOf('{}', 0, 2n ** 64n - 1n), /header length 18446744073709551615, expected at most/],
  ['a header length of 2^53 + 1', fileOf('{}', 0, 2n ** 53n + 1n), /header length 9007199254740993/],
  ['a torn header', fileOf('{"a":{"dtype":"F3'), /not valid JSON/],
  ['a header that is no UTF-8', fileOf('{"\u0000"}').map((b, i) => (i === 10 ? 0xff : b)), /not valid JSON in UTF-8/],
  ['an array as header', fileOf('[]'), /the header is \[\], expected a JSON object/],
  ['null as header', fileOf('null'), /the header is null/],
  ['a number as entry', fileOf('{"a":5}'), /tensor 'a': its entry is 5/],
  ['an entry without fields', fileOf('{"a":{}}'), /tensor 'a': dtype undefined, expected one of F64/],
  ['an unknown dtype', fileOf(`{"a":${entry('[1]', 0, 4, '"F8_E4M3"')}}`, 4), /tensor 'a': dtype 'F8_E4M3'/],
  ['a dtype named by a prototype', fileOf(`{"a":${entry('[1]', 0, 4, '"constructor"')}}`, 4), /dtype 'constructor'/],
  ['a list as dtype', fileOf(`{"a":${entry('[1]', 0, 4, '["F32"]')}}`, 4), /dtype \[ 'F32' \]/],
  [
    'a negative size',
    fileOf(`{"a":${entry('[-1]', 0, 4)}}`, 4),
    /tensor 'a': shape \[ -1 \], expected a list of sizes/,
  ],
  ['a fraction as size', fileOf(`{"a":${entry('[1.5]', 0, 6)}}`, 6), /shape \[ 1.5 \]/],
  ['a null size', fileOf(`{"a":${entry('[null]', 0, 4)}}`, 4), /shape \[ null \]/],
  ['a string as size', fileOf(`{"a":${entry('["NaN"]', 0, 4)}}`, 4), /shape \[ 'NaN' \]/],
  ['an infinite size', fileOf(`{"a":${entry('[1e999]', 0, 4)}}`, 4), /shape \[ Infinity \]/],
  ['a shape that is a string', fileOf(`{"a":${entry('"1"', 0, 4)}}`, 4), /shape '1'/],
  ['a shape beyond 2^53', fileOf(`{"a":${entry('[4294967296,4294967296]', 0, 4)}}`, 4), /takes more than 2\^53/],
  ['sizes that overflow to few bytes', fileOf(`{"a":${entry('[4611686018427387904,4]', 0, 0)}}`), /shape \[ 46/],
  ['a negative offset', fileOf(`{"a":${entry('[1]', -4, 0)}}`, 4), /data_offsets \[ -4, 0 \]/],
  ['offsets in the wrong order', fileOf(`{"a":${entry('[1]', 4, 0)}}`, 4), /expected begin <= end/],
  ['offsets beyond the file', fileOf(`{"a":${entry('[2]', 0, 8)}}`, 4), /within the file's 4 data bytes/],
  ['a huge offset', fileOf(`{"a":${entry('[1]', 0, '1e300')}}`, 4), /data_offsets \[ 0, 1e\+300 \]/],
  ['one offset', fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', 4), /expected two integers/],
  [
    'too few bytes for the shape',
    fileOf(`{"a":${entry('[2]', 0, 4)}}`, 4),
    /hold 4 bytes, but F32 of shape \[2\] takes 8/,
  ],
  [
    'overlapping tensors',
    fileOf(`{"a":${entry('[2]', 0, 8)},"b":${entry('[1]', 4, 8)}}`, 8),
    /'b' overlaps .* byte 4, expected 8/,
  ],
  ['two tensors on the same bytes', fileOf(`{"a":${entry('[1]', 0, 4)},"b":${entry('[1]', 0, 4)}}`, 4), /'b' overlaps/],
  ['a hole at the start', fileOf(`{"a":${entry('[1]', 4, 8)}}`, 8), /'a' leaves a hole before it/],
  ['a hole between', fileOf(`{"a":${entry('[1]', 0, 4)},"b":${entry('[1]', 8, 12)}}`, 12), /'b' leaves a hole/],
  ['bytes after the last tensor', fileOf(`{"a":${entry('[1]', 0, 4)}}`, 5), /end at byte \d+, but the file has/],
  ['bytes without a tensor', fileOf('{}', 5), /end at byte 10, but the file has 15 bytes/],
  ['the same name twice', fileOf(`{"a":${entry('[1,2]', 0, 8)},"a":${entry('[2,1]', 0, 8)}}`, 8), /a key occurs twice/],
  [
    'the same field twice',
    fileOf('{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', 4),
    /a key occurs twice/,
  ],
  [
    'a name twice, once escaped',
    fileOf(`{"a":${entry('[1,2]', 0, 8)},"\\u0061":${entry('[2,1]', 0, 8)}}`, 8),
    /a key occurs twice/,
  ],
  ['metadata twice', fileOf('{"__metadata__":{},"__metadata__":{"a":"b"}}'), /a key occurs twice/],
  [
    'a number in the metadata',
    fileOf('{"__metadata__":{"epoch":1}}'),
    /__metadata__\['epoch'\] is 1, expected a string/,
  ],
  ['metadata that is a list', fileOf('{"__metadata__":["a"]}'), /__metadata__ is \[ 'a' \]/],
  ['deeply nested JSON', fileOf(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`), /tensor 'a': its entry is/],
];

for (const [what, bytes, message] of damaged) test(`refuses ${what}`, () => refuses(bytes, message));

test('every truncation of a good file is refused', async () => {
  const good = fileOf(`{"a":${entry('[2]', 0, 8)},"b":${entry('[]', 8, 12)},"c":${entry('[0]', 12, 12)}}`, 12);
  assert.equal(Object.keys(await loadSafetensors(good)), ['a', 'b', 'c']);
  for (let length = 0; length < good.length; length++) await refuses(good.slice(0, length), /^bytes: /);
});

test('flipping any bit gives a CheckpointError or a file that is still consistent', async () => {
  const good = fileOf(`{"a":${entry('[2]', 0, 8)},"b":${entry('[3]', 8, 11, '"BOOL"')}}`, 11);
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
    try {
      const record = await loadSafetensors(bad);
      assert.is(Object.values(record).length, 2, `bit ${bit}`);
    } catch (error) {
      assert.instance(error, CheckpointError, `bit ${bit}: ${error}`);
    }
  }
});

test('a bool that is neither 0 nor 1 is refused', async () => {
  const bytes = fileOf(`{"flags":${entry('[3]', 0, 3, '"BOOL"')}}`, 3);
  bytes[bytes.length - 1] = 2;
  try {
    await loadSafetensors(bytes);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /tensor 'flags': element 2 of a BOOL tensor is 2, expected 0 or 1/);
  }
});

test('names of prototypes are names like others', async () => {
  const proto = '__proto__';
  const names = [proto, 'constructor', 'toString', 'hasOwnProperty'];
  const json = names.map((name, i) => `"${name}":${entry('[1]', 4 * i, 4 * i + 4)}`).join(',');
  const bytes = fileOf(`{"__metadata__":{"__proto__":"x"},${json}}`, 16);
  const record = await loadSafetensors(bytes);
  assert.equal(Object.keys(record), names);
  assert.is(Object.getPrototypeOf(record), null);
  assert.equal(record[proto]?.shape, [1]);
  assert.is((await readSafetensorsHeader(bytes)).metadata[proto], 'x');
  assert.is(({} as Record<string, unknown>).shape, undefined);
});

test('a source that is no file is refused with its type or path', async () => {
  for (const source of [undefined, null, 5, {}, [1, 2], new Proxy(new Uint8Array(8), {})]) {
    try {
      await loadSafetensors(source as string);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, CheckpointError);
      assert.match((error as Error).message, /source: expected a path/);
    }
  }
  for (const path of ['/no/such/file', '/']) {
    try {
      await loadSafetensors(path);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, CheckpointError);
      assert.ok((error as Error).message.startsWith(`${path}: `));
    }
  }
});

test.run();
