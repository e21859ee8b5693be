// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError, type DType, fromBuffer, type Tensor, tensor, zeros } from 'cresset';
import { loadSafetensors, readSafetensorsHeader, saveSafetensors } from 'cresset/io';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const folder = mkdtempSync(join(tmpdir(), 'cresset-io-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => join(folder, name);

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a rejection');
}

/** Written by hand from the format's description: two tensors of float32, data at an odd position. */
const handMadeHeader =
  '{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
  '"w":{"dtype":"I16","shape":[2,2],"data_offsets":[4,12]}}';
const handMade = Buffer.concat([
  Buffer.from([handMadeHeader.length, 0, 0, 0, 0, 0, 0, 0]),
  Buffer.from(handMadeHeader),
  Buffer.from([0, 0, 0xc0, 0x3f]), // 1.5
  Buffer.from([1, 0, 0xff, 0xff, 0, 0x80, 0xff, 0x7f]), // 1, -1, -32768, 32767
]);

test('reads a file written by hand, from bytes and from a path', async () => {
  writeFileSync(place('hand.safetensors'), handMade);
  for (const source of [handMade, new Uint8Array(handMade).buffer, place('hand.safetensors')]) {
    const { b, w, ...others } = await loadSafetensors(source);
    assert.equal(others, {});
    assert.is(b?.dtype, 'float32');
    assert.equal(b?.shape, []);
    assert.is(b?.item(), 1.5);
    assert.is(w?.dtype, 'int16');
    assert.equal(w?.tolist(), [
      [1, -1],
      [-32768, 32767],
    ]);
  }
  const { metadata, tensors } = await readSafetensorsHeader(handMade);
  assert.equal({ ...metadata }, { format: 'pt' });
  assert.equal(tensors.w, { dtype: 'int16', shape: [2, 2], byteOffset: 8 + handMadeHeader.length + 4, byteLength: 8 });
});

test('writes the bytes that the format asks for', async () => {
  const header =
    '{"__metadata__":{"format":"pt"},"big":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
    '"small":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"on":{"dtype":"BOOL","shape":[2],"data_offsets":[16,18]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const expected = Buffer.concat([
    Buffer.from([padded.length, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from(padded),
    Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), // -2
    Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0x80]), // 1, -0
    Buffer.from([1, 0]),
  ]);
  const record = {
    on: tensor([true, false]),
    small: tensor([1, -0], { dtype: 'float32' }),
    big: tensor([-2], { dtype: 'int64' }),
  };
  await saveSafetensors(place('exact.safetensors'), record, { format: 'pt' });
  assert.equal(readFileSync(place('exact.safetensors')).toString('latin1'), expected.toString('latin1'));
});

const raw: [DType, ArrayBufferView][] = [
  ['float64', new Float64Array([0, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, Math.PI])],
  ['float32', new Float32Array([0, -0, Number.NaN, Number.NEGATIVE_INFINITY, 1e-45, 0.1])],
  ['float16', new Uint16Array([0, 0x8000, 0x7e00, 0x7c00, 1, 0x3c00])],
  ['bfloat16', new Uint16Array([0, 0x8000, 0x7fc0, 0xff80, 1, 0x3f80])],
  ['int64', new BigInt64Array([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 1n, 2n ** 53n + 1n])],
  ['int32', new Int32Array([0, -1, 2 ** 31 - 1, -(2 ** 31), 1, 2])],
  ['int16', new Int16Array([0, -1, 32767, -32768, 1, 2])],
  ['int8', new Int8Array([0, -1, 127, -128, 1, 2])],
  ['uint8', new Uint8Array([0, 255, 128, 127, 1, 2])],
  ['bool', new Uint8Array([0, 1, 1, 0, 1, 0])],
];

