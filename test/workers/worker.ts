// SPDX-License-Identifier: MIT
// A worker that computes in a loop until it is terminated or, where told so, exits by itself.
import { parentPort, workerData } from 'node:worker_threads';
import { compile, manualSeed, randint, randn, setNumThreads, type Tensor } from 'cresset';
import { DataLoader, TensorDataset } from 'cresset/data';

const { task, steps, exit } = workerData as { task: string; steps: number; exit: boolean };
setNumThreads(2);
manualSeed(1);

const a = randn([200, 200]);
const w = randn([200, 200], { requiresGrad: true });
const loader = new DataLoader(new TensorDataset(a, randint(0, 9, [200])), { batchSize: 8, shuffle: true, prefetch: 2 });

const state = a.clone();
const step = compile((x: Tensor) => {
  for (let i = 0; i < 10; i++) state.copy_(state.matmul(x).tanh());
  return state.sum();
});

const tasks: Record<string, () => unknown> = {
  runs: () => Promise.all([step.run(a), step.run(w.detach())]),
  sequences: () => step.runAll(Array.from({ length: 20 }, () => [a])),
  matmul: () => a.matmul(a),
  backward: () => {
    a.matmul(w).relu().sum().backward();
    w.grad = undefined;
  },
  loader: async () => {
    for await (const [x] of loader) x.sum();
  },
};
const run = tasks[task] as () => unknown;

await run();
parentPort?.postMessage('running');
for (let i = 0; i < steps; i++) await run();
if (exit) process.exit(0);
