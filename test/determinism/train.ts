// SPDX-License-Identifier: MIT
// node dist/test/determinism/train.js SEED [compiled]: trains 200 steps and prints { hash, threads }: the hash of the weights, and for
// data, GEMM, reductions and optimizer the most threads that took part in one loop of it.
import { createHash } from 'node:crypto';
import {
  compile,
  getNumThreads,
  imageBatch,
  manualSeed,
  nn,
  optim,
  parallelStats,
  randint,
  randperm,
  resetParallelStats,
  type Tensor,
} from 'cresset';

const [images, pixels, hidden, batch] = [2048, 784, 256, 512];
manualSeed(BigInt(process.argv[2] as string));
const data = randint(0, 256, [images, pixels], { dtype: 'uint8' });
const labels = randint(0, 10, [images]);
const model = new nn.Sequential(
  new nn.Linear(pixels, hidden),
  new nn.ReLU(),
  new nn.Dropout(0.2),
  new nn.Linear(hidden, 10),
);
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
const [weight] = [...model.parameters()] as [Tensor];
const weightT = weight.detach().t();

const takeBatch = (at: Tensor) => imageBatch(data, at, { mean: 0.5, std: 0.3 });

const step = () => {
  const at = randperm(images).narrow(0, 0, batch);
  optimizer.zeroGrad();
  criterion.forward(model.forward(takeBatch(at)), labels.take(at)).backward();
  optimizer.step();
};
const run = process.argv[3] ? compile(step) : step;
for (let i = 0; i < 200; i++) run();

const hash = createHash('sha256');
for (const p of model.parameters()) hash.update(Buffer.from(p.toTypedArray().buffer));

/** The parts of a step by themselves, in the sizes of the training. */
const at = randperm(images).narrow(0, 0, batch);
const x = takeBatch(at);
const product = x.matmul(weightT);
const sections = {
  data: () => takeBatch(at),
  gemm: () => x.matmul(weightT),
  reduction: () => product.sum(0),
  optimizer: () => optimizer.step(),
};

/** On a busy machine a helper may come too late for a loop, so there are many. */
function mostThreads(run: () => unknown): number {
  const end = performance.now() + 10_000;
  let most = 0;
  do {
    resetParallelStats();
    for (let i = 0; i < 20; i++) run();
    most = parallelStats().maxThreads;
  } while (most < 2 && getNumThreads() > 1 && performance.now() < end);
  return most;
}

const threads = Object.fromEntries(Object.entries(sections).map(([name, run]) => [name, mostThreads(run)]));
console.log(JSON.stringify({ hash: hash.digest('hex'), threads }));
