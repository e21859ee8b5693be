// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manualSeed, randint, randn, type Tensor, tensor } from 'cresset';
import * as keras from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from './models-reference.js';

const { callbacks, layers } = keras;
const silent = { verbose: 0 } as const;
const folder = mkdtempSync(join(tmpdir(), 'cresset-callbacks-'));
test.after(() => rmSync(folder, { recursive: true }));

manualSeed(3);
const x = randn([24, 4]);
const y = randint(0, 3, [24]);

function makeModel(): keras.Sequential {
  manualSeed(1);
  const model = keras.sequential([layers.dense(3, { activation: 'softmax', inputShape: [4] })]);
  const optimizer = new keras.optimizers.SGD({ learningRate: 0.1 });
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** Gives the epochs the values of validation that Keras' callbacks were given. */
class Dictate extends callbacks.Callback {
  onEpochEnd(epoch: number, logs: keras.callbacks.Logs) {
    logs.valLoss = reference.losses[epoch] as number;
    (this.model.weights[1] as keras.Variable).assign(tensor([epoch, epoch, epoch], { dtype: 'float32' }));
  }
}
const epochs = reference.losses.length;

reference.earlyStopping.forEach(({ options, ...expected }) => {
  test(`EarlyStopping ${JSON.stringify(options)} stops where Keras does`, async () => {
    const model = makeModel();
    const stopping = new callbacks.EarlyStopping(options);
    const history = await model.fit(x, y, { epochs, callbacks: [new Dictate(), stopping], ...silent });
    assert.is(history.epoch.length, expected.epochs);
    assert.is(stopping.stoppedEpoch, expected.stoppedEpoch);
    assert.is(stopping.bestEpoch, expected.bestEpoch);
    assert.is(model.weights[1]?.select(0, 0).item(), expected.weightsOf);
  });
});

reference.plateau.forEach(({ options, rates }) => {
  test(`ReduceLROnPlateau ${JSON.stringify(options)} has the rates of Keras`, async () => {
    const found: number[] = [];
    const model = makeModel();
    const look = { onEpochEnd: () => void found.push(model.optimizer.learningRate) };
    await model.fit(x, y, {
      epochs,
      callbacks: [new Dictate(), new callbacks.ReduceLROnPlateau(options), look],
      ...silent,
    });
    found.forEach((rate, i) => {
      assert.ok(Math.abs(rate - (rates[i] as number)) < 1e-7, `epoch ${i}: ${rate}, expected ${rates[i]}`);
    });
  });
});

reference.checkpoints.forEach(({ options, saved }, i) => {
  test(`ModelCheckpoint ${JSON.stringify(options)} saves what Keras saves`, async () => {
    const model = makeModel();
    const own = join(folder, `checkpoint-${i}`);
    const names = new Set<string>();
    const path = join(own, '{epoch:03d}-{valLoss:.2f}.safetensors');
    // In the middle of an epoch the logs have no values of validation.
    const isBatchwise = 'saveFreq' in options;
    const template = isBatchwise ? join(own, '{epoch:03d}-{batch}-{loss:.3f}.safetensors') : path;
    const checkpoint = new callbacks.ModelCheckpoint(template, options);
    await model.fit(x, y, { batchSize: 8, epochs, callbacks: [new Dictate(), checkpoint], ...silent });
    for (const file of readdirSync(own)) names.add(file.replace('.safetensors', ''));
    const epochOf = (name: string) => name.slice(0, 3);
    if (isBatchwise) assert.equal([...names].map(epochOf).sort(), saved.map(epochOf));
    else assert.equal([...names].sort(), saved);
  });
});

test('a checkpoint holds the weights of its epoch and is whole', async () => {
  const model = makeModel();
  const path = join(folder, 'best.safetensors');
  const checkpoint = new callbacks.ModelCheckpoint(path, { saveBestOnly: true });
  await model.fit(x, y, { epochs, callbacks: [new Dictate(), checkpoint], ...silent });
  assert.is(model.weights[1]?.select(0, 0).item(), epochs - 1);
  await model.loadWeights(path);
  assert.is(model.weights[1]?.select(0, 0).item(), 6);
  assert.equal(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('a name that the logs lack is told', async () => {
  const checkpoint = new callbacks.ModelCheckpoint(join(folder, '{valLoss}.safetensors'));
  const error = await makeModel()
    .fit(x, y, { callbacks: [checkpoint], ...silent })
    .catch((cause) => cause);
  assert.match(error.message, /expected one of accuracy, loss, epoch, got \{valLoss\}/);
});

test('CSVLogger writes the file that Keras writes, also when it goes on', async () => {
  const path = join(folder, 'log.csv');
  const logger = (append: boolean) => new callbacks.CSVLogger(path, { separator: ';', append });
  for (const first of [0, 2]) {
    const own = logger(first > 0);
    await own.onTrainBegin();
    for (let epoch = first; epoch < first + 2; epoch++) {
      const logs: keras.callbacks.Logs = { loss: 0.5 / (epoch + 1), accuracy: 0.25 * epoch };
      if (epoch % 2) logs.valLoss = 0.125;
      await own.onEpochEnd(epoch, logs);
    }
  }
  const numbers = (text: string) =>
    text
      .split('\n')
      .map((line) => line.split(';').map((field) => (Number.isNaN(Number(field)) ? field : Number(field))));
  assert.equal(numbers(readFileSync(path, 'utf8')), numbers(reference.csv));
});

test('LearningRateScheduler sets the rate of each epoch and logs it', async () => {
  const model = makeModel();
  const scheduler = new callbacks.LearningRateScheduler((epoch, rate) => (epoch < 2 ? rate : rate / 2));
  const { history } = await model.fit(x, y, { epochs: 4, callbacks: [scheduler], ...silent });
  history.learningRate?.forEach((rate, i) => {
    assert.ok(Math.abs(rate - ([0.1, 0.1, 0.05, 0.025][i] as number)) < 1e-8);
  });
  assert.is(history.learningRate?.length, 4);
});

test('TerminateOnNaN stops after the batch, or fails if told to', async () => {
  const broken = tensor(Float32Array.from({ length: 96 }, (_, i) => (i === 40 ? Number.NaN : 0.5))).reshape([24, 4]);
  const options = { batchSize: 8, shuffle: false, epochs: 5, ...silent };
  let steps = 0;
  const count = { onTrainBatchEnd: () => void steps++ };
  const history = await makeModel().fit(broken, y, { ...options, callbacks: [new callbacks.TerminateOnNaN(), count] });
  assert.is(steps, 2);
  assert.is(history.epoch.length, 1);
  const raising = new callbacks.TerminateOnNaN({ raiseError: true });
  const error = await makeModel()
    .fit(broken, y, { ...options, callbacks: [raising] })
    .catch((cause) => cause);
  assert.match(error.message, /batch 1: the loss is NaN/);
});

test('hooks come in the order of Keras, asynchronous ones are awaited, and logs can be read in them', async () => {
  const told: string[] = [];
  const later = () => new Promise<void>((resolve) => setTimeout(resolve, 2));
  const names = ['TrainBegin', 'EpochBegin', 'TrainBatchBegin', 'TrainBatchEnd', 'TestBegin', 'TestBatchBegin'];
  const more = ['TestBatchEnd', 'TestEnd', 'EpochEnd', 'TrainEnd', 'PredictBegin', 'PredictBatchBegin'];
  const all = [...names, ...more, 'PredictBatchEnd', 'PredictEnd'];
  const hooks = Object.fromEntries(
    all.map((name) => [
      `on${name}`,
      async (...args: unknown[]) => {
        await later();
        told.push(args.length > 1 ? `${name} ${args[0]}` : name);
      },
    ]),
  );
  const callback = new callbacks.LambdaCallback(hooks);
  const model = makeModel();
  await model.fit(x, y, { batchSize: 16, validationSplit: 0.25, callbacks: [callback], ...silent });
  await model.predict(x, { batchSize: 24, callbacks: [callback], ...silent });
  assert.equal(told, [
    'TrainBegin',
    'EpochBegin 0',
    'TrainBatchBegin 0',
    'TrainBatchEnd 0',
    'TrainBatchBegin 1',
    'TrainBatchEnd 1',
    'TestBegin',
    'TestBatchBegin 0',
    'TestBatchEnd 0',
    'TestEnd',
    'EpochEnd 0',
    'TrainEnd',
    'PredictBegin',
    'PredictBatchBegin 0',
    'PredictBatchEnd 0',
    'PredictEnd',
  ]);
  const losses: number[] = [];
  const read = { onTrainBatchEnd: (_: number, logs: keras.callbacks.Logs) => void losses.push(logs.loss as number) };
  const { history } = await model.fit(x, y, { batchSize: 8, callbacks: [read], ...silent });
  assert.is(losses.length, 3);
  assert.is(losses[2], history.loss?.[0]);
  assert.throws(() => new callbacks.LambdaCallback({ onEpochStart: () => undefined } as object), /onEpochStart/);
});

test('who does not ask for every batch is told of the last one; losses stay the same', async () => {
  const seen: [number, number][] = [];
  const look = (everyBatch: boolean) => ({
    everyBatch,
    onTrainBatchEnd: (batch: number, logs: keras.callbacks.Logs) => void seen.push([batch, logs.loss as number]),
  });
  const [each, some] = [makeModel(), makeModel()];
  const options = { batchSize: 2, epochs: 3, shuffle: false, ...silent };
  const one = await each.fit(x, y, { ...options, callbacks: [look(true)] });
  const all = seen.splice(0);
  assert.is(all.length, 36);
  const two = await some.fit(x, y, { ...options, callbacks: [look(false)] });
  assert.equal(two.history, one.history);
  assert.equal(some.getWeights().map(String), each.getWeights().map(String));
  assert.ok(seen.length >= 3 && seen.length < all.length, `told ${seen.length} times`);
  for (const told of seen) assert.ok(all.some(([batch, loss]) => batch === told[0] && loss === told[1]));
  assert.is(seen.filter(([batch]) => batch === 11).length, 3);
});

test('a callback stops training, and sees model and parameters', async () => {
  class Stop extends callbacks.Callback {
    seen: unknown;
    onEpochEnd(epoch: number) {
      this.seen = [this.params.epochs, this.params.steps];
      if (epoch === 1) this.model.stopTraining = true;
    }
  }
  const stop = new Stop();
  assert.throws(() => stop.model, /has no model/);
  const model = makeModel();
  const history = await model.fit(x, y, { epochs: 9, batchSize: 8, callbacks: [stop], ...silent });
  assert.equal(history.epoch, [0, 1]);
  assert.equal(stop.seen, [9, 3]);
  assert.is(model.history, history);
});

test('a mode that cannot be told is asked for', async () => {
  const distance = (a: Tensor, b: Tensor) => a.sub(b.argmax(-1)).abs();
  const model = makeModel();
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: [distance as never] });
  const stopping = new callbacks.EarlyStopping({ monitor: 'distance' });
  const error = await model.fit(x, y, { epochs: 3, callbacks: [stopping], ...silent }).catch((cause) => cause);
  assert.match(error.message, /pass mode: 'min' or 'max'/);
  assert.throws(() => new callbacks.EarlyStopping({ mode: 'up' as 'min' }), /mode: expected 'auto', 'min' or 'max'/);
});

test('one line an epoch where no terminal is attached', async () => {
  const lines: string[] = [];
  const print = console.log;
  console.log = (line: string) => void lines.push(line);
  try {
    await makeModel().fit(x, y, { epochs: 2, batchSize: 8, validationSplit: 0.25, verbose: 2 });
    await makeModel().evaluate(x, y, { verbose: 2 });
  } finally {
    console.log = print;
  }
  const value = '\\d\\.\\d{4}';
  const logs = `accuracy: ${value} - loss: ${value}`;
  assert.is(lines.length, 3);
  const line = `3/3 - \\d+s - \\d+(us|ms)/step - ${logs} - valAccuracy: ${value} - valLoss: ${value}$`;
  assert.match(lines[0] as string, new RegExp(`^Epoch 1/2 - ${line}`));
  assert.match(lines[1] as string, new RegExp(`^Epoch 2/2 - ${line}`));
  assert.match(lines[2] as string, new RegExp(`^1/1 - \\d+s - \\d+(us|ms)/step - ${logs}$`));
});

test.run();
