// SPDX-License-Identifier: MIT
// suites: node sanitizer
// Held against a loop of awaited runs, which is what it stands for.
import { setTimeout as sleep } from 'node:timers/promises';
import { compile, manualSeed, nn, ones, optim, rand, randn, type Tensor, tensor, zeros } from 'cresset';
import { DataLoader, SequentialSampler, TensorDataset } from 'cresset/data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** A step that draws random numbers, with a learning rate that may change, and the parameters it trains. */
function classifier() {
  manualSeed(7);
  const model = new nn.Sequential(new nn.Linear(100, 32), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(32, 4));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = nn.functional.crossEntropy(model.forward(x) as Tensor, y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const values = () => model.parameters().map((p) => p.detach().flatten().tolist());
  return { step, values, optimizer };
}

/** 333 samples in batches of 8, which a run gathers by itself: the last one is short, and needs a recording of its own. */
function makeLoader() {
  manualSeed(8);
  const labels = rand([333]).mul(4).floor().to('int64');
  return new DataLoader(new TensorDataset(randn([333, 100]), labels), { batchSize: 8, shuffle: true });
}

const add = () => {
  const w = zeros([1]);
  return { w, step: compile((x: Tensor) => w.add_(x).clone()) };
};
const ones1 = () => [ones([1])] as [Tensor];
async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (reason) {
    return reason as Error;
  }
  throw new Error('it resolved');
}

test('epochs of a loader: the bits of a loop of awaited runs', async () => {
  const [a, b] = [classifier(), classifier()];
  const looped: number[] = [];
  const loader = makeLoader();
  manualSeed(9);
  for (let epoch = 0; epoch < 3; epoch++)
    for await (const [x, y] of loader) looped.push((await a.step.run(x, y)).item());
  manualSeed(9);
  const all: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) all.push(...(await b.step.runAll(loader)).map((loss) => loss.item()));
  assert.is(all.length, 3 * 42);
  assert.equal(all, looped);
  assert.equal(b.values(), a.values());
});

test('a loader that changes its batches on the way is iterated', async () => {
  const plain = makeLoader();
  class Doubled extends DataLoader<typeof plain.dataset> {
    override async *[Symbol.asyncIterator]() {
      for await (const [x, y] of plain) yield [x.mul(2), y] as [Tensor, Tensor];
      return undefined;
    }
  }
  const sum = compile((x: Tensor, _y: Tensor) => x.sum());
  const total = (results: Tensor[]) => results.reduce((all, x) => all + x.item(), 0);
  const [once, twice] = [await sum.runAll(plain), await sum.runAll(new Doubled(plain.dataset, { batchSize: 8 }))];
  assert.ok(Math.abs(total(twice) - 2 * total(once)) < 1e-2);
});

test('a position that is no sample rejects, after the batches before it', async () => {
  class Wrong extends SequentialSampler {
    override indices() {
      return Int32Array.from({ length: 333 }, (_, i) => (i === 250 ? 333 : i));
    }
  }
  const { dataset } = makeLoader();
  const loader = new DataLoader(dataset, { batchSize: 8, sampler: new Wrong(dataset) });
  const [a, b] = [classifier(), classifier()];
  manualSeed(2);
  const looped = await rejection(
    (async () => {
      for await (const [x, y] of loader) await a.step.run(x, y);
    })(),
  );
  manualSeed(2);
  const all = await rejection(b.step.runAll(loader));
  assert.is(all.message, looped.message);
  assert.match(all.message, /333/);
  assert.equal(b.values(), a.values());
});

test('arrays, generators and what they draw between two runs', async () => {
  const [a, b] = [classifier(), classifier()];
  const y = tensor([0, 1, 2, 3]);
  const batches = function* (): Generator<[Tensor, Tensor]> {
    for (let i = 0; i < 100; i++) yield [randn([4, 100]), y];
  };
  manualSeed(3);
  const looped: number[] = [];
  for (const [x, labels] of batches()) looped.push((await a.step.run(x, labels)).item());
  manualSeed(3);
  const all = await b.step.runAll(batches());
  assert.equal(
    all.map((loss) => loss.item()),
    looped,
  );
  assert.equal(b.values(), a.values());
  const { step } = add();
  assert.equal(await step.runAll([]), []);
  assert.equal(
    (await step.runAll([ones1(), ones1()])).map((x) => x.item()),
    [1, 2],
  );
});

test('a learning rate that a scheduler changes between epochs counts', async () => {
  const [a, b] = [classifier(), classifier()];
  const x = randn([4, 100]);
  const y = tensor([0, 1, 2, 3]);
  const batches = Array.from({ length: 10 }, (): [Tensor, Tensor] => [x, y]);
  for (const { step, optimizer } of [a, b]) {
    const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
    for (let epoch = 0; epoch < 4; epoch++) {
      manualSeed(epoch);
      if (step === a.step) for (const batch of batches) step(...batch);
      else await step.runAll(batches);
      scheduler.step();
    }
  }
  assert.equal(b.values(), a.values());
});

test('results are told as they come, in order and all of them', async () => {
  const { step } = add();
  const told: number[] = [];
  const onResults = (results: readonly Tensor[]) => told.push(...results.map((x) => x.item()));
  const all = await step.runAll(Array.from({ length: 500 }, ones1), { onResults });
  assert.equal(
    all.map((x) => x.item()),
    Array.from({ length: 500 }, (_, i) => i + 1),
  );
  assert.equal(
    told,
    all.map((x) => x.item()),
  );
});

