// SPDX-License-Identifier: MIT

import * as cr from 'cresset';
import { nn, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const values = (x: Tensor) => Array.from(x.toTypedArray(), Number);
const close = (got: Tensor, want: number[]) =>
  values(got).forEach((v, i) => {
    assert.ok(Math.abs(v - (want[i] as number)) < 1e-12, `element ${i}: got ${v}, want ${want[i]}`);
  });
const points = [-7, -2, -0.3, 0, 0.2, 1.5, 8];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.log1p(Math.exp(x));

const activations: [nn.Layer, (x: number) => number, string][] = [
  [new nn.Identity(), (x) => x, 'Identity()'],
  [new nn.ReLU(), (x) => Math.max(x, 0), 'ReLU()'],
  [new nn.ReLU6(), (x) => Math.min(Math.max(x, 0), 6), 'ReLU6()'],
  [new nn.LeakyReLU(), (x) => (x > 0 ? x : 0.01 * x), 'LeakyReLU(negative_slope=0.01)'],
  [new nn.ELU({ alpha: 2 }), (x) => (x > 0 ? x : 2 * Math.expm1(x)), 'ELU(alpha=2.0)'],
  [new nn.CELU({ alpha: 2 }), (x) => (x > 0 ? x : 2 * Math.expm1(x / 2)), 'CELU(alpha=2.0)'],
  [new nn.SELU(), (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)), 'SELU()'],
  [new nn.SiLU(), (x) => x * sigmoid(x), 'SiLU()'],
  [new nn.Mish(), (x) => x * Math.tanh(softplus(x)), 'Mish()'],
  [new nn.Tanh(), Math.tanh, 'Tanh()'],
  [new nn.Sigmoid(), sigmoid, 'Sigmoid()'],
  [new nn.LogSigmoid(), (x) => -softplus(-x), 'LogSigmoid()'],
  [new nn.Softplus(), softplus, 'Softplus(beta=1.0, threshold=20.0)'],
  [new nn.Softsign(), (x) => x / (1 + Math.abs(x)), 'Softsign()'],
  [new nn.Tanhshrink(), (x) => x - Math.tanh(x), 'Tanhshrink()'],
  [new nn.Hardtanh(), (x) => Math.min(Math.max(x, -1), 1), 'Hardtanh(min_val=-1.0, max_val=1.0)'],
  [new nn.Hardsigmoid(), (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1), 'Hardsigmoid()'],
  [new nn.Hardswish(), (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1), 'Hardswish()'],
  [new nn.Hardshrink(), (x) => (Math.abs(x) > 0.5 ? x : 0), 'Hardshrink(0.5)'],
  [new nn.Softshrink(), (x) => Math.sign(x) * Math.max(Math.abs(x) - 0.5, 0), 'Softshrink(0.5)'],
  [new nn.Threshold(0.1, 20), (x) => (x > 0.1 ? x : 20), 'Threshold(threshold=0.1, value=20)'],
  [new nn.PReLU(), (x) => (x > 0 ? x : 0.25 * x), 'PReLU(num_parameters=1)'],
];

for (const [layer, formula, text] of activations) {
  test(`${text} by its formula`, () => {
    assert.is(String(layer), text);
    close(layer.to('float64').forward(cr.tensor(points, { dtype: 'float64' })), points.map(formula));
  });
}

test('layers over a dimension', () => {
  const x = cr.tensor([[1, 2, 3, 4]], { dtype: 'float64' });
  const e = [1, 2, 3, 4].map(Math.exp);
  const total = e.reduce((a, b) => a + b);
  close(
    new nn.Softmax(1).forward(x),
    e.map((v) => v / total),
  );
  close(
    new nn.LogSoftmax(1).forward(x),
    e.map((v) => Math.log(v / total)),
  );
  close(
    new nn.Softmin(1).forward(x.neg()),
    e.map((v) => v / total),
  );
  close(new nn.GLU().forward(x), [sigmoid(3), 2 * sigmoid(4)]);
  assert.equal(new nn.Flatten().forward(cr.zeros([2, 3, 4])).shape, [2, 12]);
  assert.equal(new nn.Unflatten(1, [3, -1]).forward(cr.zeros([2, 12])).shape, [2, 3, 4]);
});

test('linear and bilinear by their sums', () => {
  const linear = new nn.Linear(2, 1).to('float64');
  linear.loadStateDict({ weight: cr.tensor([[2, 3]]), bias: cr.tensor([1]) });
  close(linear.forward(cr.tensor([[1, 10]], { dtype: 'float64' })), [33]);
  const bilinear = new nn.Bilinear(2, 2, 1).to('float64');
  bilinear.loadStateDict({
    weight: cr.tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]),
    bias: cr.tensor([5]),
  });
  const [a, b] = [cr.tensor([1, 2], { dtype: 'float64' }), cr.tensor([3, 5], { dtype: 'float64' })];
  close(bilinear.forward(a, b), [1 * 3 + 2 * 5 + 3 * 2 * 3 + 4 * 2 * 5 + 5]);
  assert.is(new nn.Linear(3, 2, { bias: false }).parameters().length, 1);
});

test('dropout acts in training only', () => {
  const layer = new nn.Dropout(0.5);
  const x = cr.ones([1000]);
  assert.ok(values(layer.forward(x)).some((v) => v === 0));
  assert.is(layer.eval().forward(x), x);
  assert.throws(() => new nn.Dropout(2), /probability in \[0, 1\], got 2/);
});

test('losses by hand', () => {
  const input = cr.tensor([0.2, 0.7], { dtype: 'float64' });
  const target = cr.tensor([1, 0], { dtype: 'float64' });
  const [a, b] = [-Math.log(0.2), -Math.log(0.3)];
  close(new nn.MSELoss().forward(input, target), [(0.64 + 0.49) / 2]);
  close(new nn.L1Loss({ reduction: 'sum' }).forward(input, target), [1.5]);
  close(new nn.SmoothL1Loss({ reduction: 'none' }).forward(input, target), [0.32, 0.245]);
  close(new nn.HuberLoss({ delta: 0.5, reduction: 'none' }).forward(input, target), [0.275, 0.225]);
  close(new nn.BCELoss().forward(input, target), [(a + b) / 2]);
  const logits = input.div(input.neg().add(1)).log();
  close(new nn.BCEWithLogitsLoss().forward(logits, target), [(a + b) / 2]);
  const posWeight = cr.tensor([3, 1], { dtype: 'float64' });
  close(new nn.BCEWithLogitsLoss({ posWeight }).forward(logits, target), [(3 * a + b) / 2]);
  close(new nn.KLDivLoss({ reduction: 'sum' }).forward(input.log(), cr.tensor([0.5, 0.5], { dtype: 'float64' })), [
    0.5 * Math.log(0.5 / 0.2) + 0.5 * Math.log(0.5 / 0.7),
  ]);
  const scores = cr.tensor([[0, 0]], { dtype: 'float64' });
  close(new nn.CrossEntropyLoss().forward(scores, cr.tensor([1])), [Math.log(2)]);
  close(new nn.NLLLoss().forward(scores.logSoftmax(1), cr.tensor([1])), [Math.log(2)]);
  const weight = cr.tensor([1, 3], { dtype: 'float64' });
  close(new nn.CrossEntropyLoss({ weight, reduction: 'sum' }).forward(scores, cr.tensor([1])), [3 * Math.log(2)]);
});

test.run();
