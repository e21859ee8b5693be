// SPDX-License-Identifier: MIT
// Result dtypes are PyTorch's (test/nn/reference/autocast.py); values are those of converting by hand.
import { readFileSync } from 'node:fs';
import * as cresset from 'cresset';
import {
  autocast,
  cat,
  compile,
  type DType,
  isAutocastEnabled,
  manualSeed,
  nn,
  ones,
  optim,
  rand,
  randint,
  randn,
  type Tensor,
  tensor,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const F = nn.functional;
const file = new URL('../../../test/nn/reference/autocast.json', import.meta.url);
const expected = JSON.parse(readFileSync(file, 'utf8')) as Record<string, [DType, DType]>;

/** Arguments as the reference's; the functions are those of `nn.functional` or of the package. */
function argumentsOf(name: string, dtype: DType): unknown[] {
  const x = (...shape: number[]) => rand(shape).clamp(0.1, 0.9).to(dtype);
  const [classes, signs] = [tensor([0, 1, 2]), ones([3])];
  const given: Record<string, () => unknown[]> = {
    matmul: () => [x(3, 4), x(4, 5)],
    mm: () => [x(3, 4), x(4, 5)],
    bmm: () => [x(2, 3, 4), x(2, 4, 5)],
    mv: () => [x(3, 4), x(4)],
    dot: () => [x(4), x(4)],
    addmm: () => [x(3, 5), x(3, 4), x(4, 5)],
    addbmm: () => [x(3, 5), x(2, 3, 4), x(2, 4, 5)],
    baddbmm: () => [x(2, 3, 5), x(2, 3, 4), x(2, 4, 5)],
    addmv: () => [x(3), x(3, 4), x(4)],
    einsum: () => ['ij,jk->ik', [x(3, 4), x(4, 5)]],
    linear: () => [x(3, 4), x(5, 4), x(5)],
    bilinear: () => [x(3, 4), x(3, 5), x(6, 4, 5), x(6)],
    conv1d: () => [x(1, 2, 8), x(3, 2, 3), x(3)],
    conv2d: () => [x(1, 2, 8, 8), x(3, 2, 3, 3), x(3)],
    convTranspose2d: () => [x(1, 2, 8, 8), x(2, 3, 3, 3)],
    scaledDotProductAttention: () => [x(1, 2, 3, 4), x(1, 2, 3, 4), x(1, 2, 3, 4)],
    sum: () => [x(3)],
    softmax: () => [x(3), 0],
    relu: () => [x(3)],
    gelu: () => [x(3)],
    layerNorm: () => [x(3, 4), [4]],
    cat: () => [[x(3), signs]],
    cdist: () => [x(3, 4), x(3, 4)],
    klDiv: () => [x(3), x(3), { reduction: 'sum' }],
    gaussianNllLoss: () => [x(3), x(3), x(3)],
    hingeEmbeddingLoss: () => [x(3), signs],
    marginRankingLoss: () => [x(3), x(3), signs],
    cosineEmbeddingLoss: () => [x(3, 4), x(3, 4), signs],
    softMarginLoss: () => [x(3), signs],
    multilabelSoftMarginLoss: () => [x(3, 4), ones([3, 4])],
    multiMarginLoss: () => [x(3, 4), classes],
    tripletMarginLoss: () => [x(3, 4), x(3, 4), x(3, 4)],
    crossEntropy: () => [x(3, 4), classes],
    nllLoss: () => [x(3, 4), classes],
  };
  return (given[name] ?? (() => [x(3), x(3)]))();
}

const all = { ...cresset, ...F } as unknown as Record<string, (...args: unknown[]) => Tensor>;
for (const [name, dtypes] of Object.entries(expected)) {
  test(`${name}: PyTorch's dtype`, () => {
    for (const [i, dtype] of (['float32', 'bfloat16'] as const).entries()) {
      const y = autocast(() => (all[name] as (...args: unknown[]) => Tensor)(...argumentsOf(name, dtype)));
      // PyTorch's list lacks this loss; like all others it is float32 here.
      assert.is(y.dtype, name === 'gaussianNllLoss' ? 'float32' : dtypes[i], `of ${dtype}`);
    }
  });
}

test('nothing is lowered outside a scope, float64 never', () => {
  const [a, b] = [randn([3, 3]), randn([3, 3])];
  assert.is(a.matmul(b).dtype, 'float32');
  assert.is(autocast(() => a.to('float64').matmul(b.to('float64'))).dtype, 'float64');
  const nested = autocast(() => autocast(() => a.matmul(b), { enabled: false }));
  assert.equal(nested.tolist(), a.matmul(b).tolist());
  assert.equal([autocast(isAutocastEnabled), isAutocastEnabled()], [true, false]);
});

test('a scope ends with an error, takes no promise and no other dtype', () => {
  assert.throws(() => autocast(() => tensor([1]).reshape([7])));
  assert.throws(() => autocast(async () => 1), /autocast: the function returned a promise/);
  assert.throws(() => autocast(() => 1, { dtype: 'float16' as never }), /expected 'bfloat16', got float16/);
  assert.throws(() => autocast(7 as never), /autocast: expected a function/);
  assert.is(isAutocastEnabled(), false);
});

class Net extends nn.Module {
  conv = new nn.Conv2d(1, 4, 3);
  lstm = new nn.LSTM(16, 12, { batchFirst: true });
  fc1 = new nn.Linear(12, 20);
  norm = new nn.LayerNorm(20);
  fc2 = new nn.Linear(20, 5);
  forward(x: Tensor): Tensor {
    const [y] = this.lstm.forward(this.conv.forward(x).flatten(2));
    return this.fc2.forward(this.norm.forward(this.fc1.forward(y).relu()).mean(1));
  }
}

function train(wrap: (step: (x: Tensor, y: Tensor) => Tensor) => (x: Tensor, y: Tensor) => Tensor, scoped = true) {
  manualSeed(9);
  const model = new Net();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const step = wrap((x, y) => {
    optimizer.zeroGrad();
    const forward = () => F.crossEntropy(model.forward(x), y);
    const loss = scoped ? autocast(forward) : forward();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const [x, y] = [randn([6, 1, 6, 6]), randint(0, 5, [6])];
  const losses = Array.from({ length: 8 }, () => step(x, y).item());
  for (const p of model.parameters()) assert.equal([p.dtype, p.grad?.dtype], ['float32', 'float32']);
  return { losses, weights: cat(model.parameters().map((p) => p.detach().flatten())).tolist() };
}

test('training: compiled as eager, near float32', () => {
  const eager = train((step) => step);
  assert.equal(
    train((step) => compile(step) as typeof step),
    eager,
  );
  const full = train((step) => step, false);
  for (const [i, loss] of eager.losses.entries()) assert.ok(Math.abs(loss - (full.losses[i] as number)) < 0.05);
  assert.not.equal(eager.losses, full.losses);
});

test('a compiled function called inside a scope and outside of it is recorded twice', () => {
  const [a, b] = [randn([4, 4]), randn([4, 4])];
  const product = compile((x: Tensor) => x.matmul(b));
  assert.is(product(a).dtype, 'float32');
  assert.is(autocast(() => product(a)).dtype, 'bfloat16');
  assert.is(product(a).dtype, 'float32');
});

test('gradients are those of converting by hand', () => {
  const [x, w] = [randn([5, 30]), randn([7, 30]).requiresGrad_()];
  const other = w.detach().clone().requiresGrad_();
  autocast(() => F.linear(x, w))
    .to('float32')
    .square()
    .sum()
    .backward();
  F.linear(x.to('bfloat16'), other.to('bfloat16')).to('float32').square().sum().backward();
  assert.equal(w.grad?.tolist(), other.grad?.tolist());
});

test.run();
