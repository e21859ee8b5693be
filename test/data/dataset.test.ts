// SPDX-License-Identifier: MIT
import { DataError, Generator, tensor } from 'cresset';
import { ConcatDataset, Dataset, randomSplit, Subset, TensorDataset } from 'cresset/data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

class Range extends Dataset<number> {
  constructor(
    readonly begin: number,
    readonly length: number,
  ) {
    super();
  }

  get(index: number): number {
    return this.begin + index;
  }
}

const values = (dataset: Dataset<number>) => Array.from({ length: dataset.length }, (_, i) => dataset.get(i));

function throwsDataError(work: () => unknown, message: RegExp): void {
  assert.throws(work, (error: Error) => error instanceof DataError && message.test(error.message));
}

test('TensorDataset gives rows, and batches equal to the stacked rows', async () => {
  const dataset = new TensorDataset(
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    tensor([7, 8, 9]),
  );
  assert.is(dataset.length, 3);
  const [x, y] = dataset.get(1);
  assert.equal(x.tolist(), [3, 4]);
  assert.is(y.item(), 8);
  const [xs, ys] = await dataset.getBatch(Int32Array.of(2, 0, 2));
  assert.equal(xs.tolist(), [
    [5, 6],
    [1, 2],
    [5, 6],
  ]);
  assert.equal(ys.tolist(), [9, 7, 9]);
});

test('TensorDataset refuses tensors that do not fit, and indices outside', () => {
  throwsDataError(() => new TensorDataset(), /tensors\[0\]: expected a Tensor/);
  throwsDataError(() => new TensorDataset(tensor([1]), 5 as never), /tensors\[1\]: expected a Tensor/);
  throwsDataError(() => new TensorDataset(tensor([1]), tensor([1, 2])), /tensors\[1\] has 2 rows, expected 1/);
  const dataset = new TensorDataset(tensor([1, 2]));
  for (const index of [-1, 2, 0.5, Number.NaN]) {
    throwsDataError(() => dataset.get(index), /index .*, expected an integer from 0 to 1/);
  }
});

test('Subset and ConcatDataset map indices', async () => {
  const subset = new Subset(new Range(10, 5), [4, 0, 2]);
  assert.equal(values(subset), [14, 10, 12]);
  assert.equal((await subset.getBatch(Int32Array.of(2, 0))).tolist(), [12, 14]);
  throwsDataError(() => new Subset(new Range(0, 3), [3]), /Subset: index 3, expected an integer from 0 to 2/);
  throwsDataError(() => new Subset(new Range(0, 3), [0.5]), /index 0.5/);
  const all = new ConcatDataset([new Range(0, 2), new Range(100, 0), new Range(20, 3)]);
  assert.is(all.length, 5);
  assert.equal(values(all), [0, 1, 20, 21, 22]);
  throwsDataError(() => all.get(5), /index 5/);
  throwsDataError(() => new ConcatDataset([]), /at least one/);
});

test('randomSplit deals out every sample once, by lengths and by fractions', () => {
  for (const [parts, lengths] of [
    [
      [7, 3],
      [7, 3],
    ],
    [
      [0.5, 0.3, 0.2],
      [5, 3, 2],
    ],
    [
      [0.34, 0.33, 0.33],
      [4, 3, 3],
    ],
    [
      [0.25, 0.75],
      [3, 7],
    ],
  ] as const) {
    const split = randomSplit(new Range(0, 10), parts, { generator: new Generator(1) });
    assert.equal(
      split.map((part) => part.length),
      lengths,
    );
    assert.equal(split.flatMap(values).sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  const once = (seed: number) =>
    randomSplit(new Range(0, 50), [25, 25], { generator: new Generator(seed) }).map(values);
  assert.equal(once(3), once(3));
  assert.not.equal(once(3), once(4));
  for (const parts of [[5, 6], [-1, 11], [0.5, 0.4], [Number.NaN, 10], ['10']]) {
    throwsDataError(() => randomSplit(new Range(0, 10), parts as number[]), /randomSplit: parts/);
  }
});

test.run();
