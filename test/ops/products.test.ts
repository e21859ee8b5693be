// SPDX-License-Identifier: MIT
// suites: isa
// Products of a linear layer: whichever way round a shape is computed, each output is the same chain of sums.
import { compile, nn, randn, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const shapes: [rows: number, steps: number, columns: number][] = [
  [1, 300, 40],
  [7, 200, 64],
  [8, 784, 128],
  [16, 784, 128],
  [24, 130, 60],
  [32, 784, 70],
  [32, 1700, 64],
  [47, 900, 100],
  [64, 784, 128],
  [96, 512, 300],
  [128, 256, 256],
  [128, 2100, 260],
];

const flat = (x: Tensor) => Array.from(x.contiguous().toTypedArray() as Float32Array);

for (const [rows, steps, columns] of shapes) {
  test(`${rows} x ${steps} times the transpose of ${columns} x ${steps}`, () => {
    const [x, w, bias] = [randn([rows, steps]), randn([columns, steps]), randn([columns])];
    const y = x.matmul(w.t());
    assert.equal(flat(y), flat(w.matmul(x.t()).t()), 'the other way round');
    assert.equal(flat(y), flat(x.matmul(w.t().contiguous())), 'by rows that lie in order');
    const wide = x.to('float64').matmul(w.to('float64').t());
    const error = wide.sub(y.to('float64')).abs().max().item();
    assert.ok(error < 1e-6 * steps, `off by ${error}`);
    const layer = nn.functional.linear(x, w, bias).relu();
    assert.equal(flat(layer), flat(y.add(bias).relu()), 'with bias and relu');
    const residual = randn([rows, columns]);
    const joined = compile((a: Tensor, r: Tensor) => nn.functional.linear(a, w, bias).add(r));
    assert.equal(flat(joined(x, residual)), flat(y.add(bias).add(residual)), 'with bias and residual');
    assert.equal(compile.explain(joined).programs[0]?.fused, ['linear add']);
  });
}

test.run();
