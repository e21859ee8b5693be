// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { arange, CheckpointError, type DType, dtypes, Tensor, tensor, zeros } from 'cresset';
import { loadNpy, loadNpz, saveNpy, saveNpz } from 'cresset/io';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from '../support/tools.js';

interface Reference {
  arrays: Record<string, { file: string; dtype: DType; shape: number[]; values: number[] }>;
  archives: Record<string, { file: string; values: Record<string, [dtype: DType, shape: number[], values: number[]]> }>;
  refused: Record<string, string>;
}
const reference: Reference = JSON.parse(readFileSync(join(projectRoot, 'test/io/reference/numpy.json'), 'utf8'));
const decode = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const folder = mkdtempSync(join(tmpdir(), 'cresset-npy-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function holds(t: Tensor | undefined, dtype: string, shape: readonly number[], values: readonly number[]): void {
  assert.instance(t, Tensor);
  assert.equal([t?.dtype, [...(t?.shape ?? [])]], [dtype, [...shape]]);
  assert.equal(t?.to('float64').reshape([-1]).tolist(), values);
}

async function refuses(promise: Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, CheckpointError, String(error));
    return assert.match((error as Error).message, message);
  }
  assert.unreachable(`expected ${message}`);
}

for (const [name, { file, dtype, shape, values }] of Object.entries(reference.arrays)) {
  test(`reads what NumPy writes: ${name}`, async () => {
    const bytes = decode(file);
    holds(await loadNpy(bytes), dtype, shape, values);
    const path = join(folder, 'numpy.npy');
    writeFileSync(path, bytes);
    holds(await loadNpy(pathToFileURL(path)), dtype, shape, values);
  });
}

for (const [name, { file, values }] of Object.entries(reference.archives)) {
  test(`reads what NumPy's ${name} writes`, async () => {
    const path = join(folder, 'numpy.npz');
    writeFileSync(path, decode(file));
    for (const source of [decode(file), decode(file).buffer, path, pathToFileURL(path)]) {
      const record = await loadNpz(source);
      assert.equal(Object.keys(record).sort(), Object.keys(values).sort());
      for (const [key, expected] of Object.entries(values)) holds(record[key], ...expected);
    }
  });
}

