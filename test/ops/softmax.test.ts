// SPDX-License-Identifier: MIT

import * as cr from 'cresset';
import { Generator, grad, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { crossEntropy, dropout, nllLoss } = cr.nn.functional;
const g = new Generator(1);
const randn = (shape: number[], requiresGrad = true) =>
  cr.randn(shape, { dtype: 'float64', generator: g, requiresGrad });
const values = (x: Tensor) => Array.from(x.toTypedArray(), Number);
const close = (got: Tensor, want: Tensor | number[], tolerance = 1e-12) => {
  const [a, b] = [values(got), Array.isArray(want) ? want : values(want)];
  assert.is(a.length, b.length);
  a.forEach((v, i) => {
    assert.ok(Math.abs(v - (b[i] as number)) <= tolerance, `element ${i}: got ${v}, want ${b[i]}`);
  });
};
const first = (y: Tensor, x: Tensor, createGraph = false) => grad(y, x, { createGraph })[0] as Tensor;

test('softmax by its definition along every dimension', () => {
  const x = randn([2, 3, 4], false);
  for (const dim of [0, 1, 2, -1]) {
    const e = x.exp();
    close(x.softmax(dim), e.div(e.sum({ dim, keepdim: true })));
    close(x.logSoftmax(dim), x.softmax(dim).log());
  }
  assert.is(cr.tensor(3, { dtype: 'float32' }).softmax(0).item(), 1);
  assert.equal(cr.zeros([0, 3]).softmax(1).shape, [0, 3]);
  assert.throws(() => cr.tensor([1, 2], { dtype: 'int64' }).softmax(0), /floating dtype, got int64/);
  assert.is(cr.tensor([1, 2], { dtype: 'int64' }).softmax(0, { dtype: 'float64' }).dtype, 'float64');
  assert.throws(() => x.softmax(3), /dim/);
});

test('first and second gradients equal those of the expression', () => {
  for (const [op, byHand] of [
    [(x: Tensor) => x.softmax(0), (x: Tensor) => x.exp().div(x.exp().sum({ dim: 0, keepdim: true }))],
    [(x: Tensor) => x.logSoftmax(0), (x: Tensor) => x.sub(x.exp().sum({ dim: 0, keepdim: true }).log())],
  ] as const) {
    const x = randn([4, 3]);
    const c = randn([4, 3], false);
    const second = (f: (x: Tensor) => Tensor) => {
      const d = first(f(x).mul(c).sum(), x, true);
      return [d, first(d.square().sum(), x)] as const;
    };
    const [d1, d2] = second(op);
    const [e1, e2] = second(byHand);
    close(d1, e1);
    close(d2, e2);
    close(first(op(x).mul(c).sum(), x), e1); // the fused backward
  }
});

const target = () => cr.tensor([2, 0, 1, 2]);

test('cross entropy is the sum over target probabilities, and its gradients follow', () => {
  const weight = cr.tensor([0.5, 2, 1], { dtype: 'float64' });
  for (const labelSmoothing of [0, 0.1]) {
    const x = randn([4, 3]);
    const byHand = (x: Tensor) => {
      const q = cr.tensor(
        [
          [0, 0, 1],
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
        { dtype: 'float64' },
      );
      const smooth = q.mul(1 - labelSmoothing);
      const scaled = smooth.mul(q.mul(weight).sum({ dim: 1, keepdim: true })).add(weight.mul(labelSmoothing / 3));
      return x
        .logSoftmax(1)
        .mul(scaled)
        .sum()
        .neg()
        .div(1 + 0.5 + 2 + 1);
    };
    const loss = crossEntropy(x, target(), { weight, labelSmoothing });
    close(loss, byHand(x));
    const want = first(byHand(x), x, true);
    close(first(loss, x), want);
    const again = first(crossEntropy(x, target(), { weight, labelSmoothing }), x, true);
    close(again, want);
    close(first(again.square().sum(), x), first(want.square().sum(), x));
  }
});

test('a row with NaN or +inf is all NaN, wherever it stands, and spoils no other; -inf counts for nothing', () => {
  for (const width of [2, 7, 16, 40, 1000, 5000])
    for (const dtype of ['float32', 'float64'] as const)
      for (const at of new Set([0, width >> 1, width - 1]))
        for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const rows = Array.from({ length: 40 }, (_, r) =>
            Array.from({ length: width }, (_, c) => (r === 20 && c === at ? odd : c === (at + 1) % width ? 1e30 : 0)),
          );
          for (const y of [cr.tensor(rows, { dtype }).softmax(1), cr.tensor(rows, { dtype }).logSoftmax(1).exp()])
            values(y).forEach((v, i) => {
              const spoilt = Math.floor(i / width) === 20 && odd !== Number.NEGATIVE_INFINITY;
              const want = i % width === (at + 1) % width ? 1 : 0;
              if (spoilt ? !Number.isNaN(v) : v !== want)
                assert.unreachable(`${dtype} ${width}: ${v} at ${i}, with ${odd} at ${at}`);
            });
        }
});

test('ignored targets count for nothing; when all are, the loss is NaN and the gradient zero', () => {
  const x = randn([3, 2]);
  const some = crossEntropy(x, cr.tensor([1, -100, 0]));
  close(
    some,
    crossEntropy(
      cr.tensor([[...values(x).slice(0, 2)], [...values(x).slice(4)]], { dtype: 'float64' }),
      cr.tensor([1, 0]),
    ),
  );
  assert.equal(values(first(some, x)).slice(2, 4), [0, 0]);
  const none = crossEntropy(x, cr.full([3], 7), { ignoreIndex: 7 });
  assert.ok(Number.isNaN(none.item()));
  assert.equal(values(first(none, x)), [0, 0, 0, 0, 0, 0]);
});

test('more dimensions, every integer dtype, halves', () => {
  const x = randn([2, 3, 4], false);
  const t = cr.tensor([
    [0, 1, 2, 0],
    [2, 2, 1, 0],
  ]);
  const want = crossEntropy(x.transpose(1, 2).reshape([8, 3]), t.reshape([8]), { reduction: 'none' });
  for (const dtype of ['uint8', 'int8', 'int16', 'int32', 'int64'] as const) {
    close(crossEntropy(x, t.to(dtype), { reduction: 'none' }), want);
    close(nllLoss(x.logSoftmax(1), t.to(dtype), { reduction: 'none' }), want);
  }
  const half = crossEntropy(x.to('bfloat16').requiresGrad_(), t);
  assert.is(half.dtype, 'bfloat16');
  close(half.to('float64'), want.sum().div(8), 0.02);
});

test('wrong targets are errors that name them', () => {
  const x = randn([2, 3]);
  assert.throws(() => crossEntropy(x, cr.tensor([0, 3])), /cross_entropy: target 3 is out of range for 3 classes/);
  assert.throws(() => nllLoss(x, cr.tensor([-1, 0])), /nll_loss: target -1 is out of range/);
  assert.throws(() => crossEntropy(x, cr.tensor([0])), /expected shape \[2\] for input of shape \[2, 3\], got \[1\]/);
  assert.throws(() => nllLoss(x, cr.zeros([2])), /class indices of an integer dtype, got float32/);
  assert.throws(() => crossEntropy(x, cr.zeros([2])), /probabilities of the input's shape/);
  assert.throws(() => crossEntropy(x, cr.tensor([0, 1]), { weight: cr.ones([2]) }), /weight: expected shape \[3\]/);
  assert.throws(() => crossEntropy(x, cr.tensor([0, 1]), { reduction: 'avg' as 'mean' }), /reduction/);
  assert.throws(() => crossEntropy(x, cr.tensor([0, 1]), { labelSmoothing: 2 }), /\[0, 1\], got 2/);
});

test('dropout keeps 1 - p of the elements, scaled, and passes their gradient', () => {
  const n = 100_000;
  const x = cr.ones([n], { requiresGrad: true });
  const y = dropout(x, { p: 0.2, generator: new Generator(2) });
  const kept = values(y).filter((v) => v !== 0);
  assert.ok(kept.every((v) => Math.abs(v - 1.25) < 1e-6));
  assert.ok(Math.abs(kept.length / n - 0.8) < 5 * Math.sqrt(0.16 / n));
  assert.equal(values(first(y.sum(), x)), values(y));
  assert.equal(
    values(dropout(x, { p: 1 })).some((v) => v !== 0),
    false,
  );
  assert.equal(
    values(first(dropout(x, { p: 1 }).sum(), x)).some((v) => v !== 0),
    false,
  );
  assert.is(dropout(x, { p: 0.5, training: false }), x);
  assert.throws(() => dropout(x, { p: 1.5 }), /probability in \[0, 1\], got 1.5/);
});

test.run();
