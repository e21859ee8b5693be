// SPDX-License-Identifier: MIT
// Programs whose memory must stay flat without any dispose:
//   node dist/test/leak/train.js small|large|loader|fit STEPS
// prints { rss: [second fifth's maximum, last fifth's], live: [the allocator's peaks over the same steps] } in bytes.
import { manualSeed, memoryStats, nn, optim, randint, randn, resetPeakMemory, type Tensor } from 'cresset';
import { DataLoader, TensorDataset } from 'cresset/data';
import * as keras from 'cresset/keras';

type Width = readonly [number, number, number];

/** A step of a network of two layers. */
function makeStep([inputs, hidden, outputs]: Width): (x: Tensor, y: Tensor) => void {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(inputs, hidden), new nn.ReLU(), new nn.Linear(hidden, outputs));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
  return (x, y) => {
    optimizer.zeroGrad();
    criterion.forward(model.forward(x), y).backward();
    optimizer.step();
  };
}

/** Watches memory in the second and in the last fifth of the steps; to be called after each of them. */
function makeWatch(steps: number) {
  const rss: [number, number] = [0, 0];
  const live: [number, number] = [0, 0];
  const fifth = steps / 5;
  let done = 0;
  const afterStep = () => {
    done++;
    if (done === fifth || done === 4 * fifth) resetPeakMemory();
    const window = done > 4 * fifth ? 1 : done > fifth && done <= 2 * fifth ? 0 : undefined;
    if (window === undefined) return;
    if (done % 10 === 0) rss[window] = Math.max(rss[window], process.memoryUsage.rss());
    if (done === 2 * fifth || done === steps) live[window] = memoryStats().peak;
  };
  return { afterStep, result: { rss, live } };
}

/** Trains on one batch in a synchronous loop. */
function trainOnBatch(steps: number, batch: number, width: Width) {
  const step = makeStep(width);
  const { afterStep, result } = makeWatch(steps);
  const [x, y] = [randn([batch, width[0]]), randint(0, width[2], [batch])];
  for (let i = 0; i < steps; i++) {
    step(x, y);
    afterStep();
  }
  return result;
}

/** Trains in `for await` over a shuffling loader, as many epochs as it takes. */
async function trainOnLoader(steps: number) {
  const step = makeStep([64, 32, 10]);
  const { afterStep, result } = makeWatch(steps);
  const data = new TensorDataset(randn([6400, 64]), randint(0, 10, [6400]));
  const loader = new DataLoader(data, { batchSize: 64, shuffle: true, prefetch: 2 });
  for (let done = 0; done < steps; ) {
    for await (const [x, y] of loader) {
      step(x, y);
      afterStep();
      if (++done === steps) break;
    }
  }
  return result;
}

/** `fit` over an async generator that never ends and is faster than training, with the metrics that it keeps. */
async function fitOnStream(steps: number) {
  const { layers } = keras;
  const model = keras.sequential([
    layers.dense(32, { activation: 'relu', inputShape: [64] }),
    layers.dropout(0.2),
    layers.dense(10, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const { afterStep, result } = makeWatch(steps);
  async function* endless() {
    for (;;) yield [randn([64, 64]), randint(0, 10, [64])];
  }
  const callbacks = [{ onTrainBatchEnd: afterStep }];
  await model.fit(endless(), { stepsPerEpoch: steps, callbacks, verbose: 0 });
  return result;
}

const programs: Record<string, (steps: number) => unknown> = {
  small: (steps) => trainOnBatch(steps, 4, [8, 16, 4]),
  // Activations of 2048 × 128 float32, 1 MB each.
  large: (steps) => trainOnBatch(steps, 2048, [64, 128, 10]),
  loader: trainOnLoader,
  fit: fitOnStream,
};

const [name = '', steps = ''] = process.argv.slice(2);
console.log(JSON.stringify(await programs[name]?.(Number(steps))));
