// SPDX-License-Identifier: MIT
import { DataError, Generator, manualSeed, tensor } from 'cresset';
import {
  BatchSampler,
  RandomSampler,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from 'cresset/data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const sized = (length: number) => ({ length });
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test('SequentialSampler counts', () => {
  assert.equal([...new SequentialSampler(sized(4))], [0, 1, 2, 3]);
  assert.equal([...new SequentialSampler([])], []);
});

test('RandomSampler permutes anew each epoch, by its seed alone', () => {
  const make = (seed: number) => new RandomSampler(sized(100), { generator: new Generator(seed) });
  const sampler = make(5);
  const [first, second] = [[...sampler], [...sampler]];
  assert.equal(sorted(first), range(100));
  assert.equal(sorted(second), range(100));
  assert.not.equal(first, second);
  const again = make(5);
  assert.equal([[...again], [...again]], [first, second]);
  assert.not.equal([...make(6)], first);
  const byDefault = () => {
    manualSeed(11);
    return [...new RandomSampler(sized(100))];
  };
  assert.equal(byDefault(), byDefault());
});

test('RandomSampler draws more or fewer than there are, with and without replacement', () => {
  const generator = new Generator(0);
  const twice = [...new RandomSampler(sized(10), { numSamples: 25, generator })];
  assert.equal(sorted(twice.slice(0, 10)), range(10));
  assert.equal(sorted(twice.slice(10, 20)), range(10));
  assert.is(new Set(twice.slice(20)).size, 5);
  const few = [...new RandomSampler(sized(10), { numSamples: 4, generator })];
  assert.is(new Set(few).size, 4);
  const drawn = [...new RandomSampler(sized(10), { replacement: true, numSamples: 1000, generator })];
  assert.is(drawn.length, 1000);
  assert.equal(sorted(new Set(drawn)), range(10));
  assert.equal([...new RandomSampler(sized(0), { generator })], []);
});

test('SubsetRandomSampler permutes the given indices', () => {
  const sampler = new SubsetRandomSampler([3, 5, 8], { generator: new Generator(2) });
  for (let epoch = 0; epoch < 5; epoch++) assert.equal(sorted(sampler), [3, 5, 8]);
  assert.throws(() => new SubsetRandomSampler([1.5]), /index 1.5/);
});

test('WeightedRandomSampler draws in proportion to the weights', () => {
  const weights = [1, 0, 3, 6];
  const n = 20_000;
  for (const form of [weights, tensor(weights)]) {
    const counts = [0, 0, 0, 0];
    for (const i of new WeightedRandomSampler(form, n, { generator: new Generator(1) })) (counts[i] as number)++;
    assert.is(counts[1], 0);
    // Five standard deviations of a binomial count.
    for (const [i, weight] of weights.entries()) {
      const p = weight / 10;
      assert.ok(Math.abs((counts[i] as number) - n * p) <= 5 * Math.sqrt(n * p * (1 - p)), `${i}: ${counts[i]}`);
    }
  }
});

test('WeightedRandomSampler without replacement draws each index at most once, heavy ones first', () => {
  const sampler = new WeightedRandomSampler([1, 0, 3], 2, { replacement: false, generator: new Generator(1) });
  let heavyFirst = 0;
  for (let i = 0; i < 2000; i++) {
    const [a, b] = [...sampler];
    assert.equal(sorted([a as number, b as number]), [0, 2]);
    if (a === 2) heavyFirst++;
  }
  // The first draw takes index 2 with probability 3/4.
  assert.ok(Math.abs(heavyFirst - 1500) <= 5 * Math.sqrt(2000 * 0.75 * 0.25), String(heavyFirst));
});

test('BatchSampler groups any iterable', () => {
  const batches = (sampler: Iterable<number>, dropLast: boolean) =>
    [...new BatchSampler(sampler, 3, dropLast)].map((b) => [...b]);
  const sequential: Sampler = new SequentialSampler(sized(7));
  for (const source of [sequential, range(7), new Set(range(7))]) {
    assert.equal(batches(source, false), [[0, 1, 2], [3, 4, 5], [6]]);
    assert.equal(batches(source, true), [
      [0, 1, 2],
      [3, 4, 5],
    ]);
  }
  assert.is(new BatchSampler(sequential, 3).length, 3);
  assert.is(new BatchSampler(sequential, 3, true).length, 2);
  assert.is(new BatchSampler(range(6), 3).length, 2);
  assert.throws(() => new BatchSampler(new Set([1]), 3).length, /does not tell its own/);
  assert.throws(() => [...new BatchSampler([0, -1], 2)], /index -1/);
});

test('wrong options are refused', () => {
  const refused: [() => unknown, RegExp][] = [
    [() => new RandomSampler(sized(3), { numSamples: 0 }), /numSamples: 0, expected/],
    [() => new BatchSampler([1], 1.5), /batchSize: 1.5/],
    [() => new WeightedRandomSampler([1, -1], 1), /weights\[1\] is -1/],
    [() => new WeightedRandomSampler([1, Number.NaN], 1), /weights\[1\] is NaN/],
    [() => new WeightedRandomSampler([0, 0], 1), /expected one above 0/],
    [() => new WeightedRandomSampler([1, 0], 2, { replacement: false }), /1 weights are above 0/],
  ];
  for (const [work, message] of refused) {
    assert.throws(work, (error: Error) => error instanceof DataError && message.test(error.message));
  }
});

test.run();
