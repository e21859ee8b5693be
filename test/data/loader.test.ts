// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError, Generator, manualSeed, type Tensor, tensor } from 'cresset';
import { DataLoader, Dataset, IterableDataset, TensorDataset } from 'cresset/data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

class Squares extends Dataset<[number, number]> {
  constructor(readonly length: number) {
    super();
  }

  get(index: number): [number, number] {
    return [index, index * index];
  }
}

async function collect<B>(loader: AsyncIterable<B>): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader) batches.push(batch);
  return batches;
}

async function firsts(loader: AsyncIterable<readonly [Tensor, ...unknown[]]>): Promise<number[][]> {
  return (await collect(loader)).map(([x]) => x.tolist() as number[]);
}

async function rejection(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error');
}

test('batches in order, with and without the last one', async () => {
  const dataset = new Squares(7);
  const loader = new DataLoader(dataset, { batchSize: 3 });
  assert.is(loader.dataset, dataset);
  assert.is(loader.length, 3);
  assert.equal(await firsts(loader), [[0, 1, 2], [3, 4, 5], [6]]);
  const [, squares] = (await collect(loader))[1] as [Tensor, Tensor];
  assert.is(squares.dtype, 'int64');
  assert.equal(squares.tolist(), [9, 16, 25]);
  const dropping = new DataLoader(dataset, { batchSize: 3, dropLast: true });
  assert.is(dropping.length, 2);
  assert.equal(await firsts(dropping), [
    [0, 1, 2],
    [3, 4, 5],
  ]);
  assert.equal(await firsts(new DataLoader(new Squares(2))), [[0], [1]]);
  assert.equal(await firsts(new DataLoader(new Squares(0), { shuffle: true })), []);
});

test('shuffling depends on the seed alone, whatever runs beside it', async () => {
  const epochs = async (seed: number, prefetch: number, pause: boolean) => {
    const loader = new DataLoader(new Squares(50), {
      batchSize: 8,
      shuffle: true,
      generator: new Generator(seed),
      prefetch,
    });
    const seen: number[][][] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      if (pause) await sleep(2);
      seen.push(await firsts(loader));
    }
    return seen;
  };
  const expected = await epochs(1, 0, false);
  assert.equal(
    expected[0]?.flat().sort((a, b) => a - b),
    range(50),
  );
  assert.not.equal(expected[0], expected[1]);
  assert.equal(await epochs(1, 3, true), expected);
  assert.not.equal(await epochs(2, 0, false), expected);
  const seeded = () => {
    manualSeed(4);
    return firsts(new DataLoader(new Squares(50), { batchSize: 50, shuffle: true }));
  };
  assert.equal(await seeded(), await seeded());
});

test('a tensor dataset gives the same batches as its samples one by one', async () => {
  const dataset = new TensorDataset(tensor(range(20).map((i) => [i, i / 2])), tensor(range(20)));
  const options = { batchSize: 6, shuffle: true } as const;
  const whole = await collect(new DataLoader(dataset, { ...options, generator: new Generator(9) }));
  const collateFn = (samples: [Tensor, Tensor][]) => samples;
  const single = await collect(new DataLoader(dataset, { ...options, generator: new Generator(9), collateFn }));
  for (const [k, [x, y]] of whole.entries()) {
    assert.equal(
      x.tolist(),
      single[k]?.map(([row]) => row.tolist()),
    );
    assert.equal(
      y.tolist(),
      single[k]?.map(([, label]) => label.item()),
    );
  }
});

test('samplers, batch samplers and collateFn', async () => {
  const dataset = new Squares(10);
  assert.equal(await firsts(new DataLoader(dataset, { batchSize: 2, sampler: [9, 1, 1] })), [[9, 1], [1]]);
  const batched = new DataLoader(dataset, { batchSampler: [[1, 2, 3], new Set([4])] });
  assert.is(batched.length, 2);
  assert.equal(await firsts(batched), [[1, 2, 3], [4]]);
  const collateFn = async (samples: [number, number][]) => samples.map(([, square]) => square).join(' ');
  assert.equal(await collect(new DataLoader(dataset, { batchSize: 4, collateFn })), [
    '0 1 4 9',
    '16 25 36 49',
    '64 81',
  ]);
});