test('every type that NumPy has is written as NumPy writes it', async () => {
  const path = join(folder, 'ours.npy');
  for (const { file, dtype, shape, values } of Object.values(reference.arrays)) {
    const isNative = !Buffer.from(decode(file))
      .toString('latin1', 10, 128)
      .match(/'>|True/);
    if (!isNative || decode(file)[6] !== 1) continue;
    await saveNpy(path, tensor(values, { dtype: 'float64' }).to(dtype).reshape(shape));
    // NumPy pads the header a little more than it must, to be able to append.
    const data = (bytes: Uint8Array) =>
      Buffer.from(bytes.subarray(10 + Buffer.from(bytes).readUInt16LE(8))).toString('hex');
    const dict = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1', 10, bytes.indexOf(0x7d) + 1);
    const ours = readFileSync(path);
    assert.is(data(ours), data(decode(file)));
    assert.is(dict(ours), dict(decode(file)));
    assert.is((ours.readUInt16LE(8) + 10) % 64, 0);
  }
});

test('what was saved comes back: all dtypes, views, odd shapes, packed or not', async () => {
  const record: Record<string, Tensor> = {
    transposed: arange(6).reshape([2, 3]).t(),
    scalar: tensor(2.5),
    'a/b': zeros([0, 2]),
  };
  for (const dtype of dtypes) record[dtype] = tensor([0, 1, 1]).to(dtype);
  const path = join(folder, 'ours.npz');
  for (const compress of [false, true]) {
    await saveNpz(path, record, { compress });
    const loaded = await loadNpz(path);
    assert.equal(Object.keys(loaded).sort(), Object.keys(record).sort());
    for (const [name, t] of Object.entries(record)) {
      holds(loaded[name], t.dtype, t.shape, t.to('float64').reshape([-1]).tolist() as number[]);
    }
  }
  const first = readFileSync(path);
  await saveNpz(path, record, { compress: true });
  assert.ok(first.equals(readFileSync(path)), 'the same tensors give the same file');
});

const python = process.env.CRESSET_NUMPY ?? 'python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;
(hasNumpy ? test : test.skip)('NumPy reads what we write', async () => {
  await saveNpy(join(folder, 'a.npy'), arange(6).reshape([2, 3]).to('int16'));
  for (const compress of [false, true]) {
    await saveNpz(join(folder, 'b.npz'), { x: tensor([0.5, 1.5]), y: tensor([true, false]) }, { compress });
    const script = `import numpy as np
a, b = np.load('a.npy'), np.load('b.npz')
print(a.dtype, a.tolist(), b['x'].dtype, b['x'].tolist(), b['y'].tolist())`;
    const { stdout, stderr } = spawnSync(python, ['-c', script], { cwd: folder, encoding: 'utf8' });
    assert.is(stdout, 'int16 [[0, 1, 2], [3, 4, 5]] float32 [0.5, 1.5] [True, False]\n', stderr);
  }
});

for (const [name, file] of Object.entries(reference.refused)) {
  test(`a type that cresset does not have is refused: ${name}`, () =>
    refuses(
      loadNpy(decode(file)),
      /^bytes: (type '.*', expected a byte order and one of b1|header ".*expected 'descr')/,
    ));
}

test('every cut and every flipped header byte gives an error or the array, never more', async () => {
  const whole = decode(reference.arrays.float32?.file as string);
  for (let end = 0; end < whole.length; end++) await refuses(loadNpy(whole.slice(0, end)), /^bytes: /);
  await refuses(loadNpy(Buffer.concat([whole, Buffer.of(0)])), /25 data bytes, but float32 of shape \[2,3\] takes 24/);
  for (let at = 0; at < 128; at++) {
    for (const value of [0, 0x20, 0x39, 0xff]) {
      const damaged = whole.slice();
      damaged[at] = value;
      await loadNpy(damaged).catch((error) => assert.instance(error, CheckpointError, String(error)));
    }
  }
});

const withShape = (shape: string, descr = "'<f4'") => {
  const dict = `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(`${dict}\n`)]);
};

test('sizes are held against the file before anything is allocated', async () => {
  await refuses(loadNpy(withShape('(99999999999, 99999999999)')), /0 data bytes, but float32 of shape .* takes/);
  await refuses(loadNpy(withShape('(-1,)')), /expected 'descr'/);
  await refuses(loadNpy(withShape('(1, , 2)')), /shape \(1, , 2\), expected a tuple of sizes/);
  await refuses(loadNpy(withShape('(3,)', "'<f4', 'descr': '<f8'")), /header ".*", expected/);
  assert.equal((await loadNpy(withShape('(0, 3)'))).shape, [0, 3]);
  const huge = decode(reference.arrays['version 2.0']?.file as string);
  huge.fill(255, 8, 12);
  await refuses(loadNpy(huge), /header of 4294967295 bytes, expected at most 65536/);
});

test('damaged archives are refused', async () => {
  for (const { file } of Object.values(reference.archives)) {
    const whole = decode(file);
    for (let at = 0; at < whole.length; at += 3) {
      const damaged = whole.slice();
      damaged[at] = (damaged[at] as number) ^ 0x55;
      await loadNpz(damaged).catch((error) => assert.instance(error, CheckpointError, String(error)));
    }
    await refuses(loadNpz(whole.slice(0, -30)), /cannot be read as an npz file/);
  }
  const stored = Buffer.from(decode(reference.archives.savez?.file as string));
  stored.writeFloatLE(9, stored.indexOf(Buffer.from(new Float32Array([4, 5]).buffer)));
  await refuses(loadNpz(stored), /weight\.npy: its checksum is wrong/);
});

test('wrong arguments are refused, and a failed write leaves no file', async () => {
  await refuses(loadNpy(7 as unknown as string), /source: expected a path/);
  await refuses(loadNpy(join(folder, 'none.npy')), /none\.npy: cannot be opened/);
  await refuses(loadNpz(join(folder, 'none.npz')), /none\.npz: cannot be read/);
  await refuses(saveNpy(join(folder, 'x.npy'), 7 as unknown as Tensor), /tensor: expected a Tensor, got number/);
  await refuses(saveNpz(join(folder, 'x.npz'), { a: 7 as unknown as Tensor }), /record\['a'\]: expected a Tensor/);
  await refuses(saveNpz(join(folder, 'x.npz'), { '../a': tensor(1) }), /record\['\.\.\/a'\]: not a name/);
  await refuses(saveNpz(join(folder, 'no/x.npz'), { a: tensor(1) }), /cannot be written/);
  const lost = zeros([4]);
  lost.dispose();
  try {
    await saveNpz(join(folder, 'x.npz'), { lost });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, Error);
  }
  const aborted = saveNpz(join(folder, 'x.npz'), { a: tensor(1) }, { signal: AbortSignal.abort() });
  await aborted.then(
    () => assert.unreachable(),
    (error) => assert.is(error.name, 'AbortError'),
  );
  assert.not.ok(readdirSync(folder).some((name) => name.startsWith('x.npz')));
});

test.run();
