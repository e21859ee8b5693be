// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { manualSeed, randint, randn, type Tensor } from 'cresset';
import { DataLoader, TensorDataset } from 'cresset/data';
import * as keras from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { layers } = keras;
const silent = { verbose: 0 } as const;
manualSeed(3);
const x = randn([32, 4]);
const y = randint(0, 3, [32]);
const rows = (at: number): [Tensor, Tensor] => [x.narrow(0, at, 8), y.narrow(0, at, 8)];
const places = [0, 8, 16, 24];

function makeModel(): keras.Sequential {
  manualSeed(1);
  const model = keras.sequential([layers.dense(3, { activation: 'softmax', inputShape: [4] })]);
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
  return model;
}
const inMemory = async (epochs: number) =>
  (await makeModel().fit(x, y, { epochs, batchSize: 8, shuffle: false, ...silent })).history.loss as number[];

/** Unlike `AbortSignal.timeout`, keeps the process alive. */
function abortSoon(): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  return controller.signal;
}

const sources: Record<string, () => keras.BatchStream> = {
  'an array of batches': () => places.map(rows),
  'objects with x and y': () => places.map((at) => ({ x: rows(at)[0], y: rows(at)[1] })),
  'a set of typed arrays and nested arrays': () =>
    new Set(places.map((at) => [rows(at)[0].tolist(), rows(at)[1].toTypedArray()])),
  'a DataLoader': () => new DataLoader(new TensorDataset(x, y), { batchSize: 8 }),
  'an iterable that starts anew': () => ({
    *[Symbol.iterator]() {
      yield* places.map(rows);
    },
  }),
  'an async iterable that starts anew': () => ({
    async *[Symbol.asyncIterator]() {
      yield* places.map(rows);
    },
  }),
};
for (const [name, make] of Object.entries(sources)) {
  test(`${name} trains as the same data in memory`, async () => {
    const { history } = await makeModel().fit(make(), { epochs: 3, ...silent });
    assert.equal(history.loss, await inMemory(3));
  });
}

const onlyOnce: Record<string, () => keras.BatchStream> = {
  'a generator': function* () {
    yield* places.map(rows);
  },
  'an async generator': async function* () {
    yield* places.map(rows);
  },
  'a Node stream': () => Readable.from(places.map(rows)),
  'a web stream': () => Readable.toWeb(Readable.from(places.map(rows))) as ReadableStream,
};
for (const [name, make] of Object.entries(onlyOnce)) {
  test(`${name} trains for one epoch and says why not for two`, async () => {
    assert.equal((await makeModel().fit(make(), silent)).history.loss, await inMemory(1));
    const error = await makeModel()
      .fit(make(), { epochs: 2, ...silent })
      .catch((cause) => cause);
    assert.is(error.code, 'ERR_CRESSET_DATA');
    assert.match(error.message, /gave no batch for this epoch: a generator or stream can be read only once/);
  });
  test(`${name} goes on from epoch to epoch with stepsPerEpoch`, async () => {
    const { history } = await makeModel().fit(make(), { epochs: 2, stepsPerEpoch: 2, ...silent });
    assert.is(history.loss?.length, 2);
  });
}

test('a stream is closed when training stops early, fails or is aborted while it waits', async () => {
  const closed: string[] = [];
  const watched = (name: string, gate?: Promise<void>) =>
    (async function* () {
      try {
        for (;;) {
          yield rows(0);
          await gate;
        }
      } finally {
        closed.push(name);
      }
    })();
  await makeModel().fit(watched('steps'), { epochs: 2, stepsPerEpoch: 3, ...silent });
  const model = makeModel();
  const stop = {
    onTrainBatchEnd: () => {
      model.stopTraining = true;
    },
  };
  await model.fit(watched('stopTraining'), { callbacks: [stop], ...silent });
  const fail = {
    onTrainBatchEnd: () => {
      throw new Error('callback');
    },
  };
  assert.is(
    (
      await makeModel()
        .fit(watched('error'), { callbacks: [fail], ...silent })
        .catch((e) => e)
    ).message,
    'callback',
  );
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(closed, ['steps', 'stopTraining', 'error']);

  const never = new Promise<void>(() => undefined);
  const waiting = makeModel().fit(watched('never', never), { signal: abortSoon(), ...silent });
  assert.is((await waiting.catch((e) => e)).name, 'AbortError');
});

test('a Node stream and a web stream that wait are destroyed and cancelled by an abort', async () => {
  const readable = new Readable({ objectMode: true, read: () => undefined });
  readable.push(rows(0));
  const first = makeModel().fit(readable, { signal: abortSoon(), ...silent });
  assert.is((await first.catch((e) => e)).name, 'AbortError');
  assert.ok(readable.destroyed);

  let cancelled = false;
  const web = new ReadableStream({
    start: (controller) => controller.enqueue(rows(0)),
    cancel: () => {
      cancelled = true;
    },
  });
  const second = makeModel().fit(web, { signal: abortSoon(), ...silent });
  assert.is((await second.catch((e) => e)).name, 'AbortError');
  assert.ok(cancelled);
});

test('an error of the stream reaches the caller as it is', async () => {
  const broken = new Error('disk');
  async function* source() {
    yield rows(0);
    throw broken;
  }
  assert.is(
    await makeModel()
      .fit(source(), silent)
      .catch((e) => e),
    broken,
  );
});

test('one batch is read ahead, while a step runs, and no more', async () => {
  let given = 0;
  let most = 0;
  let trained = 0;
  const source = {
    async *[Symbol.asyncIterator]() {
      for (const at of places) {
        most = Math.max(most, ++given - trained);
        yield rows(at);
      }
    },
  };
  await makeModel().fit(source, { callbacks: [{ onTrainBatchEnd: () => void trained++ }], ...silent });
  assert.is(most, 2);
});

test('validation over a generator goes on from epoch to epoch with validationSteps', async () => {
  const seen: number[] = [];
  function* validation() {
    for (let i = 0; ; i++) {
      seen.push(i);
      yield rows(places[i % 4] as number);
    }
  }
  const options = { epochs: 3, validationData: validation(), validationSteps: 2, ...silent };
  const { history } = await makeModel().fit(x, y, options);
  assert.is(history.valLoss?.length, 3);
  assert.equal(seen, [0, 1, 2, 3, 4, 5]);
});

test.run();
