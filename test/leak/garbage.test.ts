// SPDX-License-Identifier: MIT
// suites: node
import { runInNewContext } from 'node:vm';
import { memoryStats, ones, resetPeakMemory, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** The most results of `op` on a tensor of `shape` that were alive at a time. */
function mostAlive(shape: number[], op: (x: Tensor) => Tensor, times: number): number {
  const x = ones(shape, { requiresGrad: true });
  for (let i = 0; i < times; i++) op(x); // collections find their rhythm
  const one = op(x);
  const live = memoryStats().live;
  one.dispose();
  const rest = memoryStats().live;
  resetPeakMemory();
  for (let i = 0; i < times; i++) op(x);
  return (memoryStats().peak - rest) / (live - rest);
}

// Full collections alone let 15 to 20 of them lie around.
test('a loop over 16 MB tensors holds few of them at a time', () => {
  const most = mostAlive([4 << 20], (x) => x.relu(), 300);
  assert.ok(most <= 11, `${most} were alive`);
});

// By their bytes alone some 40,000 would: more than the caches hold.
test('a loop over small tensors holds a few thousand of them at a time', () => {
  const most = mostAlive([64], (x) => x.relu(), 100_000);
  assert.ok(most <= 20_000, `${most} were alive`);
});

test('the program gets no `gc` by it', () => {
  mostAlive([4 << 20], (x) => x.relu(), 300);
  assert.is((globalThis as { gc?: unknown }).gc, undefined);
  assert.is(runInNewContext('typeof gc'), 'undefined');
});

test.run();
