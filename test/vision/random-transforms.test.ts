// SPDX-License-Identifier: MIT
import { arange, DataError, Generator, manualSeed, ShapeError, stack, type Tensor, tensor, zeros } from 'cresset';
import { ConcatDataset, DataLoader, Dataset, type Indices, Subset } from 'cresset/data';
import { datasets, transforms } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { colorJitter, compose, functional, normalize, randomApply, randomCrop, randomErasing, toTensor } = transforms;
const { randomHorizontalFlip, randomRotation, randomVerticalFlip } = transforms;
const image = () =>
  arange(3 * 6 * 5)
    .reshape([3, 6, 5])
    .to('uint8');
const bits = (t: Tensor) => Buffer.from(t.contiguous().toTypedArray().buffer as ArrayBuffer).toString('hex');
const seeds = Array.from({ length: 400 }, (_, seed) => seed);

/** How often each result occurs over many seeds. */
function outcomes(run: (generator: Generator) => Tensor): Map<string, number> {
  const counts = new Map<string, number>();
  for (const seed of seeds) {
    const key = bits(run(new Generator(seed)));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

test('randomCrop takes every place of the padded image about equally often', () => {
  const crop = randomCrop([5, 5], { padding: [1, 0], fill: 9, paddingMode: 'constant' });
  const padded = functional.pad(image(), [1, 0], { fill: 9 });
  const places = [0, 1].flatMap((top) => [0, 1, 2].map((left) => bits(functional.crop(padded, top, left, 5, 5))));
  const counts = outcomes((generator) => crop(image(), generator));
  assert.equal([...counts.keys()].sort(), places.sort());
  // Binomial with n = 400, p = 1/6: five standard deviations are 37.
  for (const count of counts.values()) assert.ok(Math.abs(count - 400 / 6) < 37, `${count} of 400`);
  assert.throws(
    () => randomCrop(7)(image()),
    (error: Error) => error instanceof ShapeError && /expected 7 × 7/.test(error.message),
  );
  const grown = randomCrop([7, 8], { padIfNeeded: true })(image());
  assert.equal([...grown.shape], [3, 7, 8]);
});

test('flips and randomApply happen with their probability', () => {
  const cases: [(p: number) => transforms.Transform, Tensor][] = [
    [(p) => randomHorizontalFlip({ p }), functional.horizontalFlip(image())],
    [(p) => randomVerticalFlip({ p }), functional.verticalFlip(image())],
    [(p) => randomApply([functional.verticalFlip, functional.horizontalFlip], { p }), image().flip([1, 2])],
  ];
  for (const [make, changed] of cases) {
    const counts = outcomes((generator) => make(0.25)(image(), generator));
    assert.equal(new Set(counts.keys()), new Set([bits(image()), bits(changed)]));
    const share = (counts.get(bits(changed)) ?? 0) / seeds.length;
    assert.ok(Math.abs(share - 0.25) < 0.11, `${share}`); // five standard deviations
    assert.is(outcomes((generator) => make(0)(image(), generator)).get(bits(image())), seeds.length);
    assert.is(outcomes((generator) => make(1)(image(), generator)).get(bits(changed)), seeds.length);
  }
});

test('randomRotation and colorJitter draw from their ranges, uniformly', () => {
  // A jittered grey tells the factor: brightness f makes 100 of 255 into 100 f, rounded down.
  const grey = zeros([1, 1, 1], { dtype: 'uint8' }).add(100).to('uint8');
  const jitter = colorJitter({ brightness: [0.5, 1.5] });
  const values = seeds.map((seed) => jitter(grey, new Generator(seed)).item());
  assert.ok(
    Math.min(...values) >= 50 && Math.min(...values) < 53 && Math.max(...values) > 146 && Math.max(...values) < 150,
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean - 99.5) < 7.3, `${mean}`); // five standard deviations
  const fixed = randomRotation([30, 30], { interpolation: 'bilinear', fill: 3 });
  const turned = functional.rotate(image(), 30, { interpolation: 'bilinear', fill: 3 });
  assert.is(bits(fixed(image(), new Generator(1))), bits(turned));
  assert.ok(outcomes((generator) => randomRotation(45)(image(), generator)).size > 20);
});

test('colorJitter makes its changes in every order', () => {
  const color = tensor([40, 200, 90], { dtype: 'uint8' }).reshape([3, 1, 1]);
  const jitter = colorJitter({ brightness: [1.5, 1.5], contrast: [0.2, 0.2], saturation: [3, 3], hue: [0.4, 0.4] });
  const steps: ((x: Tensor) => Tensor)[] = [
    (x) => functional.adjustBrightness(x, 1.5),
    (x) => functional.adjustContrast(x, 0.2),
    (x) => functional.adjustSaturation(x, 3),
    (x) => functional.adjustHue(x, 0.4),
  ];
  const orders = (rest: typeof steps): Tensor[] =>
    rest.length === 0 ? [color] : rest.flatMap((step, i) => orders(rest.toSpliced(i, 1)).map(step));
  const expected = new Set(orders(steps).map(bits));
  assert.equal(new Set(outcomes((generator) => jitter(color, generator)).keys()), expected);
  assert.is(colorJitter()(color, new Generator(1)), color);
});

test('randomErasing erases one rectangle of the area asked for', () => {
  const white = zeros([3, 20, 20]).add(1);
  const erasing = randomErasing({ p: 1, scale: [0.1, 0.2], ratio: [0.5, 2] });
  for (const seed of seeds.slice(0, 50)) {
    const erased = erasing(white, new Generator(seed)).eq(0);
    const rows = erased
      .any({ dim: [0, 2] })
      .sum()
      .item();
    const columns = erased
      .any({ dim: [0, 1] })
      .sum()
      .item();
    assert.is(erased.sum().item(), 3 * rows * columns);
    assert.ok(rows * columns > 0.1 * 400 - 10 && rows * columns < 0.2 * 400 + 10, `${rows} × ${columns}`);
  }
  assert.is(white.sum().item(), 1200);
  const coloured = randomErasing({ p: 1, value: [5, 6, 7] })(white, new Generator(2));
  assert.equal(coloured.amax({ dim: [1, 2] }).tolist(), [5, 6, 7]);
  assert.ok(randomErasing({ p: 1, value: 'random' })(white, new Generator(2)).unique().numel() > 10);
});

const augment = compose([
  randomCrop(28, { padding: 4 }),
  randomRotation(15, { interpolation: 'bilinear' }),
  randomHorizontalFlip(),
  toTensor(),
  normalize([0.5], [0.5]),
  randomErasing({ value: 'random' }),
]);

test('draws depend on the seed alone: not on batches, prefetch, wrappers, or what else draws', async () => {
  const digits = await datasets.SyntheticDigits({ length: 60, transform: augment });
  /** Gives its samples late and out of order. */
  class Late extends Dataset<[Tensor, number]> {
    readonly length = digits.length;
    async get(index: number, generator?: Generator): Promise<[Tensor, number]> {
      await new Promise((resolve) => setTimeout(resolve, (index * 7) % 5));
      return digits.get(index, generator);
    }
  }
  const all: Indices = Int32Array.from({ length: 60 }, (_, i) => i);
  const run = async (dataset: Dataset<[Tensor, number]>, options: object, disturb = false): Promise<string[]> => {
    const loader = new DataLoader(dataset, { shuffle: true, generator: new Generator(5), ...options });
    const seen: string[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      for await (const [images] of loader) {
        seen.push(...Array.from({ length: images.size(0) }, (_, i) => bits(images.select(0, i))));
        if (disturb) manualSeed(epoch);
      }
    }
    return seen;
  };
  const expected = await run(digits, { batchSize: 60 });
  assert.is(new Set(expected).size, 120, 'each visit draws anew');
  const collateFn = (samples: [Tensor, number][]) => [stack(samples.map(([x]) => x))];
  const others: [string, Promise<string[]>][] = [
    ['batches of 7', run(digits, { batchSize: 7 })],
    ['prefetch', run(digits, { batchSize: 7, prefetch: 3 })],
    ['another generator is used meanwhile', run(digits, { batchSize: 7 }, true)],
    ['collateFn', run(digits, { batchSize: 7, collateFn })],
    ['asynchronous samples', run(new Late(), { batchSize: 7, prefetch: 2 })],
    ['a subset', run(new Subset(digits, all), { batchSize: 7 })],
    [
      'a concatenation',
      run(new ConcatDataset([new Subset(digits, all.slice(0, 20)), new Subset(digits, all.slice(20))]), {
        batchSize: 7,
      }),
    ],
  ];
  for (const [name, seen] of others) assert.equal(await seen, expected, name);
  const other = await run(digits, { generator: new Generator(6), batchSize: 60 });
  assert.ok(!other.some((sample) => expected.includes(sample)));
});

test('manualSeed makes a whole epoch repeatable, and a transform by itself', async () => {
  const digits = await datasets.SyntheticDigits({ length: 10, transform: augment });
  const epoch = async () => {
    manualSeed(3);
    for await (const [images] of new DataLoader(digits, { batchSize: 10, shuffle: true })) return bits(images);
    return '';
  };
  assert.is(await epoch(), await epoch());
  const alone = () => {
    manualSeed(4);
    return bits(augment(digits.data.select(0, 1)));
  };
  assert.is(alone(), alone());
});

test('wrong options are refused when the transform is made', () => {
  const wrong: [() => unknown, RegExp][] = [
    [() => randomCrop(0), /randomCrop: size: 0, expected a whole number above 0/],
    [() => randomCrop(4, { padding: -1 }), /randomCrop: padding/],
    [() => randomCrop(4, { paddingMode: 'mirror' as 'edge' }), /paddingMode: 'mirror', expected 'constant', 'edge'/],
    [() => randomHorizontalFlip({ p: 1.5 }), /p: 1.5, expected a number from 0 to 1/],
    [() => randomRotation(-5), /randomRotation: degrees: -5, expected two numbers/],
    [() => randomRotation(5, { interpolation: 'cubic' as 'nearest' }), /interpolation: 'cubic'/],
    [() => colorJitter({ hue: 0.7 }), /colorJitter: hue: -0.5|colorJitter: hue: 0.7/],
    [() => colorJitter({ brightness: -1 }), /colorJitter: brightness/],
    [() => colorJitter({ contrast: [2, 1] }), /contrast: \[2,1\], expected the smaller number first/],
    [() => randomErasing({ scale: [0, 2] }), /randomErasing: scale: 2/],
    [() => randomErasing({ value: [] }), /randomErasing: value/],
    [() => transforms.resize([0, 4]), /resize: size/],
    [() => transforms.grayscale({ channels: 2 as 1 }), /channels: 2, expected 1 or 3/],
    [() => transforms.convertDtype('float' as 'float32'), /dtype: float/],
    [() => transforms.pad([1, 2, 3] as unknown as [number, number]), /padding: expected 1, 2 or 4/],
    [() => functional.adjustHue(zeros([3, 1, 1]), 0.6), /factor: 0.6, expected a number from -0.5 to 0.5/],
  ];
  for (const [run, message] of wrong) {
    assert.throws(run, (error: Error) => error instanceof DataError && message.test(error.message));
  }
  assert.throws(
    () => functional.adjustHue(zeros([2, 4, 4]), 0),
    (error: Error) => error instanceof ShapeError,
  );
});

test.run();
