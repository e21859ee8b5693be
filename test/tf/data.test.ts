// SPDX-License-Identifier: MIT
import { DataError, manualSeed, ShapeError } from 'cresset';
import * as tf from 'cresset/tf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { Dataset } = tf.data;
const is = (kind: new (message?: string) => Error) => (error: unknown) => error instanceof kind;

async function collect<T>(dataset: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const element of dataset) list.push(element);
  return list;
}
/** Elements as numbers. */
const plain = (x: unknown): unknown => {
  if (x instanceof tf.Tensor) return x.tolist();
  return Array.isArray(x) ? x.map(plain) : x;
};
const listOf = async (dataset: AsyncIterable<unknown>) => plain(await collect(dataset)) as unknown[];
const rejects = async (kind: new (message?: string) => Error, run: () => Promise<unknown>) => {
  const error = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, kind);
};
/** The same elements, but not known as rows of a tensor. */
const asStream = (n: number) => Dataset.range(n).map((i) => i.item());
const numbers = (n: number) => Array.from({ length: n }, (_, i) => i);

test('fromTensorSlices takes tensors, arrays, records, nested ones and numbers', async () => {
  const [x, y] = [tf.range(6).reshape([3, 2]), tf.constant([10, 20, 30])];
  assert.equal(await listOf(Dataset.fromTensorSlices(x)), [
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
  const pairs = Dataset.fromTensorSlices([x, y]);
  assert.is(pairs.cardinality(), 3);
  for await (const [a, b] of pairs.take(1)) assert.equal([a.tolist(), b.tolist()], [[0, 1], 10]);
  for await (const { inputs, rest } of Dataset.fromTensorSlices({ inputs: x, rest: { y } }).skip(2)) {
    assert.equal([inputs.tolist(), rest.y.tolist()], [[4, 5], 30]);
  }
  assert.equal(await listOf(Dataset.fromTensorSlices([1, 2])), [1, 2]);
  assert.equal(await listOf(Dataset.fromTensorSlices(Int32Array.of(7, 8))), [7, 8]);
  assert.throws(() => Dataset.fromTensorSlices([x, tf.zeros([2])]), is(ShapeError));
  assert.throws(() => Dataset.fromTensorSlices(tf.constant(1)), is(ShapeError));
});

test('fromTensors is one element; range counts as Python does', async () => {
  const ds = Dataset.fromTensors([tf.constant([1, 2]), tf.constant(3)]);
  assert.is(ds.cardinality(), 1);
  assert.equal(await listOf(ds), [[[1, 2], 3]]);
  assert.equal(await listOf(Dataset.range(3)), [0, 1, 2]);
  assert.equal(await listOf(Dataset.range(5, 0, -2)), [5, 3, 1]);
  assert.equal(await listOf(Dataset.range(2, 6).batch(3)), [[2, 3, 4], [5]]);
  const [first] = await collect(Dataset.range(1));
  assert.is(first?.dtype, 'int64');
});

test('fromGenerator takes sync and async generators, once for each iteration', async () => {
  let started = 0;
  const ds = Dataset.fromGenerator(function* () {
    started++;
    yield* [1, 2];
  });
  assert.is(started, 0);
  assert.equal(await listOf(ds.repeat(2)), [1, 2, 1, 2]);
  assert.is(started, 2);
  const later = Dataset.fromGenerator(async function* () {
    yield { x: tf.constant([1]) };
  });
  for await (const { x } of later) assert.equal(x.tolist(), [1]);
  await rejects(DataError, () => collect(Dataset.fromGenerator(() => 3 as unknown as number[])));
});

for (const [kind, make] of [
  ['rows', (n: number) => Dataset.range(n) as tf.data.Dataset<unknown>],
  ['a stream', (n: number) => asStream(n) as tf.data.Dataset<unknown>],
] as const) {
  test(`${kind}: take, skip, shard, repeat, concatenate, enumerate, batch and unbatch`, async () => {
    const ds = make(7);
    assert.equal(await listOf(ds.take(2)), [0, 1]);
    assert.equal(await listOf(ds.take(-1)), numbers(7));
    assert.equal(await listOf(ds.take(0)), []);
    assert.equal(await listOf(ds.skip(5)), [5, 6]);
    assert.equal(await listOf(ds.skip(-1)), []);
    assert.equal(await listOf(ds.shard(3, 1)), [1, 4]);
    assert.equal(await listOf(ds.take(2).repeat(3)), [0, 1, 0, 1, 0, 1]);
    assert.equal(await listOf(ds.take(0).repeat()), []);
    assert.equal(await listOf(ds.repeat().skip(6).take(3)), [6, 0, 1]);
    assert.equal(await listOf(ds.take(1).concatenate(make(2))), [0, 0, 1]);
    assert.equal(await listOf(ds.skip(5).enumerate(10)), [
      [10, 5],
      [11, 6],
    ]);
    assert.equal(await listOf(ds.batch(3)), [[0, 1, 2], [3, 4, 5], [6]]);
    assert.equal(await listOf(ds.batch(3, { dropRemainder: true })), [
      [0, 1, 2],
      [3, 4, 5],
    ]);
    assert.equal(await listOf(ds.batch(3).unbatch()), numbers(7));
    assert.equal(await listOf(ds.prefetch(2).batch(4).prefetch(1)), [
      [0, 1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test(`${kind}: cardinality is what an iteration gives`, async () => {
    const ds = make(7);
    const pipelines = [
      ds,
      ds.take(9),
      ds.skip(3),
      ds.shard(3, 2),
      ds.repeat(2),
      ds.repeat(0),
      ds.batch(2),
      ds.batch(2, { dropRemainder: true }),
      ds.shuffle(3).cache().prefetch(2),
      ds.concatenate(ds),
      ds.enumerate(),
      ds.map((x) => x),
      Dataset.zip(ds, ds.take(2)),
    ];
    for (const pipeline of pipelines) assert.is(pipeline.cardinality(), (await listOf(pipeline)).length);
    assert.is(ds.repeat().cardinality(), Number.POSITIVE_INFINITY);
    assert.is(ds.repeat().take(3).cardinality(), 3);
    assert.is(ds.filter(() => true).cardinality(), undefined);
  });

  test(`${kind}: shuffle is a permutation, known from the seed alone`, async () => {
    const order = (options: object, size = 4) => listOf(make(20).shuffle(size, options));
    const [first, again, other] = [await order({ seed: 1 }), await order({ seed: 1 }), await order({ seed: 2 })];
    assert.equal(first, again);
    assert.not.equal(first, other);
    assert.equal(
      [...(first as number[])].sort((a, b) => a - b),
      numbers(20),
    );
    // An element cannot leave earlier than the buffer is long.
    for (const [at, x] of (first as number[]).entries()) assert.ok(x <= at + 4, `${x} at ${at}`);
    assert.equal(await order({ seed: 1 }, 1), numbers(20));
    manualSeed(5);
    const seeded = await order({});
    manualSeed(5);
    assert.equal(await order({}), seeded);
  });

  test(`${kind}: a new order each iteration unless told otherwise; cache keeps one`, async () => {
    const fresh = make(20).shuffle(20, { seed: 1 });
    const [a, b] = [await listOf(fresh), await listOf(fresh)];
    assert.not.equal(a, b);
    assert.equal(await listOf(make(20).shuffle(20, { seed: 1 }).repeat(2)), [...a, ...b]);
    for (const options of [{ seed: 1 }, {}]) {
      const fixed = make(20).shuffle(20, { ...options, reshuffleEachIteration: false });
      assert.equal(await listOf(fixed), await listOf(fixed));
    }
    const cached = make(20).shuffle(20).cache();
    assert.not.equal(await listOf(cached.take(10)), await listOf(cached.take(10)));
    assert.equal(await listOf(cached), await listOf(cached));
  });

  test(`${kind}: a full buffer is uniform`, async () => {
    const ds = make(3).shuffle(3, { seed: 3 });
    const seen = new Map<string, number>();
    for (let i = 0; i < 1200; i++) {
      const key = (await listOf(ds)).join();
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    assert.is(seen.size, 6);
    // 200 expected, standard deviation 13.
    for (const [key, count] of seen) assert.ok(Math.abs(count - 200) < 65, `${key}: ${count}`);
  });
}

test('both ways give the same order for the same seed', async () => {
  const pipeline = (ds: tf.data.Dataset<unknown>) => ds.skip(2).shuffle(5, { seed: 4 }).repeat(2).shard(2, 1).batch(3);
  assert.equal(await listOf(pipeline(Dataset.range(17))), await listOf(pipeline(asStream(17))));
});

test('map and filter spread tuples, take async functions and tensors as answers', async () => {
  const ds = Dataset.fromTensorSlices([tf.constant([1, 2, 3]), tf.constant([10, 20, 30])]);
  assert.equal(await listOf(ds.map((x, y) => x.add(y))), [11, 22, 33]);
  assert.equal(await listOf(ds.map(async (x) => x.item())), [1, 2, 3]);
  assert.equal(await listOf(ds.filter((x) => x.gt(1)).map((_, y) => y)), [20, 30]);
  assert.equal(await listOf(ds.filter(async (_, y) => y.item() < 30).map((x) => x)), [1, 2]);
  await rejects(DataError, () => collect(ds.filter(() => 'yes' as unknown as boolean)));
});

test('parallel calls of map keep the order and are no more than asked for', async () => {
  let running = 0;
  let most = 0;
  const slow = async (x: tf.Tensor) => {
    most = Math.max(most, ++running);
    await new Promise((done) => setTimeout(done, (5 - x.item()) * 2));
    running--;
    return x;
  };
  assert.equal(await listOf(Dataset.range(6).map(slow, { numParallelCalls: 3 })), numbers(6));
  assert.is(most, 3);
});

test('flatMap and interleave; the latter as in the documentation of TensorFlow', async () => {
  const repeated = (x: tf.Tensor) => Dataset.fromTensors(x).repeat(6);
  const ds = Dataset.range(1, 6);
  assert.equal(await listOf(Dataset.range(3).flatMap((x) => Dataset.range(x.item()))), [0, 0, 1]);
  assert.equal(
    await listOf(ds.interleave(repeated, { cycleLength: 2, blockLength: 4 })),
    [1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5],
  );
});

test('zip ends with the shortest', async () => {
  const ds = Dataset.zip(Dataset.range(3), Dataset.fromTensorSlices([5, 6]));
  assert.equal(await listOf(ds), [
    [0, 5],
    [1, 6],
  ]);
  assert.equal(await listOf(Dataset.zip([Dataset.range(1)])), [[0]]);
});

/** A source that counts what is read of it, and whether it was closed. */
function watchedSource() {
  const state = { read: 0, closed: 0 };
  const dataset = Dataset.fromGenerator(async function* () {
    try {
      for (let i = 0; ; i++) {
        state.read++;
        yield i;
      }
    } finally {
      state.closed++;
    }
  });
  return { state, dataset };
}
const pause = () => new Promise((done) => setTimeout(done, 5));

test('nothing is read ahead but what buffers hold', async () => {
  for (const [make, most] of [
    [(ds: tf.data.Dataset<number>) => ds.map((x) => x), 1],
    [(ds: tf.data.Dataset<number>) => ds.batch(4), 4],
    [(ds: tf.data.Dataset<number>) => ds.prefetch(2), 3],
    [(ds: tf.data.Dataset<number>) => ds.batch(4).prefetch(2), 12],
    [(ds: tf.data.Dataset<number>) => ds.shuffle(10), 11],
    [(ds: tf.data.Dataset<number>) => ds.take(5), 1],
  ] as const) {
    const { state, dataset } = watchedSource();
    const iterator = (make(dataset) as tf.data.Dataset<unknown>).asIterator();
    await pause();
    assert.is(state.read, 0);
    await iterator.next();
    await pause();
    assert.is(state.read, most);
    await iterator.return?.();
    assert.is(state.closed, 1);
  }
});

test('take reads no further, and an error closes the source and reaches the consumer', async () => {
  const { state, dataset } = watchedSource();
  assert.equal(await listOf(dataset.take(3)), [0, 1, 2]);
  assert.equal(state, { read: 3, closed: 1 });
  const failing = dataset.map((x) => {
    if (x === 2) throw new DataError('mine');
    return x;
  });
  await rejects(DataError, () => collect(failing.prefetch(4).batch(2)));
  await pause();
  assert.is(state.closed, 2);
});

test('timers fire during an iteration that never waits', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const end = performance.now() + 200;
  const endless = Dataset.fromTensors(1)
    .repeat()
    .filter(() => performance.now() > end);
  for await (const _ of endless) break;
  clearInterval(timer);
  assert.ok(ticks >= 10, `${ticks} ticks in 200 ms`);
});

test.run();
