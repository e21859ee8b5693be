// SPDX-License-Identifier: MIT
// Programs whose memory must stay flat without any dispose:
//   node dist/test/leak/train.js small|large STEPS
// prints { rss: [second fifth's maximum, last fifth's], live: [the allocator's peaks over the same steps] } in bytes.
import { memoryStats, noGrad, resetPeakMemory, type Tensor, tensor, zeros } from 'cresset';
import { raw } from '../../lib/raw.js';
import { fromHandle, handleOf } from '../../lib/tensor.js';

const rawMatmul = raw('matmul', 'a: Tensor, b: Tensor -> Tensor');
const matmul = (a: Tensor, b: Tensor) => fromHandle(rawMatmul(handleOf(a), handleOf(b)));

/** A network of two layers with deterministic weights, trained by plain gradient descent. */
export function makeStep(batch: number, width: readonly [number, number, number]): () => void {
  const [inputs, hidden, outputs] = width;
  const wave = (shape: readonly number[], scale: number) => {
    const count = shape.reduce((n, size) => n * size, 1);
    return tensor(Float32Array.from({ length: count }, (_, i) => scale * Math.sin(i + 1))).reshape(shape);
  };
  const w1 = wave([inputs, hidden], 0.1).requiresGrad_();
  const b1 = zeros([hidden], { requiresGrad: true });
  const w2 = wave([hidden, outputs], 0.1).requiresGrad_();
  const b2 = zeros([outputs], { requiresGrad: true });
  const x = wave([batch, inputs], 1);
  const y = wave([batch, outputs], 1);
  return () => {
    const loss = matmul(matmul(x, w1).add(b1).relu(), w2)
      .add(b2)
      .sub(y)
      .square()
      .sum()
      .mul(1 / batch);
    loss.backward();
    noGrad(() => {
      for (const p of [w1, b1, w2, b2]) {
        p.sub_((p.grad as Tensor).mul(0.01));
        p.grad = undefined;
      }
    });
  };
}

/** Runs `step` and watches memory in the second and in the last fifth. */
export function watchMemory(steps: number, step: () => void) {
  const rss: [number, number] = [0, 0];
  const live: [number, number] = [0, 0];
  const fifth = steps / 5;
  const watch = (window: 0 | 1) => {
    resetPeakMemory();
    for (let i = 0; i < fifth; i++) {
      step();
      if (i % 10 === 0) rss[window] = Math.max(rss[window], process.memoryUsage.rss());
    }
    live[window] = memoryStats().peak;
  };
  for (let i = 0; i < fifth; i++) step();
  watch(0);
  for (let i = 0; i < 2 * fifth; i++) step();
  watch(1);
  return { rss, live };
}

const programs: Record<string, () => () => void> = {
  small: () => makeStep(4, [8, 16, 4]),
  // Activations of 2048 × 128 float32, 1 MB each.
  large: () => makeStep(2048, [64, 128, 10]),
};

const [name = '', steps = ''] = process.argv.slice(2);
const program = programs[name];
if (program) console.log(JSON.stringify(watchMemory(Number(steps), program())));
