// SPDX-License-Identifier: MIT

import * as cr from 'cresset';
import { nn, optim, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const leaf = (values: number[], dtype: cr.DType = 'float64') => cr.tensor(values, { dtype, requiresGrad: true });
const values = (x: Tensor) => Array.from(x.toTypedArray(), Number);
const close = (got: Tensor, want: number[]) =>
  values(got).forEach((v, i) => {
    assert.ok(Math.abs(v - (want[i] as number)) < 1e-12, `element ${i}: got ${v}, want ${want[i]}`);
  });
/** Gives x the gradient and takes a step. */
const stepWith = (optimizer: { step(): void }, x: Tensor, gradient: number[]) => {
  x.grad = cr.tensor(gradient, { dtype: x.dtype });
  optimizer.step();
};

test('SGD by hand: plain, then with momentum', () => {
  const x = leaf([1, -2]);
  stepWith(new optim.SGD([x], { lr: 0.5 }), x, [2, 4]);
  close(x, [0, -4]);
  const y = leaf([0]);
  const momentum = new optim.SGD([y], { lr: 1, momentum: 0.5, dampening: 0.25 });
  stepWith(momentum, y, [4]); // buffer 4
  stepWith(momentum, y, [4]); // buffer 0.5 * 4 + 0.75 * 4 = 5
  close(y, [-9]);
});

test('the first step of Adam is lr times the sign', () => {
  const x = leaf([1, 1, 1]);
  stepWith(new optim.Adam([x], { lr: 0.1, eps: 0 }), x, [3, -0.01, 1e6]);
  close(x, [0.9, 1.1, 0.9]);
});

test('a parameter without a gradient stays, and its step count with it', () => {
  const [x, y] = [leaf([1]), leaf([1])];
  const adam = new optim.Adam([x, y], { lr: 0.1, eps: 0 });
  stepWith(adam, x, [1]);
  assert.is(adam.state.has(y), false);
  close(y, [1]);
  x.grad = undefined;
  stepWith(adam, y, [1]); // y's first step: full size
  close(y, [0.9]);
  assert.is(adam.state.get(x)?.step?.item(), 1);
  const sgd = new optim.SGD([x, y], { lr: 1, momentum: 0.9, dampening: 0.5 });
  stepWith(sgd, x, [1]);
  stepWith(sgd, y, [1]);
  close(y, [0.9 - 1 - 1.4]); // y had a gradient in both steps: 1, then 0.9 * 1 + 0.5 * 1
});

test('averages of a gradient that stays zero end at zero, not among the subnormal numbers', () => {
  const x = leaf([1, 1], 'float32');
  const adam = new optim.Adam([x], { lr: 0.1 });
  const sgd = new optim.SGD([x], { lr: 0.1, momentum: 0.9 });
  for (const optimizer of [adam, sgd]) {
    stepWith(optimizer, x, [3, -0.01]);
    for (let i = 0; i < 1000; i++) stepWith(optimizer, x, [0, 0]);
  }
  const state = { ...adam.state.get(x), ...sgd.state.get(x) } as Record<string, Tensor>;
  assert.equal(values(state.exp_avg as Tensor), [0, 0]); // without the rule: 5e-45, which 0.9 times rounds to itself
  assert.equal(values(state.momentum_buffer as Tensor), [0, 0]);
  values(state.exp_avg_sq as Tensor).forEach((v, i) => {
    const want = 0.001 * (i === 0 ? 9 : 1e-4) * 0.999 ** 1000;
    assert.ok(Math.abs(v / want - 1) < 1e-4, `got ${v}, want ${want}`);
  });
});

for (const dtype of ['float16', 'bfloat16'] as const) {
  test(`${dtype} parameters and transposed ones are updated`, () => {
    const x = cr.zeros([2, 3], { dtype }).transpose(0, 1).detach().requiresGrad_();
    x.grad = cr.ones([3, 2], { dtype });
    new optim.SGD([x], { lr: 0.5 }).step();
    assert.equal(x.detach().to('float32').tolist(), [
      [-0.5, -0.5],
      [-0.5, -0.5],
      [-0.5, -0.5],
    ]);
  });
}

test('groups have options of their own, which may change between steps', () => {
  const [x, y] = [leaf([0]), leaf([0])];
  const sgd = new optim.SGD([{ params: [x] }, { params: [y], lr: 0.1 }], { lr: 1 });
  const both = () => {
    x.grad = cr.ones([1], { dtype: 'float64' });
    stepWith(sgd, y, [1]);
  };
  both();
  (sgd.paramGroups[0] as { lr: number }).lr = 2;
  both();
  close(x, [-3]);
  close(y, [-0.2]);
  sgd.zeroGrad();
  assert.is(x.grad, undefined);
  assert.is(
    sgd.step(() => 5),
    5,
  );
});

test('steps are in place, unrecorded, and seen by autograd', () => {
  const x = leaf([2]);
  const y = x.square().sum();
  stepWith(new optim.SGD([x], { lr: 0.1 }), x, [1]);
  assert.ok(x.isLeaf && x.requiresGrad);
  assert.throws(() => y.backward(), /changed|modified|version/);
});

test('a state dict continues where it was taken', () => {
  for (const make of [
    (p: Tensor[]) => new optim.Adam(p, { lr: 0.05, amsgrad: true }),
    (p: Tensor[]) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, nesterov: true }),
  ]) {
    const a = leaf([1, 2, 3]);
    const first = make([a]) as optim.Adam;
    stepWith(first, a, [1, 2, -1]);
    const b = cr.tensor(values(a), { dtype: 'float64', requiresGrad: true });
    const second = make([b]) as optim.Adam;
    const dict = first.stateDict();
    assert.equal(dict.paramGroups[0]?.params, [0]);
    (first.paramGroups[0] as { lr: number }).lr = 0.5;
    second.loadStateDict(first.stateDict());
    for (let i = 0; i < 3; i++) {
      stepWith(first, a, [0.5, 1, i]);
      stepWith(second, b, [0.5, 1, i]);
    }
    assert.equal(values(b), values(a));
  }
});

