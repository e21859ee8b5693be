// SPDX-License-Identifier: MIT
// suites: sanitizer node
import { arange, compile, memoryStats, noGrad, ones, type Tensor } from 'cresset';
import { DataLoader, TensorDataset } from 'cresset/data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// Where compiled functions read a loader's batches, these have no memory until somebody else needs their values. Whatever
// happens, a batch holds what its rows were when it was handed over.

const [count, width, size] = [400, 128, 8]; // 4 KiB a batch
const rows = () => arange(0, count * width, { dtype: 'float32' }).reshape([count, width]);
const sumOf = compile((x: Tensor) => x.sum());

/** What rows `at` and following sum up to after `added` was added to each element. */
function expected(at: number, added = 0): number {
  const [first, n] = [at * width, size * width];
  return n * first + (n * (n - 1)) / 2 + n * added;
}

/** The batches of `data` after a few that compiled functions have read. */
async function* deferred(data: Tensor): AsyncGenerator<[Tensor, number]> {
  let at = 0;
  for await (const [x] of new DataLoader(new TensorDataset(data), { batchSize: size })) {
    if (at < 5 * size) assert.is((await sumOf.run(x as Tensor)).item(), expected(at));
    else yield [x as Tensor, at];
    at += size;
  }
}
const live = () => memoryStats().live;

test('a batch that only compiled functions read takes no memory, and its shape costs none', async () => {
  const kept: Tensor[] = [];
  let before = 0;
  for await (const [x, at] of deferred(rows())) {
    before ||= live();
    assert.is((await sumOf.run(x)).item(), expected(at));
    assert.is(sumOf(x).item(), expected(at));
    assert.equal([x.shape, x.dtype], [[size, width], 'float32']);
    kept.push(x);
  }
  assert.is(kept.length, count / size - 5);
  assert.ok(live() - before < 2048 * kept.length, `${live() - before} bytes for ${kept.length} batches`);
});

test('whoever reads it finds its values, before, during and after a run', async () => {
  let i = 0;
  for await (const [x, at] of deferred(rows())) {
    const early = i % 2 === 0 ? x.sum().item() : undefined;
    const run = sumOf.run(x);
    const during = i % 3 === 0 ? x.sum().item() : undefined;
    assert.is((await run).item(), expected(at));
    for (const sum of [early ?? x.sum().item(), during ?? expected(at), x.sum().item(), sumOf(x).item()])
      assert.is(sum, expected(at));
    assert.is(noGrad(() => x.select(0, 1).select(0, 2)).item(), (at + 1) * width + 2);
    i++;
  }
});

test('a change of the data changes the batches to come and none before', async () => {
  const data = rows();
  const addOne = compile((x: Tensor) => x.add_(1));
  const kept: [Tensor, number, number][] = [];
  let added = 0;
  for await (const [x, at] of deferred(data)) {
    kept.push([x, at, added]);
    const before = added;
    const run = kept.length % 2 === 0 ? sumOf.run(x) : undefined; // still reads while the data change
    if (kept.length % 5 === 0) {
      data.add_(1);
      added++;
    } else if (kept.length % 7 === 0) {
      void addOne.run(data);
      added++;
    } else if (kept.length % 11 === 0) {
      addOne(data);
      added++;
    }
    if (run) assert.is((await run).item(), expected(at, before));
  }
  for (const [x, at, then] of kept) assert.is(x.sum().item(), expected(at, then));
});

test('a change of the data waits for runs that have still to gather', async () => {
  const data = rows();
  const square = compile((x: Tensor) => x.matmul(x).sum());
  const large = ones([512, 512]);
  let added = 0;
  for await (const [x, at] of deferred(data)) {
    const long = square.run(large);
    const run = sumOf.run(x); // after the long one
    data.add_(1);
    assert.is((await run).item(), expected(at, added++));
    assert.is((await long).item(), 512 ** 3);
  }
});

test('functions that change or return their argument have its memory', async () => {
  const change = compile((x: Tensor) => x.mul_(2).sum());
  const same = compile((x: Tensor) => [x, x.narrow(0, 1, 2)] as const);
  let i = 0;
  for await (const [x, at] of deferred(rows())) {
    if (i++ % 2 === 0) {
      assert.is((await change.run(x)).item(), 2 * expected(at));
      assert.is(x.sum().item(), 2 * expected(at));
    } else {
      const [whole, part] = await same.run(x);
      assert.is((await sumOf.run(whole)).item(), expected(at));
      assert.is(sumOf(part).item(), part.sum().item());
      assert.is(part.select(0, 0).select(0, 0).item(), (at + 1) * width);
      part.add_(1);
      assert.is(x.sum().item(), expected(at) + 2 * width);
    }
  }
});

test.run();
