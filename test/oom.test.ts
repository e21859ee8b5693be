// SPDX-License-Identifier: MIT
// timeout: 300
// suites: node sanitizer
import {
  compile,
  manualSeed,
  memoryStats,
  nn,
  OutOfMemoryError,
  optim,
  randint,
  randn,
  setMemoryLimit,
  type Tensor,
  tensor,
  zeros,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { native } from '#internal';

const failAllocationsFrom = native.failAllocationsFrom as (n: number) => void;
const optimizers = { SGD: optim.SGD, Adam: optim.Adam } as const;

/** A net, its data and its step; two made alike do the same bit for bit. */
function makeTraining(name: keyof typeof optimizers) {
  manualSeed(7);
  const model = new nn.Sequential(new nn.Linear(20, 40), new nn.ReLU(), new nn.Linear(40, 5));
  const criterion = new nn.CrossEntropyLoss();
  const options = name === 'SGD' ? { lr: 0.1, momentum: 0.9 } : { lr: 0.1 };
  const optimizer = new optimizers[name](model.parameters(), options);
  const [x, y] = [randn([600, 20]), randint(0, 5, [600])];
  const step = () => {
    optimizer.zeroGrad();
    criterion.forward(model.forward(x), y).backward();
    optimizer.step();
  };
  const kept = () =>
    [x, y, ...model.parameters()].map((t) => Buffer.from(t.toTypedArray().buffer).toString('base64')).join();
  return { step, kept };
}

for (const name of ['SGD', 'Adam'] as const) {
  test(`the n-th allocation of a training step with ${name} fails, n = 1, 2, … until none does`, () => {
    const training = makeTraining(name);
    const twin = makeTraining(name);
    for (let steps = 1; steps <= 2; steps++) {
      const before = training.kept();
      let n = 1;
      for (let failed = true; failed; n++) {
        failAllocationsFrom(n);
        let error: unknown;
        try {
          training.step();
        } catch (caught) {
          error = caught;
        } finally {
          failAllocationsFrom(0);
        }
        failed = error !== undefined;
        if (!failed) break;
        assert.instance(error, OutOfMemoryError, `n = ${n}: ${error}`);
        assert.is(training.kept(), before, `n = ${n}: inputs and parameters are intact`);
      }
      assert.ok(n > 20, `the step took only ${n - 1} allocations`);
      twin.step();
      assert.is(training.kept(), twin.kept(), 'the step that succeeds is that of a run without failures');
    }
  });
}

test('an allocation that fails when the results of a run are given already is an error of the next call', async () => {
  const w = zeros([500]);
  const step = compile((x: Tensor) => {
    w.copy_(w.sort().values.add(x));
  });
  const x = tensor(1);
  for (let i = 0; i < 3; i++) await step.run(x);
  let late = 0;
  const fail = async (n: number) => {
    failAllocationsFrom(n);
    const outcome = await step.run(x).catch((reason: unknown) => reason);
    await new Promise((done) => setTimeout(done, 5));
    failAllocationsFrom(0);
    const next = await step.run(x).catch((reason: unknown) => reason);
    for (const one of [outcome, next]) assert.ok(!one || one instanceof OutOfMemoryError, String(one));
    late += Number(!outcome && next instanceof OutOfMemoryError);
    const before = w.sum().item();
    await step.run(x);
    assert.is(w.sum().item(), before + 500);
  };
  // Results are given early only after a run whose rest was short, which a busy machine may lengthen.
  for (let round = 0; round < 20 && late === 0; round++) for (let n = 1; n < 30; n++) await fail(n);
  assert.ok(late > 0);
});

test('garbage is collected before an allocation is given up', () => {
  const limit = memoryStats().live + (64 << 20);
  setMemoryLimit(limit);
  try {
    for (let i = 0; i < 500; i++) {
      zeros([1 << 20]);
      assert.ok(memoryStats().live <= limit);
    }
    const error = caught(() => zeros([32 << 20]));
    assert.instance(error, OutOfMemoryError);
    assert.match(error.message, `${limit}`);
    assert.is(
      zeros([1 << 20])
        .sum()
        .item(),
      0,
      'what fits still works',
    );
  } finally {
    setMemoryLimit(0);
  }
  assert.equal(zeros([32 << 20]).shape, [32 << 20]);
});

test('a size that no machine has is an error', () => {
  for (const shape of [[2 ** 50], [2 ** 31, 2 ** 31], [2 ** 20, 2 ** 20, 2 ** 20]]) {
    assert.throws(() => zeros(shape));
    assert.throws(() => tensor(1).expand(shape).clone());
  }
});

function caught(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error');
}

test.run();