test('wrong arguments are named', () => {
  const x = leaf([1]);
  assert.throws(() => new optim.Adam([]), /got an empty list/);
  assert.throws(() => new optim.Adam(x as unknown as Tensor[]), /expected a list of parameters/);
  assert.throws(() => new optim.Adam([x], { lr: -1 }), /Adam: lr: expected a number of at least 0, got -1/);
  assert.throws(
    () => new optim.AdamW([x], { betas: [0.9, 1] }),
    /AdamW: betas\[1\]: expected a number in \[0, 1\), got 1/,
  );
  assert.throws(() => new optim.SGD([x], { nesterov: true }), /momentum above 0/);
  assert.throws(() => new optim.SGD([x, x]), /appears more than once/);
  assert.throws(() => new optim.SGD([x.mul(2)]), /leaf tensors, got the result of/);
  const adam = new optim.Adam([x]);
  assert.throws(
    () => adam.loadStateDict(new optim.Adam([leaf([1]), leaf([2])]).stateDict()),
    /groups of \[1\] parameters, got \[2\]/,
  );
  const other = leaf([1, 2]);
  const wrong = new optim.Adam([other]);
  stepWith(wrong, other, [1, 1]);
  assert.throws(() => adam.loadStateDict(wrong.stateDict()), /exp_avg: expected shape \[1\], got \[2\]/);
});

test('state that was tampered with is an error, and the parameter stays', () => {
  const x = leaf([1, 1]);
  const adam = new optim.Adam([x]);
  stepWith(adam, x, [1, 1]);
  const before = values(x);
  const state = adam.state.get(x) as optim.ParamState;
  for (const [key, wrong] of [
    ['exp_avg', cr.ones([3])],
    ['step', cr.ones([2])],
    ['exp_avg_sq', undefined],
  ] as const) {
    const right = state[key] as Tensor;
    state[key] = wrong as Tensor;
    assert.throws(() => adam.step(), /Adam: .*shape|exp_avg_sq: expected a Tensor/);
    state[key] = right;
  }
  assert.equal(values(x), before);
  adam.step();
});

test('a small network learns', () => {
  cr.manualSeed(1);
  const net = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2));
  const x = cr.tensor(
    [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    { dtype: 'float32' },
  );
  const y = cr.tensor([0, 1, 1, 0]);
  const adam = new optim.Adam(net.parameters(), { lr: 0.05 });
  const criterion = new nn.CrossEntropyLoss();
  for (let i = 0; i < 200; i++) {
    adam.zeroGrad();
    criterion.forward(net.forward(x), y).backward();
    adam.step();
  }
  assert.equal(values(net.forward(x).argmax(1)), [0, 1, 1, 0]);
});

test.run();
