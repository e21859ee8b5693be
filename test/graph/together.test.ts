// SPDX-License-Identifier: MIT
// timeout: 300
// Several models that train at the same time: the results of one after the other, and no threads beyond the cores'.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { compile, getNumThreads, manualSeed, nn, optim, randint, randn, setNumThreads, type Tensor } from 'cresset';
import * as keras from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const bits = (x: Tensor) => createHash('sha1').update(new Uint8Array(x.toTypedArray().buffer)).digest('hex');

/** A Keras model and its data; `fit` draws no random number. */
function prepareFit(seed: number, width: number): () => Promise<string[]> {
  manualSeed(seed);
  const model = keras.sequential([
    keras.layers.dense(width, { activation: 'relu', inputShape: [64] }),
    keras.layers.dense(5, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
  const [x, y] = [randn([1024, 64]), randint(0, 5, [1024])];
  return async () => {
    await model.fit(x, y, { epochs: 3, shuffle: false, verbose: 0 });
    return model.getWeights().map((w) => bits(w as Tensor));
  };
}

function prepareRuns(seed: number): () => Promise<string[]> {
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(64, 200), new nn.GELU(), new nn.Linear(200, 5));
  const optimizer = new optim.AdamW(model.parameters());
  const [x, y] = [randn([512, 64]), randint(0, 5, [512])];
  const step = compile(() => {
    optimizer.zeroGrad();
    const loss = nn.functional.crossEntropy(model.forward(x) as Tensor, y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  return async () => {
    for (let i = 0; i < 60; i++) await step.run();
    return [...model.parameters()].map(bits);
  };
}

const prepareAll = () => [prepareFit(1, 256), prepareFit(2, 300), prepareRuns(3)];

test('two fits and a loop of runs at once give the bits of one after the other', async () => {
  const alone: string[][] = [];
  for (const train of prepareAll()) alone.push(await train());
  assert.equal(await Promise.all(prepareAll().map((train) => train())), alone);
});

const threadsOfProcess = () => readdirSync('/proc/self/task').length;

(process.platform === 'linux' ? test : test.skip)('they share the threads there are', async () => {
  const threads = getNumThreads();
  try {
    setNumThreads(3);
    await prepareRuns(4)(); // the executor and all helpers exist from here on
    const before = threadsOfProcess();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, threadsOfProcess());
    }, 1);
    await Promise.all(prepareAll().map((train) => train()));
    clearInterval(watch);
    assert.ok(most > 0 && most <= before, `${before} threads before, ${most} while three models train`);
  } finally {
    setNumThreads(threads);
  }
});

test.run();
