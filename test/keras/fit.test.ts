// SPDX-License-Identifier: MIT
// timeout: 300
// What fit promises beside the numbers: its inputs, its options, aborting, the event loop.
import { manualSeed, randint, randn, setNumThreads, type Tensor, tensor, zeros } from 'cresset';
import * as keras from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { layers } = keras;
const silent = { verbose: 0 } as const;

function makeModel(inputs = 4): keras.Sequential {
  manualSeed(1);
  const model = keras.sequential([
    layers.dense(8, { activation: 'relu', inputShape: [inputs] }),
    layers.dense(3, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}
const data = () => {
  manualSeed(2);
  return { x: randn([40, 4]), y: randint(0, 3, [40]) };
};

async function rejects(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (cause: Error) => cause,
  );
  assert.ok(error, `expected an error like ${pattern}`);
  assert.match(error?.message ?? '', pattern);
}

test('tensors, typed arrays, nested arrays and other dtypes train the same', async () => {
  const { x, y } = data();
  const losses = [];
  const labels = y.to('uint8');
  const inputs: [keras.ArrayData, keras.ArrayData][] = [
    [x, y],
    [x.to('float64'), labels],
    [x.tolist() as number[][], y.tolist() as number[]],
    [x, labels.toTypedArray()],
  ];
  for (const [a, b] of inputs) {
    const { history } = await makeModel().fit(a, b, { epochs: 2, ...silent });
    losses.push(history.loss);
  }
  for (const loss of losses) assert.equal(loss, losses[0]);
});

test('the model may be built by the first batch', async () => {
  const model = keras.sequential([layers.dense(3, { activation: 'softmax' })]);
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
  const { x, y } = data();
  await model.fit(x, y, silent);
  assert.equal(model.weights[0]?.shape, [4, 3]);
});

test('a vector of samples fits a model of one feature', async () => {
  const model = keras.sequential([layers.dense(1, { inputShape: [1] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  await model.fit([0, 1, 2, 3], [1, 3, 5, 7], { epochs: 1000, ...silent });
  const [a, b] = (await model.predict([10, 20], silent)).flatten().tolist() as [number, number];
  assert.ok(Math.abs(a - 21) < 0.5 && Math.abs(b - 41) < 1, `${a}, ${b}`);
});

test('a model of your own trains, too', async () => {
  class Net extends keras.Model {
    hidden = layers.dense(8, { activation: 'relu' });
    out = layers.dense(3, { activation: 'softmax' });
    call(x: Tensor) {
      return this.out.apply(this.hidden.apply(x));
    }
  }
  const model = new Net();
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const { x, y } = data();
  const { history } = await model.fit(x, y, { epochs: 30, ...silent });
  assert.ok((history.loss?.at(-1) as number) < (history.loss?.[0] as number));
  assert.is(model.weights.length, 4);
});

test('the same seed gives the same run, another order each epoch, and the split is the tail', async () => {
  const seen: number[][] = [];
  class Spy extends keras.layers.Layer {
    call(x: Tensor, { training }: keras.layers.CallOptions) {
      if (training) seen.push(x.flatten().tolist() as number[]);
      return x;
    }
  }
  const run = async () => {
    seen.length = 0;
    const model = keras.sequential([new Spy({ inputShape: [1] }), layers.dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse', runEagerly: true });
    manualSeed(5);
    const x = Array.from({ length: 10 }, (_, i) => i);
    await model.fit(x, x, { epochs: 2, batchSize: 8, validationSplit: 0.2, ...silent });
    return seen.map((batch) => [...batch]);
  };
  const first = await run();
  assert.equal(await run(), first);
  assert.is(first.length, 2);
  for (const batch of first)
    assert.equal(
      [...batch].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
  assert.not.equal(first[0], first[1]);
});

test('compiled steps have the bits of those that run as they are written, and are recorded once', async () => {
  const { x, y } = data();
  let calls = 0;
  class Counted extends keras.layers.Layer {
    call(input: Tensor) {
      calls++;
      return input;
    }
  }
  const run = async (runEagerly: boolean) => {
    manualSeed(3);
    calls = 0;
    const model = keras.sequential([
      layers.dense(8, { activation: 'relu', inputShape: [x.size(1)] }),
      layers.batchNormalization(),
      layers.dropout(0.3),
      new Counted(),
      layers.dense(3, { activation: 'softmax', kernelRegularizer: 'l2' }),
    ]);
    const metrics = ['accuracy' as const, new keras.metrics.SparseTopKCategoricalAccuracy({ k: 2 })];
    model.compile({ optimizer: 'rmsprop', loss: 'sparseCategoricalCrossentropy', metrics, runEagerly });
    const { history } = await model.fit(x, y, { epochs: 3, batchSize: 8, validationSplit: 0.25, ...silent });
    const prediction = await model.predict(x, silent);
    const weights = model.weights.map((weight) => weight.tolist());
    return { history, prediction: prediction.tolist(), weights, calls };
  };
  const { calls: replayed, ...compiled } = await run(false);
  const { calls: written, ...eager } = await run(true);
  assert.equal(compiled, eager);
  assert.ok(replayed < written / 2, `${replayed} of ${written} calls`);
});

test('an abort ends fit within one step with the reason; the next fit goes on with the optimizer', async () => {
  const { x, y } = data();
  const model = makeModel();
  const stop = new AbortController();
  const reason = new Error('enough');
  let steps = 0;
  const abortAtThird: keras.callbacks.CallbackLike = {
    onTrainBatchEnd: () => {
      if (++steps === 3) stop.abort(reason);
    },
  };
  const options = { batchSize: 4, epochs: 9, callbacks: [abortAtThird], signal: stop.signal, ...silent };
  assert.is(await model.fit(x, y, options).catch((error) => error), reason);
  assert.is(steps, 3);
  const iterations = () => model.optimizer.iterations.item();
  assert.is(iterations(), 3);
  const { history } = await model.fit(x, y, { batchSize: 4, ...silent });
  assert.is(iterations(), 13);
  assert.ok(Number.isFinite(history.loss?.[0]));
  const error = await model.fit(x, y, { signal: AbortSignal.abort(), ...silent }).catch((cause) => cause);
  assert.is(error.name, 'AbortError');
  assert.is(iterations(), 13);
});

test('a timer aborts a fit over an endless fast stream, whose iterator is closed', async () => {
  const { x, y } = data();
  let closed = false;
  let given = 0;
  async function* endless() {
    try {
      for (;;) {
        given++;
        yield [x, y];
      }
    } finally {
      closed = true;
    }
  }
  let trained = 0;
  const count = { onTrainBatchEnd: () => void trained++ };
  const fit = makeModel().fit(endless(), { callbacks: [count], signal: AbortSignal.timeout(200), ...silent });
  assert.is((await fit.catch((error) => error)).name, 'TimeoutError');
  await new Promise((resolve) => setTimeout(resolve));
  assert.ok(closed);
  assert.ok(given - trained <= 1, `${given} given, ${trained} trained`);
});

test('timers fire during fit', async () => {
  manualSeed(1);
  const model = makeModel(784);
  const [x, y] = [randn([4096, 784]), randint(0, 3, [4096])];
  await model.fit(x, y, { epochs: 1, ...silent });
  // Seconds of work on one thread, so that a busy machine does not count.
  setNumThreads(1);
  let fired = 0;
  const timer = setInterval(() => fired++, 10);
  const began = process.cpuUsage();
  await model.fit(x, y, { epochs: 1000, signal: AbortSignal.timeout(1500), ...silent }).catch(() => undefined);
  clearInterval(timer);
  setNumThreads(2);
  const { user, system } = process.cpuUsage(began);
  const seconds = Math.min(1.5, (user + system) / 1e6);
  assert.ok(fired >= 40 * seconds, `${fired} times in ${seconds} s`);
});

test('evaluate and predict take arrays and streams, with weights and steps', async () => {
  const { x, y } = data();
  const model = makeModel();
  const whole = await model.evaluate(x, y, silent);
  assert.equal(Object.keys(whole), ['accuracy', 'loss']);
  const batches = [0, 8, 16, 24, 32].map((at) => ({ x: x.narrow(0, at, 8), y: y.narrow(0, at, 8) }));
  const streamed = await model.evaluate(batches, silent);
  assert.ok(Math.abs((whole.loss as number) - (streamed.loss as number)) < 1e-6);
  assert.is(whole.accuracy, streamed.accuracy);
  const predicted = await model.predict(x, { batchSize: 7, ...silent });
  assert.equal(predicted.shape, [40, 3]);
  assert.ok(!predicted.requiresGrad && predicted.gradFn === undefined);
  assert.equal((await model.predict(batches, { steps: 2, ...silent })).tolist(), predicted.narrow(0, 0, 16).tolist());
  const first = await model.evaluate(x, y, { batchSize: 8, steps: 1, ...silent });
  const zeroed = { sampleWeight: tensor([...Array(8).fill(5), ...Array(32).fill(0)]), batchSize: 40, ...silent };
  const weighed = await model.evaluate(x, y, zeroed);
  assert.ok(Math.abs((weighed.loss as number) - (first.loss as number)) < 1e-5);
});

test('results carry no graph, and fit does not change its inputs', async () => {
  const { x, y } = data();
  const before = x.clone();
  const model = makeModel();
  await model.fit(x, y, { epochs: 2, ...silent });
  assert.equal(x.tolist(), before.tolist());
  assert.ok(model.weights.every((weight) => weight.grad === undefined && !weight.requiresGrad));
});

test('weights are saved and loaded by names that do not depend on the layers that were made before', async () => {
  const { mkdtempSync, rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const { loadSafetensors } = await import('cresset/io');
  const folder = mkdtempSync(join(tmpdir(), 'cresset-keras-'));
  try {
    const path = join(folder, 'weights.safetensors');
    const [one, two] = [makeModel(), makeModel()];
    await two.fit(data().x, data().y, silent);
    await one.saveWeights(path);
    assert.equal(Object.keys(await loadSafetensors(path)).sort(), [
      'dense/bias',
      'dense/kernel',
      'dense_1/bias',
      'dense_1/kernel',
    ]);
    await two.loadWeights(path);
    assert.equal(
      two.getWeights().map((weight) => weight.tolist()),
      one.getWeights().map((weight) => weight.tolist()),
    );
    const other = makeModel(5);
    const before = other.getWeights().map((weight) => weight.tolist());
    await rejects(other.loadWeights(path), /dense\/kernel has shape \[4, 8\], expected \[5, 8\]/);
    assert.equal(
      other.getWeights().map((weight) => weight.tolist()),
      before,
    );
    await rejects(keras.sequential([layers.dense(1)]).saveWeights(path), /build it first/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('layers are added and taken away', () => {
  const model = keras.sequential();
  model.add(layers.dense(3, { inputShape: [2] }));
  assert.is(model.countParams(), 9);
  model.add(layers.dense(1));
  assert.is(model.countParams(), 13);
  assert.equal(model.outputShape, [null, 1]);
  assert.is(model.pop()?.name.startsWith('dense'), true);
  assert.is(model.weights.length, 2);
  assert.throws(() => model.add(model.layers[0] as keras.layers.Layer), /there is a layer named/);
  assert.throws(() => model.add('dense' as unknown as keras.layers.Layer), /expected a Layer, got string/);
});

test('wrong data and options are told, and the model trains afterwards', async () => {
  const { x, y } = data();
  const model = makeModel();
  const wrong: [() => Promise<unknown>, RegExp][] = [
    [() => model.fit(x, y.narrow(0, 0, 39)), /fit: y: expected 40 samples as in x, got 39/],
    [() => model.fit(x as never), /has no targets/],
    [() => model.fit(zeros([0, 4]), zeros([0])), /fit: x: expected at least one sample/],
    [() => model.fit(zeros([8, 5]), zeros([8])), /expected inputs of shape \(None, 4\), got \[8, 5\]/],
    [() => model.fit(x, y, { epochs: -1 }), /fit: epochs: expected an integer of at least 0, got -1/],
    [() => model.fit(x, y, { batchSize: 1.5 }), /fit: batchSize/],
    [() => model.fit(x, y, { validationSplit: 1 }), /validationSplit: expected a number between 0 and 1/],
    [() => model.fit([[x, y]], { batchSize: 2 }), /fit: batchSize: the batches of a stream/],
    [() => model.fit([[x, y]], { shuffle: true } as object), /fit: shuffle/],
    [() => model.fit([[x, y]], { validationSplit: 0.5 } as object), /fit: validationSplit needs data in memory/],
    [() => model.fit(x, y, { classWeight: { a: 1 } as never }), /classWeight: expected numbers by class/],
    [() => model.fit(x, y, { callbacks: [{}] }), /callbacks\[0\]: expected a Callback/],
    [() => model.fit(x, y, { verbose: 3 as 2 }), /fit: verbose/],
    [() => model.fit(5 as never), /fit: expected tensors, arrays or an iterable of batches, got number/],
    [() => model.fit([['a', y]] as never), /fit: batch 0: x: expected a tensor/],
    [() => keras.sequential([layers.dense(1)]).fit(x, y), /fit: call compile first/],
    [() => Promise.all([model.fit(x, y, silent), model.fit(x, y, silent)]), /being trained already/],
  ];
  for (const [call, pattern] of wrong) await rejects(call(), pattern);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.throws(() => model.compile({ loss: 'mze' as 'mse' }), /mze/);
  assert.throws(() => model.compile({ loss: 'mse', metrics: ['acuracy' as 'accuracy'] }), /acuracy/);
  await model.fit(x, y, silent);
});

test.run();