test('a source that takes its time: each batch is run when it is there', async () => {
  const { w, step } = add();
  const seen: number[] = [];
  await step.runAll(
    (async function* () {
      for (let i = 0; i < 5; i++) {
        yield ones1();
        await sleep(20);
        seen.push(w.item());
      }
    })(),
  );
  assert.equal(seen, [1, 2, 3, 4, 5]);
});

test('no run begins after one that fails, and the source is closed', async () => {
  for (const at of [0, 1, 40, 150]) {
    const w = zeros([1]);
    const step = compile((index: Tensor) => {
      w.add_(ones([3]).indexSelect(0, index));
      return w.clone();
    });
    let closed = false;
    let read = 0;
    const batches = function* (): Generator<[Tensor]> {
      try {
        for (; read < 1000; read++) yield [tensor([read === at ? 5 : 1])];
      } finally {
        closed = true;
      }
    };
    assert.instance(await rejection(step.runAll(batches())), RangeError);
    assert.is(w.item(), at);
    assert.ok(closed && read < 500, `read ${read}`);
    assert.is((await step.run(tensor([2]))).item(), at + 1);
  }
});

test('what the source or onResults throws comes out; batches before the source’s error were run', async () => {
  const first = add();
  const failing = async function* (): AsyncGenerator<[Tensor]> {
    for (let i = 0; i < 30; i++) yield ones1();
    throw new Error('no more data');
  };
  assert.is((await rejection(first.step.runAll(failing()))).message, 'no more data');
  assert.is(first.w.item(), 30);
  const second = add();
  const onResults = () => {
    throw new Error('enough');
  };
  const many = Array.from({ length: 1000 }, ones1);
  assert.is((await rejection(second.step.runAll(many, { onResults }))).message, 'enough');
  assert.ok(second.w.item() < 500);
  const wrong = ones([2]) as unknown as Iterable<[Tensor]>;
  assert.match((await rejection(second.step.runAll(wrong))).message, /runAll: expected an iterable/);
  const flat = [ones([2])] as unknown as Iterable<[Tensor]>;
  assert.match((await rejection(second.step.runAll(flat))).message, /expected an array of arguments.*got a Tensor/);
});

test('a signal ends it within one run, also while it waits for the source or for other runs', async () => {
  const a = randn([300, 300]);
  const w = zeros([1]);
  const slow = compile((x: Tensor) => {
    let y = a;
    for (let i = 0; i < 20; i++) y = a.matmul(y).mul(0.05);
    return w.add_(y.sum().mul(0).add(x)).clone();
  });
  await slow.run(ones([1]));
  const controller = new AbortController();
  let runs = 0;
  const onResults = (results: readonly unknown[]) => {
    runs += results.length;
    if (runs >= 3) controller.abort(new Error('stop'));
  };
  const endless = function* (): Generator<[Tensor]> {
    for (;;) yield ones1();
  };
  const stopped = slow.runAll(endless(), { signal: controller.signal, onResults });
  assert.is((await rejection(stopped)).message, 'stop');
  const after = w.item();
  assert.is((await slow.run(ones([1]))).item(), after + 1);
  const waiting = new AbortController();
  const never = (async function* (): AsyncGenerator<[Tensor]> {
    yield ones1();
    await new Promise(() => undefined);
  })();
  setTimeout(() => waiting.abort('tired'), 50);
  assert.is(await rejection(slow.runAll(never, { signal: waiting.signal })), 'tired' as never);
  const behind = new AbortController();
  const before = Array.from({ length: 10 }, () => slow.run(ones([1])));
  const { w: untouched, step } = add();
  const queued = rejection(step.runAll([ones1(), ones1(), ones1()], { signal: behind.signal }));
  await sleep(0);
  behind.abort('late');
  assert.is(await queued, 'late' as never);
  assert.is(untouched.item(), 0);
  await Promise.all(before);
  assert.is(await rejection(step.runAll([ones1()], { signal: AbortSignal.abort('early') })), 'early' as never);
});

test('two sequences at once take turns, each with its own bits', async () => {
  const alone: number[][] = [];
  for (const { step, values } of [classifier(), classifier()]) {
    manualSeed(1);
    await step.runAll(makeLoader());
    alone.push(values().flat() as number[]);
  }
  const steady = () => {
    manualSeed(5);
    const model = new nn.Linear(16, 4);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = compile((x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      nn.functional.crossEntropy(model.forward(x), y).backward();
      optimizer.step();
    });
    return { step, values: () => model.parameters().map((p) => p.detach().flatten().tolist()) };
  };
  const batches = [...Array(200).keys()].map((): [Tensor, Tensor] => [randn([4, 16]), tensor([3, 2, 1, 0])]);
  const one = steady();
  await one.step.runAll(batches);
  const [two, three] = [steady(), steady()];
  await Promise.all([two.step.runAll(batches), three.step.runAll(batches)]);
  assert.equal(two.values(), one.values());
  assert.equal(three.values(), one.values());
  assert.equal(alone[0], alone[1]);
});

test('the event loop goes on meanwhile', async () => {
  const { step } = classifier();
  const batches = function* (): Generator<[Tensor, Tensor]> {
    for (let i = 0; i < 5000; i++) yield [x, y];
  };
  const [x, y] = [randn([64, 100]), zeros([64], { dtype: 'int64' })];
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const began = performance.now();
  await step.runAll(batches());
  clearInterval(timer);
  assert.ok(turns > (performance.now() - began) / 50, `${turns} turns`);
});

test.run();
