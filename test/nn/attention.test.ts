// SPDX-License-Identifier: MIT
// Values and first gradients are held by golden.test.ts.
import {
  allclose,
  getNumThreads,
  gradcheck,
  gradgradcheck,
  manualSeed,
  nn,
  randn,
  setNumThreads,
  type Tensor,
  tensor,
  zeros,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { scaledDotProductAttention: attend } = nn.functional;
const input = (shape: number[]) => randn(shape, { dtype: 'float64', requiresGrad: true });

test('gradients of first and second order, with every mask', () => {
  const [q, k, v] = [input([2, 3, 2]), input([2, 4, 2]), input([2, 4, 3])];
  const added = input([3, 4]);
  const allowed = tensor([
    [true, false, true, true],
    [false, false, false, false],
    [true, true, false, false],
  ]);
  const check = (fn: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]) => {
    assert.ok(gradcheck(fn, inputs));
    assert.ok(gradgradcheck(fn, inputs));
  };
  check((a, b, c) => attend(a, b, c), [q, k, v]);
  check((a, b, c) => attend(a, b, c, { isCausal: true, scale: -0.5 }), [q, k, v]);
  check((a, b, c) => attend(a, b, c, { attnMask: allowed }), [q, k, v]);
  check((a, b, c, m) => attend(a, b, c, { attnMask: m }), [q, k, v, added]);
});

test('stacks broadcast, forward and backward', () => {
  const [q, k, v] = [input([2, 1, 3, 2]), input([3, 4, 2]), input([4, 3])];
  const mask = randn([5, 1, 1, 1, 4], { dtype: 'float64' });
  const y = attend(q, k, v, { attnMask: mask });
  assert.equal(y.shape, [5, 2, 3, 3, 3]);
  for (const [m, n, h] of [
    [0, 1, 2],
    [4, 0, 1],
  ] as const) {
    const one = attend(q.select(0, n).select(0, 0), k.select(0, h), v, { attnMask: mask.select(0, m).reshape([1, 4]) });
    assert.ok(allclose(y.select(0, m).select(0, n).select(0, h), one));
  }
  assert.ok(gradcheck((a, b, c) => attend(a, b, c, { attnMask: mask.select(0, 0) }), [q, k, v]));
});

test('heads taken out of one projection, without and with rest of a tile, give the bits of copies', () => {
  manualSeed(5);
  const all = randn([3, 150, 3, 4, 8]).requiresGrad_();
  const run = (prepare: (x: Tensor) => Tensor): Tensor[] => {
    all.grad = undefined;
    const [q, k, v] = all.permute([2, 0, 3, 1, 4]).unbind(0).map(prepare) as [Tensor, Tensor, Tensor];
    const y = attend(q, k, v, { isCausal: true });
    y.square().sum().backward();
    return [y.detach(), all.grad as unknown as Tensor];
  };
  const before = getNumThreads();
  const want = run((x) => x.contiguous()).map((x) => x.tolist());
  for (const threads of [1, 2, 3]) {
    setNumThreads(threads);
    assert.equal(
      run((x) => x).map((x) => x.tolist()),
      want,
      `${threads} threads`,
    );
  }
  setNumThreads(before);
});

test('without queries, keys or width', () => {
  assert.equal(attend(zeros([0, 2]), zeros([3, 2]), zeros([3, 4])).shape, [0, 4]);
  assert.equal(attend(zeros([2, 2]), zeros([0, 2]), zeros([0, 2])).tolist(), [
    [0, 0],
    [0, 0],
  ]);
  const v = input([2, 1]);
  const y = attend(zeros([1, 0], { dtype: 'float64' }), zeros([2, 0], { dtype: 'float64' }), v, { scale: 1 });
  y.sum().backward();
  assert.equal(v.grad?.tolist(), [[0.5], [0.5]]);
});

test('bad arguments are named', () => {
  const x = zeros([2, 3]);
  assert.throws(() => attend(x, zeros([2, 4]), x), /query \[2, 3\], key \[2, 4\] and value \[2, 3\] do not fit/);
  assert.throws(() => attend(x, x, zeros([2, 3], { dtype: 'float64' })), /of one dtype, float32 or float64/);
  assert.throws(() => attend(x, x, x, { attnMask: zeros([3, 2]) }), /cannot be broadcast|attnMask/);
  assert.throws(() => attend(zeros([3]), x, x), /of 2 dimensions or more, got \[3\]/);
});

test.run();