test('iterable sources: a class, a generator, an array', async () => {
  class Counter extends IterableDataset<number> {
    async *[Symbol.asyncIterator]() {
      yield* range(5);
    }
  }
  for (const source of [new Counter(), range(5)]) {
    const loader = new DataLoader(source, { batchSize: 2, prefetch: 1 });
    assert.equal(
      (await collect(loader)).map((t) => t.tolist()),
      [[0, 1], [2, 3], [4]],
    );
    assert.equal((await collect(loader)).length, 3);
    assert.throws(() => loader.length, /does not tell its own/);
  }
  assert.equal((await collect(new DataLoader(range(5), { batchSize: 2, dropLast: true }))).length, 2);
});

/** Counts how many samples are being fetched at the same time. */
class Slow extends Dataset<number> {
  readonly length = 12;
  begun = 0;
  running = 0;
  peak = 0;

  async get(index: number): Promise<number> {
    this.begun++;
    this.peak = Math.max(this.peak, ++this.running);
    await sleep(1 + ((index * 7) % 5));
    this.running--;
    return index;
  }
}

test('prefetch prepares so many batches ahead and no more, in order', async () => {
  for (const [prefetch, peak] of [
    [0, 2],
    [2, 6],
  ] as const) {
    const dataset = new Slow();
    const seen: number[][] = [];
    for await (const batch of new DataLoader(dataset, { batchSize: 2, prefetch })) {
      seen.push(batch.tolist() as number[]);
      assert.ok(dataset.begun <= 2 * (seen.length + prefetch), `${dataset.begun} begun after batch ${seen.length}`);
      await sleep(3);
    }
    assert.equal(seen, [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
      [10, 11],
    ]);
    assert.is(dataset.peak, peak);
  }
});

test('several iterations at once are independent', async () => {
  const loader = new DataLoader(new Squares(20), { batchSize: 3, shuffle: true, generator: new Generator(3) });
  const [a, b] = await Promise.all([firsts(loader), firsts(loader)]);
  const again = new DataLoader(new Squares(20), { batchSize: 3, shuffle: true, generator: new Generator(3) });
  assert.equal([a, b], [await firsts(again), await firsts(again)]);
});

test('an early break closes the source', async () => {
  let closed = 0;
  async function* endless() {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      closed++;
    }
  }
  for await (const _ of new DataLoader(endless(), { batchSize: 2, prefetch: 2 })) break;
  assert.is(closed, 1);
  function* lists() {
    try {
      for (;;) yield [0];
    } finally {
      closed++;
    }
  }
  for await (const _ of new DataLoader(new Squares(3), { batchSampler: lists(), prefetch: 2 })) break;
  assert.is(closed, 2);
});

/** Counts what is read of an endless source, in each form that it may have. */
function counted() {
  const count = { read: 0, closed: 0 };
  async function* generator() {
    try {
      for (;;) yield count.read++;
    } finally {
      count.closed++;
    }
  }
  class Source extends IterableDataset<number> {
    [Symbol.asyncIterator]() {
      return generator();
    }
  }
  const readable = () =>
    new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        this.push(count.read++);
      },
      destroy(error, done) {
        count.closed++;
        done(error);
      },
    });
  const web = () =>
    new ReadableStream<number>(
      { pull: (controller) => controller.enqueue(count.read++), cancel: () => void count.closed++ },
      { highWaterMark: 0 },
    );
  return { count, sources: { generator, dataset: () => new Source(), readable, web } };
}

