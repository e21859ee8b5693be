// SPDX-License-Identifier: MIT

import * as cr from 'cresset';
import { nn, optim } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { lrScheduler } = optim;
const sgd = (lr = 1) => new optim.SGD([cr.zeros([1], { requiresGrad: true })], { lr, momentum: 0.5 });
const rate = (optimizer: optim.SGD) => optimizer.paramGroups[0]?.lr as number;

/** The rates of the first `n` epochs. */
function rates(optimizer: optim.SGD, scheduler: { step(): void }, n: number): number[] {
  return Array.from({ length: n }, () => {
    const lr = rate(optimizer);
    scheduler.step();
    return lr;
  });
}
const close = (got: number[], want: number[]) =>
  got.forEach((v, i) => {
    assert.ok(Math.abs(v - (want[i] as number)) < 1e-12, `epoch ${i}: got ${v}, want ${want[i]}`);
  });
const epochs = (n: number, f: (e: number) => number) => Array.from({ length: n }, (_, e) => f(e));

test('the closed forms', () => {
  const n = 12;
  for (const [make, lr] of [
    [(o: optim.SGD) => new lrScheduler.StepLR(o, { stepSize: 4, gamma: 0.5 }), (e: number) => 0.5 ** Math.floor(e / 4)],
    [
      (o: optim.SGD) => new lrScheduler.MultiStepLR(o, { milestones: [2, 5] }),
      (e: number) => 0.1 ** (+(e >= 2) + +(e >= 5)),
    ],
    [(o: optim.SGD) => new lrScheduler.ExponentialLR(o, { gamma: 0.9 }), (e: number) => 0.9 ** e],
    [
      (o: optim.SGD) => new lrScheduler.CosineAnnealingLR(o, { tMax: 10 }),
      (e: number) => (1 + Math.cos((Math.PI * e) / 10)) / 2,
    ],
    [(o: optim.SGD) => new lrScheduler.LambdaLR(o, (e) => 1 / (1 + e)), (e: number) => 1 / (1 + e)],
    [(o: optim.SGD) => new lrScheduler.MultiplicativeLR(o, () => 0.8), (e: number) => 0.8 ** e],
    [(o: optim.SGD) => new lrScheduler.ConstantLR(o, { factor: 0.5, totalIters: 3 }), (e: number) => (e < 3 ? 0.5 : 1)],
    [
      (o: optim.SGD) => new lrScheduler.LinearLR(o, { startFactor: 0.5, totalIters: 5 }),
      (e: number) => Math.min(1, 0.5 + 0.1 * e),
    ],
    [
      (o: optim.SGD) => new lrScheduler.PolynomialLR(o, { totalIters: 8, power: 2 }),
      (e: number) => Math.max(0, 1 - e / 8) ** 2,
    ],
  ] as const) {
    const optimizer = sgd();
    close(rates(optimizer, make(optimizer), n), epochs(n, lr));
  }
});

test('chained and in sequence', () => {
  const both = sgd();
  const chained = new lrScheduler.ChainedScheduler([
    new lrScheduler.ExponentialLR(both, { gamma: 0.9 }),
    new lrScheduler.StepLR(both, { stepSize: 3, gamma: 0.5 }),
  ]);
  close(
    rates(both, chained, 8),
    epochs(8, (e) => 0.9 ** e * 0.5 ** Math.floor(e / 3)),
  );
  const after = sgd();
  const sequence = new lrScheduler.SequentialLR(after, {
    schedulers: [
      new lrScheduler.ConstantLR(after, { factor: 0.1, totalIters: 100 }),
      new lrScheduler.ExponentialLR(after, { gamma: 0.5 }),
    ],
    milestones: [3],
  });
  close(rates(after, sequence, 6), [0.1, 0.1, 0.1, 1, 0.5, 0.25]);
});

test('one cycle rises, falls and ends; the momentum moves against it', () => {
  const optimizer = sgd();
  const scheduler = new lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10 });
  assert.is(optimizer.paramGroups[0]?.momentum, 0.95);
  const lrs = rates(optimizer, scheduler, 9);
  close(lrs.slice(0, 1), [1 / 25]);
  assert.is(Math.max(...lrs), 1);
  close([rate(optimizer)], [1 / 25 / 1e4]);
  scheduler.step();
  assert.throws(() => scheduler.step(), /10 steps, all are taken/);
});

test('a plateau lowers the rate after the epochs that are put up with', () => {
  const optimizer = sgd();
  const scheduler = new lrScheduler.ReduceLROnPlateau(optimizer, { patience: 1, factor: 0.5 });
  const lrs = [1, 0.5, 0.5, 0.5, 0.5, 0.5].map((metric) => {
    scheduler.step(metric);
    return rate(optimizer);
  });
  assert.equal(lrs, [1, 1, 1, 0.5, 0.5, 0.25]);
});

test('the position can be saved and taken up again', () => {
  const [a, b] = [sgd(), sgd()];
  const first = new lrScheduler.StepLR(a, { stepSize: 2, gamma: 0.5 });
  rates(a, first, 3);
  const second = new lrScheduler.StepLR(b, { stepSize: 2, gamma: 0.5 });
  b.loadStateDict(a.stateDict());
  second.loadStateDict(first.stateDict());
  assert.equal(rates(b, second, 4), rates(a, first, 4));
});

test('wrong arguments are named', () => {
  const o = sgd();
  assert.throws(() => new lrScheduler.StepLR({} as optim.SGD, { stepSize: 1 }), /expected an Optimizer/);
  assert.throws(() => new lrScheduler.StepLR(o, { stepSize: 0 }), /stepSize: expected a number above 0, got 0/);
  assert.throws(() => new lrScheduler.LambdaLR(o, [() => 1, () => 2]), /one for each of 1 parameter groups/);
  assert.throws(() => new lrScheduler.LinearLR(o, { startFactor: 0 }), /got 0 and 1/);
  assert.throws(() => new lrScheduler.OneCycleLR(o, { maxLr: 1 }), /totalSteps/);
  assert.throws(() => new lrScheduler.ChainedScheduler([]), /array of learning rate schedules/);
});

test('gradients are clipped by their common norm, or one by one', () => {
  const [x, y] = [cr.zeros([2], { requiresGrad: true }), cr.zeros([1], { requiresGrad: true })];
  const unused = cr.zeros([3], { requiresGrad: true });
  const set = () => {
    x.grad = cr.tensor([3, 0], { dtype: 'float32' });
    y.grad = cr.tensor([-4], { dtype: 'float32' });
  };
  set();
  assert.is(nn.utils.clipGradNorm_([x, unused, y], 1).item(), 5);
  assert.ok(Math.abs((x.grad?.select(0, 0).item() as number) - 0.6) < 1e-6);
  set();
  assert.is(nn.utils.clipGradNorm_([x, y], 100, { normType: Number.POSITIVE_INFINITY }).item(), 4);
  assert.is(x.grad?.select(0, 0).item(), 3);
  assert.is(nn.utils.clipGradNorm_([x, y], 100, { normType: 1 }).item(), 7);
  nn.utils.clipGradValue_(y, 0.5);
  assert.is(y.grad?.item(), -0.5);
  assert.is(nn.utils.clipGradNorm_([unused], 1).item(), 0);
  assert.throws(() => nn.utils.clipGradNorm_([x], -1), /maxNorm: expected a number of at least 0, got -1/);
});

test.run();
