// SPDX-License-Identifier: MIT
// Composite ops: errors, corner cases and gradients of higher order; their values are held by golden.test.ts.
import {
  allclose,
  einsum,
  gradcheck,
  linalg,
  nn,
  norm,
  ShapeError,
  stdMean,
  type Tensor,
  tensor,
  zeros,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const F = nn.functional;
const float64 = (data: number[][]) => tensor(data, { dtype: 'float64' });
const a = float64([
  [0.3, -1.2, 0.7],
  [1.9, 0.4, -0.6],
]);
const b = float64([
  [0.8, 0.1, -1.4],
  [-0.5, 1.1, 0.2],
]);

const differentiable: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  varMean: (x) => x.var({ dim: 1 }).add(x.mean(0).sum()),
  logsumexp: (x) => x.logsumexp(1),
  vectorNorm: (x) => x.vectorNorm({ ord: 3, dim: 0 }),
  cdist: (x, y) => x.cdist(y),
  einsum: (x, y) => einsum('ij,kj->ik', [x, y]),
  kron: (x, y) => x.kron(y),
  layerNorm: (x) => F.layerNorm(x, [3]),
  cosineSimilarity: (x, y) => F.cosineSimilarity(x, y),
  huberLoss: (x, y) => F.huberLoss(x, y, { delta: 0.9 }),
  softplus: (x) => F.softplus(x, { beta: 2 }),
  mish: (x) => F.mish(x),
  attention: (x, y) => F.scaledDotProductAttention(x, y, y),
};
for (const [name, run] of Object.entries(differentiable)) {
  test(`${name}: the gradient is that of finite differences`, () => {
    assert.ok(
      gradcheck((x, y) => run(x as Tensor, y as Tensor), [a.clone().requiresGrad_(), b.clone().requiresGrad_()]),
    );
  });
}

test('norms and standard deviations have gradient 0 at 0', () => {
  for (const run of [(x: Tensor) => norm(x), (x: Tensor) => stdMean(x)[0]]) {
    const x = zeros([4], { requiresGrad: true });
    run(x).backward();
    assert.equal(x.grad?.tolist(), [0, 0, 0, 0]);
  }
});

test('einsum agrees with the products it stands for', () => {
  assert.ok(allclose(einsum('ij,kj->ki', [a, b]), b.matmul(a.t())));
  assert.ok(allclose(einsum('ij,ij', [a, b]), a.mul(b).sum()));
  assert.ok(allclose(einsum('ij->ji', [a]), a.t()));
  assert.throws(
    () => einsum('ij,jk', [a, b]),
    (error: Error) => error instanceof ShapeError && /'j' has sizes 3 and 2/.test(error.message),
  );
  assert.throws(() => einsum('ij', [a, b]), /1 terms for 2 tensors/);
  assert.throws(() => einsum('ij->k', [a]), /output label 'k'/);
});

test('max and min along a dimension give the first of equals and its index', () => {
  const { values, indices } = tensor([
    [1, 3, 3],
    [2, 0, 2],
  ]).max(1);
  assert.equal(
    [values.tolist(), indices.tolist()],
    [
      [3, 2],
      [1, 0],
    ],
  );
  assert.equal(a.min(0, { keepdim: true }).indices.shape, [1, 3]);
  assert.is(a.max().item(), 1.9);
});

test('unfold and fold are each other up to how often a pixel is seen', () => {
  const x = tensor(Float64Array.from({ length: 32 }, (_, i) => i)).reshape([1, 2, 4, 4]);
  const options = { padding: 1, stride: 2 };
  const seen = F.fold(F.unfold(x.mul(0).add(1), 2, options), 4, 2, options);
  assert.ok(allclose(F.fold(F.unfold(x, 2, options), 4, 2, options), x.mul(seen)));
  assert.throws(() => F.unfold(x, 7), /a kernel of \[7,7\] does not fit/);
});

test('bad arguments are named', () => {
  assert.throws(() => a.mm(zeros([3])), /mm: b: expected 2 dimensions, got shape \[3\]/);
  assert.throws(() => tensor([1, 2]).mean(), /mean: expected a floating dtype, got int64/);
  assert.throws(
    () => F.mseLoss(a, b, { reduction: 'average' as 'mean' }),
    /expected 'none', 'mean' or 'sum', got 'average'/,
  );
  assert.throws(() => F.glu(a), /expected an even size, got 3/);
  assert.throws(() => F.groupNorm(a, 2), /2 groups do not divide/);
  assert.throws(() => F.batchNorm(a, undefined, undefined), /runningMean and runningVar are needed/);
  assert.throws(() => linalg.matrixPower(a, 2), /expected square matrices/);
});

test('an attention query that may see no key gives 0, with gradient 0', () => {
  const q = a.clone().requiresGrad_();
  const mask = tensor([
    [true, false],
    [false, false],
  ]);
  const y = F.scaledDotProductAttention(q, b, b, { attnMask: mask });
  assert.equal(y.select(0, 1).tolist(), [0, 0, 0]);
  y.sum().backward();
  assert.equal(q.grad?.select(0, 1).tolist(), [0, 0, 0]);
});

test.run();
