// SPDX-License-Identifier: MIT
// suites: node
import { runInNewContext } from 'node:vm';
import { memoryStats, noGrad, ones, resetPeakMemory, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const megabytes = 16;
const shape = [megabytes << 18];

/** The most tensors of `shape` that were alive at a time. */
function mostAlive(op: (x: Tensor) => Tensor): number {
  const x = ones(shape);
  noGrad(() => {
    for (let i = 0; i < 50; i++) op(x); // collections find their rhythm
    resetPeakMemory();
    for (let i = 0; i < 300; i++) op(x);
  });
  return memoryStats().peak / (megabytes << 20);
}

// Full collections alone let 15 to 20 of them lie around.
test('a loop over 16 MB tensors holds few of them at a time', () => {
  const most = mostAlive((x) => x.relu());
  assert.ok(most <= 12, `${most} were alive`);
});

test('the program gets no `gc` by it', () => {
  mostAlive((x) => x.relu());
  assert.is((globalThis as { gc?: unknown }).gc, undefined);
  assert.is(runInNewContext('typeof gc'), 'undefined');
});

test.run();
