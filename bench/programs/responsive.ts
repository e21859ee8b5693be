// SPDX-License-Identifier: MIT
// A server that trains: the event loop's delay, and what HTTP requests to this process take, while `fit`, a loop of
// `await step.run()`, `step.runAll()`, or steps of half a second use all cores. Argument: seconds of each. The client is
// a process of its own and asks an idle server as well: that one's p99 is what busy cores do to anybody.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compile, manualSeed, nn, optim, randint, randn, type Tensor } from 'cresset';
import * as keras from 'cresset/keras';
import { startServer } from './http.js';
import { kerasClassifier } from './keras-classifier.js';
import { Classifier, mnistLoader, ResNet18 } from './models.js';
import { isAsked, median, print } from './support.js';

const seconds = Number(process.argv[2]);
const program = fileURLToPath(new URL('./http.js', import.meta.url));

/** Trains until told to stop; resolves with the median milliseconds of a step where it counts them. */
type Training = (isOver: () => boolean) => Promise<number | undefined>;

async function prepareFit(): Promise<Training> {
  const { train } = await keras.datasets.mnist.loadData();
  const images = train.x.div(255);
  const model = kerasClassifier();
  return async (isOver) => {
    const stop = {
      everyBatch: false,
      onTrainBatchEnd: () => {
        model.stopTraining = isOver();
      },
    };
    await model.fit(images, train.y, { epochs: 1000, verbose: 0, callbacks: [stop] });
    return undefined;
  };
}

interface Model extends nn.Module {
  forward(x: Tensor): Tensor;
}

function makeStep(model: Model) {
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
  return compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = nn.functional.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
}

async function prepareRun(): Promise<Training> {
  const loader = await mnistLoader(64);
  const step = makeStep(new Classifier());
  return async (isOver) => {
    while (!isOver())
      for await (const [x, y] of loader) {
        (await step.run(x, y)).item();
        if (isOver()) break;
      }
    return undefined;
  };
}

async function prepareAll(): Promise<Training> {
  const loader = await mnistLoader(64);
  const step = makeStep(new Classifier());
  return async (isOver) => {
    while (!isOver()) await step.runAll(loader);
    return undefined;
  };
}

async function prepareSlow(): Promise<Training> {
  const step = makeStep(new ResNet18());
  const [x, y] = [randn([48, 3, 32, 32]), randint(0, 10, [48])];
  return async (isOver) => {
    const times: number[] = [];
    while (!isOver()) {
      const began = performance.now();
      (await step.run(x, y)).item();
      times.push(performance.now() - began);
    }
    return median(times);
  };
}

async function measureDuring(training: Training, ports: number[]) {
  let isOver = false;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const asking = promisify(execFile)(process.execPath, [program, 'client', `${seconds}`, ...ports.map(String)]);
  void asking.finally(() => {
    isOver = true;
  });
  const step = await training(() => isOver);
  delay.disable();
  const [http, idle] = JSON.parse((await asking).stdout) as [number, number];
  return { delay: delay.percentile(99) / 1e6 - 1, longest: delay.max / 1e6 - 1, http, idle, step };
}

const trainings = { fit: prepareFit, run: prepareRun, all: prepareAll, slow: prepareSlow };
const values: Record<string, number> = {};
const notes: Record<string, Record<string, number>> = {};
const server = await startServer();
const other: ChildProcess = spawn(process.execPath, [program, 'server'], { stdio: ['ignore', 'pipe', 'inherit'] });
const [port] = (await once(other.stdout as NonNullable<typeof other.stdout>, 'data')) as [Buffer];
for (const [name, prepare] of Object.entries(trainings)) {
  if (!isAsked(`loop-delay-${name}`) && !isAsked(`http-${name}`)) continue;
  manualSeed(0);
  const { delay, longest, http, idle, step } = await measureDuring(await prepare(), [server.port, Number(`${port}`)]);
  values[`loop-delay-${name}`] = delay;
  values[`http-${name}`] = http;
  notes[`loop-delay-${name}`] = { 'the longest, ms': longest, ...(step && { 'a step, ms': step }) };
  notes[`http-${name}`] = { 'p99 of an idle server beside it, ms': idle };
}
server.close();
other.kill();
print({ values, notes });
