// SPDX-License-Identifier: MIT
// Programs whose memory must stay flat without any dispose:
//   node dist/test/leak/train.js small|large STEPS
// prints { rss: [second fifth's maximum, last fifth's], live: [the allocator's peaks over the same steps] } in bytes.
import { manualSeed, memoryStats, nn, optim, randint, randn, resetPeakMemory } from 'cresset';

/** A step of a network of two layers. */
function makeStep(batch: number, width: readonly [number, number, number]): () => void {
  manualSeed(1);
  const [inputs, hidden, outputs] = width;
  const model = new nn.Sequential(new nn.Linear(inputs, hidden), new nn.ReLU(), new nn.Linear(hidden, outputs));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
  const x = randn([batch, inputs]);
  const y = randint(0, outputs, [batch]);
  return () => {
    optimizer.zeroGrad();
    criterion.forward(model.forward(x), y).backward();
    optimizer.step();
  };
}

/** Runs `step` and watches memory in the second and in the last fifth. */
function watchMemory(steps: number, step: () => void) {
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
