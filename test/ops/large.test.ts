// SPDX-License-Identifier: MIT
// suites: sanitizer isa
import * as cr from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// Outputs of 32 MiB and more are written past the caches. Each is held against the same op on pieces that are not.
const generator = new cr.Generator(1);
const rows = 2311;
const columns = 3671;
const x = cr.randn([rows, columns], { generator });
const piece = 100;

function checkByPieces(name: string, of: (x: cr.Tensor) => cr.Tensor) {
  const whole = of(x).toTypedArray();
  for (let row = 0; row < rows; row += piece) {
    const part = of(x.narrow(0, row, Math.min(piece, rows - row))).toTypedArray();
    assert.ok(Buffer.compare(bytes(whole, row * columns, part.length), bytes(part, 0, part.length)) === 0, name);
  }
}
const bytes = (values: cr.TypedArray, from: number, count: number) =>
  Buffer.from(values.buffer, values.byteOffset + from * 4, count * 4);

test('elementwise ops', () => {
  const row = cr.randn([columns], { generator });
  checkByPieces('exp', (a) => a.exp());
  checkByPieces('add', (a) => a.add(a));
  checkByPieces('a row for all', (a) => a.mul(row));
  checkByPieces('clone', (a) => a.clone());
  checkByPieces('a number', (a) => a.mul(3));
});

test('an output that begins within a line of the cache', () => {
  const target = cr.zeros([rows * columns + 1]).narrow(0, 1, rows * columns);
  target.copy_(x.flatten());
  assert.ok(target.equal(x.flatten()));
});

test('an op in place', () => {
  const y = x.clone();
  y.mul_(2);
  assert.ok(y.equal(x.add(x)));
});

test('transposed copies, of whole lines and not', () => {
  for (const height of [rows, 2304]) {
    const a = x.narrow(0, 0, height);
    const got = a.t().contiguous();
    const values = a.toTypedArray();
    const want = new Float32Array(values.length);
    for (let c = 0; c < columns; c++)
      for (let r = 0; r < height; r++) want[c * height + r] = values[r * columns + c] as number;
    assert.ok(Buffer.compare(bytes(got.toTypedArray(), 0, want.length), bytes(want, 0, want.length)) === 0);
  }
});

test.run();
