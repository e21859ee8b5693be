// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { arange, compile, fromBuffer, Generator, manualSeed, rand, type Tensor, tensor } from 'cresset';
import { BatchSampler, DataLoader, Sampler, Subset, TensorDataset } from 'cresset/data';
import * as tf from 'cresset/tf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// Batches that another thread prepares ahead are what indexSelect gives, whatever happens meanwhile.

const rows = (n: number, width = 3) => arange(0, n * width, { dtype: 'float32' }).reshape([n, width]);
const labels = (n: number) => arange(0, n, { dtype: 'int64' });
const firsts = (x: Tensor) => Array.from(x.select(1, 0).toTypedArray() as Float32Array, (v) => v / 3);

test('every row comes once, beside its label, in the order of the seed', async () => {
  const orders: number[][] = [];
  for (let run = 0; run < 2; run++) {
    const generator = new Generator(7);
    const loader = new DataLoader(new TensorDataset(rows(1000), labels(1000)), {
      batchSize: 16,
      shuffle: true,
      generator,
    });
    const seen: number[] = [];
    for await (const [x, y] of loader) {
      assert.equal(firsts(x), Array.from(y.toTypedArray() as BigInt64Array, Number));
      seen.push(...firsts(x));
    }
    assert.equal(
      [...seen].sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i),
    );
    orders.push(seen);
  }
  assert.equal(orders[0], orders[1]);
});

test('a position beyond a subset is refused', async () => {
  class Beyond extends Sampler {
    readonly length = 3;
    indices() {
      return Int32Array.of(0, 1, 5);
    }
  }
  const subset = new Subset(new TensorDataset(arange(10).reshape([10, 1])), [7, 8, 9]);
  const read = async () => {
    for await (const _ of new DataLoader(subset, { sampler: new Beyond(), batchSize: 3 })) assert.unreachable();
  };
  assert.match(String(await read().catch((reason: Error) => reason.message)), /Subset: .*5/);
});

test('a batch that is kept is never written again', async () => {
  const kept: [Tensor, Tensor][] = [];
  const loader = new DataLoader(new TensorDataset(rows(600, 64), labels(600)), { batchSize: 4, shuffle: true });
  for (let epoch = 0; epoch < 3; epoch++) for await (const batch of loader) kept.push(batch as [Tensor, Tensor]);
  for (const [x, y] of kept) {
    const starts = Array.from(y.toTypedArray() as BigInt64Array, (label) => Number(label) * 64);
    assert.equal(x.select(1, 0).tolist(), starts);
    assert.equal(
      x.select(1, 63).tolist(),
      starts.map((start) => start + 63),
    );
  }
});

test('a change of the data shows in the very next batch', async () => {
  const data = rows(40);
  const seen: number[][] = [];
  for await (const [x] of new DataLoader(new TensorDataset(data), { batchSize: 10 })) {
    seen.push(firsts(x));
    data.add_(300);
  }
  assert.equal(
    seen,
    [0, 1, 2, 3].map((k) => Array.from({ length: 10 }, (_, i) => 10 * k + i + 100 * k)),
  );
});

// Compiled functions gather the rows of their batches themselves.
test('beside a compiled step: every row, in order, and a change of the data shows in the next batch', async () => {
  const data = rows(4000);
  const step = compile((x: Tensor) => x.select(1, 0).sum());
  const plus = compile((x: Tensor) => x.add_(0));
  for (let epoch = 0; epoch < 3; epoch++) {
    let [seen, changes] = [0, 0];
    for await (const [x, y] of new DataLoader(new TensorDataset(data, labels(4000)), { batchSize: 8 })) {
      const sum = (await step.run(x as Tensor)).item() as number;
      assert.equal(firsts(x as Tensor)[0], seen + 100 * changes);
      assert.is(sum, 3 * (8 * seen + 28 + 800 * changes));
      assert.is(Number((y as Tensor).select(0, 7).item()), seen + 7);
      seen += 8;
      if (seen % 400 === 0) {
        changes++;
        data.add_(300);
      }
      if (seen % 168 === 0) void plus.run(data); // a run that writes what the next batches read
    }
    assert.is(seen, 4000);
    data.sub_(300 * changes);
  }
});

test('beside a compiled step: leaving the loop leaves nothing that a later change waits for', async () => {
  const data = rows(4000);
  const step = compile((x: Tensor) => x.sum());
  const loader = new DataLoader(new TensorDataset(data), { batchSize: 8 });
  for (let epoch = 0; epoch < 50; epoch++) {
    let count = 0;
    for await (const [x] of loader) {
      await step.run(x as Tensor);
      if (++count === 10) break;
    }
    data.add_(1);
  }
  assert.is(data.select(0, 0).select(0, 0).item(), 50);
});

test('leaving early, and dropping an iterator unread, harms nothing', async () => {
  const loader = new DataLoader(new TensorDataset(rows(500)), { batchSize: 7 });
  for (let i = 0; i < 200; i++) {
    for await (const [x] of loader) {
      assert.is(x.shape[0], 7);
      break;
    }
  }
  let count = 0;
  for await (const [x] of loader) count += x.shape[0] as number;
  assert.is(count, 500);
});

