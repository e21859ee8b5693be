// SPDX-License-Identifier: MIT
// A worker that computes in a loop until it is terminated or, where told so, exits by itself.
import { parentPort, workerData } from 'node:worker_threads';
import { setNumThreads, tensor } from 'cresset';
import { raw } from '../../lib/raw.js';
import { fromHandle, handleOf } from '../../lib/tensor.js';

const rawMatmul = raw('matmul', 'a: Tensor, b: Tensor -> Tensor');
const { task, steps, exit } = workerData as { task: string; steps: number; exit: boolean };
setNumThreads(2);

const a = tensor(Float32Array.from({ length: 200 * 200 }, (_, i) => Math.sin(i))).reshape([200, 200]);
const w = a.clone().requiresGrad_();

const tasks: Record<string, () => void> = {
  matmul: () => fromHandle(rawMatmul(handleOf(a), handleOf(a))),
  backward: () => {
    fromHandle(rawMatmul(handleOf(a), handleOf(w)))
      .relu()
      .sum()
      .backward();
    w.grad = undefined;
  },
};
const run = tasks[task] as () => void;

run();
parentPort?.postMessage('running');
for (let i = 0; i < steps; i++) run();
if (exit) process.exit(0);
