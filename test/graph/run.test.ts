// SPDX-License-Identifier: MIT
// suites: node sanitizer
import { compile, fromBuffer, manualSeed, nn, noGrad, ones, optim, randn, type Tensor, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const slow = () => {
  const a = randn([400, 400]);
  return compile((x: Tensor) => {
    let y = a;
    for (let i = 0; i < 20; i++) y = a.matmul(y).mul(0.05);
    return y.sum().mul(0).add(x);
  });
};

/** A compiled step that makes the model's results smaller. */
const trainingStep = (model: nn.Sequential) => {
  const optimizer = new optim.Adam(model.parameters());
  return compile((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = (model.forward(x) as Tensor).square().mean();
    loss.backward();
    optimizer.step();
    return loss;
  });
};

test('runs follow each other in the order of the calls, whichever function they belong to', async () => {
  const w = zeros([1]);
  const add = compile((x: Tensor) => w.add_(x).clone());
  const double = compile(() => w.mul_(2).clone());
  const results = await Promise.all([
    add.run(ones([1])),
    double.run(),
    add.run(ones([1])),
    double.run(),
    add.run(ones([1])),
  ]);
  assert.equal(
    results.map((x) => x.item()),
    [1, 2, 3, 6, 7],
  );
});

test('other operations wait for the runs that use their tensors', () => {
  const w = zeros([1]);
  const delayed = slow();
  const add = compile((x: Tensor) => {
    w.add_(x);
  });
  for (let i = 1; i <= 3; i++) {
    void delayed.run(ones([1]));
    void add.run(ones([1]));
    assert.is(w.item(), i);
  }
  void delayed.run(ones([1]));
  void add.run(ones([1]));
  assert.is(w.mul(2).item(), 8);
  void delayed.run(ones([1]));
  void add.run(ones([1]));
  w.add_(1);
  assert.is(w.item(), 6);
  void delayed.run(ones([1]));
  const x = ones([1]);
  void add.run(x);
  x.copy_(0);
  add(ones([1]));
  assert.is(w.item(), 8);
});

test('the event loop goes on, and the result is that of the synchronous call', async () => {
  const build = () => {
    manualSeed(4);
    const model = new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(64, 1));
    return { step: trainingStep(model), model };
  };
  const [a, b] = [build(), build()];
  const x = randn([32, 64]);
  manualSeed(9);
  const now = Array.from({ length: 20 }, () => a.step(x).item());
  manualSeed(9);
  const later = await Promise.all(Array.from({ length: 20 }, () => b.step.run(x)));
  assert.equal(
    later.map((loss) => loss.item()),
    now,
  );
  assert.ok(
    noGrad(() =>
      a.model.parameters().every((p, i) =>
        p
          .eq(b.model.parameters()[i] as Tensor)
          .all()
          .item(),
      ),
    ),
  );
});

test('results are there before a short run ends: what the rest changes is waited for, what it reads stays', async () => {
  const eye = tensor(
    Array.from({ length: 64 }, (_, i) => Array.from({ length: 64 }, (_, j) => Number(i === j))),
    { dtype: 'float32' },
  );
  const w = zeros([64, 64]);
  const step = compile((x: Tensor) => {
    const sum = x.sum();
    for (let i = 0; i < 8; i++) w.copy_(w.matmul(eye));
    w.add_(sum);
    return sum;
  });
  for (let i = 1; i <= 300; i++) {
    const sum = await step.run(ones([4]));
    if (i % 2 === 0) sum.zero_();
    assert.is(w.select(0, 63).select(0, 63).item(), 4 * i);
    assert.is(sum.item(), i % 2 === 0 ? 0 : 4);
  }
});

test('an argument’s gradient is there with the results', async () => {
  const w = randn([64, 64]);
  const step = compile((x: Tensor) => {
    const loss = x.square().sum();
    for (let i = 0; i < 8; i++) w.copy_(w.matmul(w).tanh());
    loss.backward();
    return loss;
  });
  for (let i = 0; i < 100; i++) {
    const x = zeros([64, 64]).add(i).requiresGrad_();
    assert.is((await step.run(x)).item(), 4096 * i * i);
    assert.is((x.grad as Tensor).select(0, 63).select(0, 63).item(), 2 * i);
  }
});