test('a wrong position is an error in its turn, after the batches before it', async () => {
  class Wrong extends Sampler {
    readonly length = 8;
    indices() {
      return Int32Array.of(0, 1, 2, 3, 4, 99, 6, 7);
    }
  }
  const seen: number[][] = [];
  const read = async () => {
    const dataset = new TensorDataset(rows(8));
    for await (const [x] of new DataLoader(dataset, { batchSize: 2, sampler: new Wrong() })) seen.push(firsts(x));
  };
  const error = await read().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, RangeError);
  assert.match((error as Error).message, /index\[1\] is 99, expected 0 to 7/);
  assert.equal(seen, [
    [0, 1],
    [2, 3],
  ]);
});

test("a sampler or a dataset of the user's own is asked only when its batch is due", async () => {
  let asked = 0;
  const order = {
    *[Symbol.iterator]() {
      for (let i = 0; i < 20; i++) {
        asked++;
        yield i;
      }
    },
  };
  let at = 0;
  for await (const [x] of new DataLoader(new TensorDataset(rows(20)), { batchSampler: new BatchSampler(order, 5) })) {
    at += x.shape[0] as number;
    assert.is(asked, at);
  }
  class Counting extends TensorDataset<[Tensor]> {
    calls = 0;
    override getBatch(indices: Int32Array) {
      this.calls++;
      return super.getBatch(indices);
    }
  }
  const dataset = new Counting(rows(20));
  let batches = 0;
  for await (const _ of new DataLoader(dataset, { batchSize: 5 })) assert.is(dataset.calls, ++batches);
});

test('data on the memory of a JavaScript buffer, transposed or with gradients are gathered as before', async () => {
  const plain = rows(30, 2);
  const sources = [
    fromBuffer(plain.toTypedArray() as Float32Array, { shape: [30, 2] }),
    plain.t().contiguous().t(),
    plain.clone().requiresGrad_(),
    plain.to('bfloat16'),
  ];
  for (const source of sources) {
    const seen: Tensor[] = [];
    for await (const [x] of new DataLoader(new Subset(new TensorDataset(source), [29, 3, 3]), { batchSize: 2 })) {
      seen.push(x);
    }
    const values = seen.flatMap((x) => Array.from(x.detach().to('float32').toTypedArray() as Float32Array));
    assert.equal(values, [58, 59, 6, 7, 6, 7]);
    assert.is(seen[0]?.requiresGrad, source.requiresGrad);
  }
});

test('a pass of tf.data draws its order when it begins, however far batches are ahead', async () => {
  const draws = async (ahead: boolean) => {
    manualSeed(11);
    const seen: number[] = [];
    const numbers: number[] = [];
    const dataset = tf.data.Dataset.fromTensorSlices(labels(12)).shuffle(12).repeat(2);
    const batches = ahead ? dataset.batch(4) : dataset.map((x: Tensor) => x).batch(4);
    for await (const x of batches) {
      seen.push(...Array.from((x as Tensor).toTypedArray() as BigInt64Array, Number));
      numbers.push(rand([1]).item());
    }
    return [seen, numbers];
  };
  assert.equal(await draws(true), await draws(false));
});

test('records of tensors keep their form', async () => {
  const dataset = tf.data.Dataset.fromTensorSlices({ a: rows(6), b: [labels(6), tensor([1, 2, 3, 4, 5, 6])] }).batch(4);
  const shapes: unknown[] = [];
  for await (const { a, b } of dataset as AsyncIterable<{ a: Tensor; b: Tensor[] }>) {
    shapes.push([a.shape, b.map((x) => x.tolist())]);
  }
  assert.equal(shapes, [
    [
      [4, 3],
      [
        [0, 1, 2, 3],
        [1, 2, 3, 4],
      ],
    ],
    [
      [2, 3],
      [
        [4, 5],
        [5, 6],
      ],
    ],
  ]);
});

test('threads that end while batches are under way take nothing down', async () => {
  const code = (batchSize: number, use: string) => `
    const { parentPort } = require('node:worker_threads');
    Promise.all([import('cresset'), import('cresset/data')]).then(async ([lib, { DataLoader, TensorDataset }]) => {
      const loader = new DataLoader(new TensorDataset(lib.zeros([4000, 4096])), { batchSize: ${batchSize}, shuffle: true });
      const step = lib.compile((x) => x.select(1, 0).sum());
      parentPort.postMessage('begun');
      for (;;) for await (const [x] of loader) ${use};
    });`;
  for (let i = 0; i < 8; i++) {
    const worker = new Worker(i < 4 ? code(1000, 'void x') : code(10, 'await step.run(x)'), { eval: true });
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, 20 + 15 * (i % 4)));
    await worker.terminate();
  }
  const loader = new DataLoader(new TensorDataset(rows(100)), { batchSize: 10 });
  let count = 0;
  for await (const [x] of loader) count += x.shape[0] as number;
  assert.is(count, 100);
});

test.run();