for (const name of ['generator', 'dataset', 'readable', 'web'] as const) {
  test(`no more than prefetch batches of a stream are read ahead, and it is closed: ${name}`, async () => {
    for (const prefetch of [0, 1, 3]) {
      for (const ending of ['break', 'error']) {
        const { count, sources } = counted();
        const loader = new DataLoader<AsyncIterable<number>>(sources[name](), { batchSize: 4, prefetch });
        const slack = name === 'readable' ? 2 : 0; // a Readable fills its own buffer
        let batches = 0;
        try {
          for await (const batch of loader) {
            assert.equal(
              batch.tolist(),
              range(4).map((i) => 4 * batches + i),
            );
            batches++;
            await sleep(2);
            const most = 4 * (batches + prefetch) + slack;
            assert.ok(count.read <= most, `${count.read} samples read, ${most} allowed`);
            if (batches < 5) continue;
            if (ending === 'break') break;
            throw new Error('of the consumer');
          }
        } catch (error) {
          assert.is((error as Error).message, 'of the consumer');
        }
        await sleep(2);
        assert.is(count.closed, 1);
        assert.ok(count.read <= 4 * (batches + prefetch) + slack);
      }
    }
  });
}

test('a break does not wait for a stream that has stalled', async () => {
  const stalled = new Readable({ objectMode: true, read: () => undefined });
  stalled.push(1);
  for await (const _ of new DataLoader<AsyncIterable<number>>(stalled, { prefetch: 2 })) break;
  assert.ok(stalled.destroyed);
});

test('an error in a dataset names the sample and keeps its cause; nothing is left unhandled', async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', listener);
  const cause = new Error('broken file');
  class Broken extends Squares {
    override get(index: number): [number, number] {
      if (index >= 5) throw cause;
      return super.get(index);
    }
  }
  class BrokenLater extends Dataset<number> {
    readonly length = 10;
    async get(index: number) {
      await sleep(index === 5 ? 5 : 1);
      if (index >= 5) throw cause;
      return index;
    }
  }
  for (const dataset of [new Broken(10), new BrokenLater()]) {
    for (const prefetch of [0, 3]) {
      let batches = 0;
      const error = await rejection(async () => {
        for await (const _ of new DataLoader(dataset as Dataset<number>, { batchSize: 2, prefetch })) batches++;
      });
      assert.instance(error, DataError);
      assert.match(error.message, /^sample 5: broken file/);
      assert.is(error.cause, cause);
      assert.is(batches, 2);
    }
  }
  for await (const _ of new DataLoader(new BrokenLater(), { batchSize: 3, prefetch: 3 })) break;
  await sleep(20);
  process.off('unhandledRejection', listener);
  assert.equal(unhandled, []);
});

test('timers fire while a loader is iterated without any wait', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const end = performance.now() + 20_000; // long enough for a machine that is busy with other things
  let turns = 0;
  for await (const _ of new DataLoader(new Squares(1e6), { batchSize: 1 })) {
    turns++;
    if (ticks >= 5 || performance.now() > end) break;
  }
  clearInterval(timer);
  assert.ok(ticks >= 5, `${ticks} ticks in ${turns} batches`);
});

test('wrong options are refused, with the option in the message', async () => {
  const dataset = new Squares(4);
  const refused: [unknown, unknown, RegExp][] = [
    [5, {}, /dataset: expected a Dataset or an iterable, got number/],
    [dataset, { batchSize: 0 }, /batchSize: 0, expected an integer >= 1/],
    [dataset, { batchSize: '8' }, /batchSize: 8/],
    [dataset, { prefetch: -1 }, /prefetch: -1/],
    [dataset, { numWorkers: 2 }, /unknown option numWorkers, expected one of batchSize/],
    [dataset, { sampler: 5 }, /sampler: expected an iterable, got number/],
    [dataset, { collateFn: 5 }, /collateFn: expected a function, got number/],
    [dataset, { sampler: [1], shuffle: true }, /sampler cannot be used together with shuffle/],
    [dataset, { batchSampler: [[1]], batchSize: 2 }, /batchSampler cannot be used together with batchSize/],
    [[1, 2], { shuffle: true }, /shuffle needs a Dataset/],
  ];
  for (const [source, options, message] of refused) {
    assert.throws(
      () => new DataLoader(source as Squares, options as object),
      (error: Error) => error instanceof DataError && message.test(error.message),
    );
  }
  const outside = await rejection(() =>
    collect(new DataLoader(new TensorDataset(tensor([1])), { batchSampler: [[-1]] })),
  );
  assert.match(outside.message, /batchSampler: index -1/);
});

test.run();