test('all dtypes, zero-dim and empty tensors make the round trip bit for bit', async () => {
  const record: Record<string, Tensor> = Object.create(null);
  for (const [dtype, values] of raw) {
    record[`full.${dtype}`] = fromBuffer(values, { dtype, shape: [2, 3] });
    record[`empty.${dtype}`] = zeros([0, 3], { dtype });
    record[`scalar.${dtype}`] = zeros([], { dtype });
  }
  const proto = '__proto__';
  record[proto] = tensor([7]);
  record['naïve "name" \\ \n 漢字'] = tensor([8]);
  record[''] = tensor([9]);
  await saveSafetensors(place('all.safetensors'), record, { note: 'ünï', [proto]: 'p' });
  const back = await loadSafetensors(place('all.safetensors'));
  assert.equal(Object.keys(back).sort(), Object.keys(record).sort());
  for (const [name, t] of Object.entries(record)) {
    assert.is(back[name]?.dtype, t.dtype, name);
    assert.equal([...(back[name]?.shape ?? [])], [...t.shape], name);
    const bytes = (x: Tensor | undefined) => Buffer.from(x?.toTypedArray().buffer as ArrayBuffer).toString('hex');
    assert.is(bytes(back[name]), bytes(t), name);
  }
  assert.is((await readSafetensorsHeader(place('all.safetensors'))).metadata.note, 'ünï');
});

test('an empty record is a valid file', async () => {
  await saveSafetensors(place('none.safetensors'), {});
  assert.equal(Object.keys(await loadSafetensors(place('none.safetensors'))), []);
});

test('loaded tensors do not share memory with the bytes they came from', async () => {
  const bytes = new Uint8Array(handMade);
  const { b } = await loadSafetensors(bytes);
  bytes.fill(0);
  assert.is(b?.item(), 1.5);
});

test('a save replaces the file as a whole and leaves nothing beside it', async () => {
  const path = place('replaced.safetensors');
  await saveSafetensors(path, { a: tensor([1]) });
  await saveSafetensors(path, { a: tensor([2, 3]) });
  assert.equal((await loadSafetensors(path)).a?.tolist(), [2, 3]);
  const failed = await rejection(saveSafetensors(path, { a: tensor([4]) }, {}, { signal: AbortSignal.abort() }));
  assert.is(failed.name, 'AbortError');
  assert.equal((await loadSafetensors(path)).a?.tolist(), [2, 3]);
  assert.equal(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('wrong records and places are refused', async () => {
  const path = place('wrong.safetensors');
  const cases: [unknown, unknown, RegExp][] = [
    [{ a: 5 }, {}, /record\['a'\]: expected a Tensor, got number/],
    [null, {}, /record: expected an object of tensors, got null/],
    [{ __metadata__: tensor([1]) }, {}, /the name __metadata__ belongs to the format/],
    [{}, { epoch: 3 }, /metadata\['epoch'\]: expected a string, got number/],
  ];
  for (const [record, metadata, message] of cases) {
    const error = await rejection(
      saveSafetensors(path, record as Record<string, Tensor>, metadata as Record<string, string>),
    );
    assert.instance(error, CheckpointError);
    assert.match(error.message, message);
    assert.not(existsSync(path));
  }
  const error = await rejection(saveSafetensors(place('no/such/folder.safetensors'), {}));
  assert.instance(error, CheckpointError);
  assert.match(error.message, /folder\.safetensors: cannot be written: ENOENT/);
});

const golden = join(process.cwd(), '..', 'shared', 'golden');

if (existsSync(golden)) {
  test('every file written by PyTorch is read, with all its bytes', async () => {
    const files = readdirSync(golden, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.safetensors'),
    );
    assert.ok(files.length > 150, `${files.length} files`);
    for (const file of files) {
      const bytes = readFileSync(join(golden, file));
      const record = await loadSafetensors(bytes);
      const total = Object.values(record).reduce((sum, t) => sum + t.toTypedArray().byteLength, 0);
      assert.is(8 + Number(bytes.readBigUInt64LE()) + total, bytes.length, file);
    }
  });
}

test.run();
