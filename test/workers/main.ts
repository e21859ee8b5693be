// SPDX-License-Identifier: MIT
// node dist/test/workers/main.js WORKERS: that many workers in turn load cresset, which this thread never does, and
// end at a random moment inside a computation; then this thread loads it and computes.
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const program = fileURLToPath(new URL('./worker.js', import.meta.url));
const tasks = ['matmul', 'backward', 'loader', 'runs', 'sequences'];

/** Ends in one of three ways: terminated at work, exiting at work, or after its last statement. */
function runWorker(i: number): Promise<void> {
  const way = Math.floor(i / tasks.length) % 3;
  const steps = way === 0 ? 1e9 : Math.floor(Math.random() * 20);
  const workerData = { task: tasks[i % tasks.length], steps, exit: way === 1 };
  return new Promise((done, failed) => {
    const worker = new Worker(program, { workerData });
    worker.on('error', failed);
    worker.on('exit', () => done());
    worker.on('message', () => {
      if (way === 0) setTimeout(() => worker.terminate(), Math.random() * 10);
    });
  });
}

const count = Number(process.argv[2]);
for (let i = 0; i < count; i++) await runWorker(i);
const { tensor } = await import('cresset');
const total = tensor([1, 2, 3.5]).exp().log().sum().item();
console.log(Math.abs(total - 6.5) < 1e-5 ? 'computed' : `computed wrongly: ${total}`);