test('a value that is refused rejects its own call, however late it is looked at', async () => {
  const w = ones([4]);
  const step = compile((x: Tensor, index: Tensor) => {
    const sum = x.sum();
    w.copy_(w.add(1).indexSelect(0, index));
    return sum;
  });
  const [good, bad] = [tensor([3, 2, 1, 0]), tensor([0, 1, 2, 4])];
  for (let i = 2; i < 10; i++) {
    assert.is((await step.run(ones([2]), good)).item(), 2);
    assert.instance(await step.run(ones([2]), bad).catch((reason: unknown) => reason), RangeError);
    assert.equal(w.tolist(), [i, i, i, i]);
  }
});

test('a function is recorded anew while a run still changes its parameters', async () => {
  manualSeed(3);
  const model = new nn.Sequential(new nn.Linear(64, 256), new nn.ReLU(), new nn.Linear(256, 8));
  const step = trainingStep(model);
  for (let batch = 1; batch <= 40; batch++) {
    for (let i = 0; i < 3; i++) await step.run(randn([64, 64]));
    assert.ok(Number.isFinite((await step.run(randn([batch, 64]))).item()));
  }
});

test('a signal takes back what has not begun; what has begun ends as a whole', async () => {
  const delayed = slow();
  const w = zeros([1]);
  const add = compile((x: Tensor) => {
    w.add_(x);
  });
  await delayed.run(ones([1]));
  const controller = new AbortController();
  const first = delayed.run(ones([1]));
  const second = delayed.run(ones([1]));
  const taken = add.run(ones([1]), { signal: controller.signal }).catch((reason: unknown) => reason);
  const kept = add.run(ones([1]));
  controller.abort(new Error('enough'));
  assert.is(((await taken) as Error).message, 'enough');
  await Promise.all([first, second, kept]);
  assert.is(w.item(), 1);
  const refused = await add.run(ones([1]), { signal: AbortSignal.abort('late') }).catch((reason: unknown) => reason);
  assert.is(refused, 'late');
  assert.is(w.item(), 1);
  await add.run(ones([1]), { signal: new AbortController().signal });
  assert.is(w.item(), 2);
});

test('hundreds of runs at once', async () => {
  const w = zeros([1]);
  const add = compile((x: Tensor) => w.add_(x).clone());
  const runs = Array.from({ length: 300 }, () => add.run(ones([1])));
  const sums = (await Promise.all(runs)).map((x) => x.item());
  assert.equal(
    sums,
    sums.map((_, i) => i + 1),
  );
});

test('errors of recording and of a run reject', async () => {
  const reading = compile((x: Tensor) => x.item());
  assert.match(String(await reading.run(ones([1])).catch((reason: Error) => reason.message)), /^item: /);
  const pick = compile((i: Tensor) => ones([3]).indexSelect(0, i));
  assert.instance(await pick.run(tensor([5])).catch((reason: unknown) => reason), RangeError);
  assert.is((await pick.run(tensor([2]))).item(), 1);
});

test('memory of JavaScript buffers that was taken away is refused', () => {
  const array = new Float32Array([1, 2]);
  const held = fromBuffer(array);
  const add = compile((x: Tensor) => x.add(held));
  assert.equal(add(ones([2])).tolist(), [2, 3]);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  assert.throws(() => add(ones([2])), /detached/);
});

test('memory of JavaScript buffers is copied for a run, and refused where it must be changed', async () => {
  const data = new Float32Array([1, 2]);
  const sum = compile((x: Tensor) => x.sum());
  const run = sum.run(fromBuffer(data));
  data[0] = 100;
  assert.is((await run).item(), 3);
  const bound = fromBuffer(new Float32Array([1, 2]));
  const add = compile((x: Tensor) => bound.add(x));
  assert.equal(add(ones([2])).tolist(), [2, 3]);
  assert.match(String(await add.run(ones([2])).catch((reason: Error) => reason.message)), /JavaScript buffer/);
});

test.run();
