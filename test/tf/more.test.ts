// SPDX-License-Identifier: MIT
// What has no values to compare: random tensors, dtypes, clipping of lists, re-exports.
import { ShapeError } from 'cresset';
import * as keras from 'cresset/keras';
import * as tf from 'cresset/tf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const n = 40_000;
const near = (got: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${what}: ${got}, expected ${expected} ± ${tolerance}`);
const moments = (x: tf.Tensor) => tf.nn.moments(x, 0).map((m) => m.item()) as [number, number];

test('random tensors have the moments and bounds of their distributions', () => {
  tf.random.setSeed(1);
  const [mean, variance] = moments(tf.random.normal([n], { mean: 2, stddev: 3 }));
  near(mean, 2, 0.06, 'normal mean');
  near(variance, 9, 0.3, 'normal variance');
  const cut = tf.random.truncatedNormal([n], { mean: 1, stddev: 2 });
  assert.ok(tf.reduceMax(tf.abs(tf.subtract(cut, 1))).item() <= 4);
  // Var of a standard normal within ±2 is 0.7737.
  near(moments(cut)[1], 4 * 0.7737, 0.1, 'truncated variance');
  const flat = tf.random.uniform([n], { minval: -1, maxval: 3 });
  near(moments(flat)[0], 1, 0.03, 'uniform mean');
  assert.ok(tf.reduceMin(flat).item() >= -1 && tf.reduceMax(flat).item() < 3);
  const whole = tf.random.uniform([n], { maxval: 5, dtype: 'int32' });
  assert.equal(tf.sort(tf.unique(whole).y).tolist(), [0, 1, 2, 3, 4]);
  assert.throws(() => tf.random.uniform([2], { dtype: 'int32' }), RangeError);
  const classes = tf.random.categorical(tf.math.log([[0.1, 0.6, 0.3]]), n);
  near(tf.reduceMean(tf.cast(tf.equal(classes, 1), 'float32')).item(), 0.6, 0.01, 'categorical');
  near(tf.reduceMean(tf.cast(tf.random.bernoulli(tf.fill([n], 0.2)), 'float32')).item(), 0.2, 0.01, 'bernoulli');
});

test('the seed decides: globally the sequence, of a call its values; a generator goes on', () => {
  const draw = () => [tf.random.normal([3]).tolist(), tf.random.uniform([3]).tolist()];
  tf.random.setSeed(7);
  const first = draw();
  tf.random.setSeed(7);
  assert.equal(draw(), first);
  const seeded = () => tf.random.normal([3], { seed: 4 }).tolist();
  assert.equal(seeded(), seeded());
  const generator = new tf.random.Generator(4);
  const drawn = [1, 2].map(() => tf.random.normal([3], { seed: generator }).tolist());
  assert.equal(drawn[0], seeded());
  assert.not.equal(drawn[1], drawn[0]);
  assert.equal([...tf.random.shuffle(tf.range(9)).toTypedArray()].map(Number).sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('dropout keeps the mean; a noise shape drops whole dimensions', () => {
  const y = tf.nn.dropout(tf.ones([n]), { rate: 0.25, seed: 1 });
  near(tf.reduceMean(y).item(), 1, 0.02, 'mean');
  near(tf.zeroFraction(y).item(), 0.25, 0.01, 'dropped');
  const rows = tf.nn.dropout(tf.ones([100, 5]), { rate: 0.5, noiseShape: [100, 1], seed: 1 });
  assert.equal(tf.reduceStd(rows, 1).tolist(), Array(100).fill(0));
  assert.throws(() => tf.nn.dropout(tf.ones([2]), { rate: 1 }), RangeError);
});

test('numbers are float32, booleans bool, bigints int64; beside a tensor they leave its dtype alone', () => {
  assert.is(tf.constant(3).dtype, 'float32');
  assert.is(tf.constant([[1, 2]]).dtype, 'float32');
  assert.is(tf.constant([true]).dtype, 'bool');
  assert.is(tf.constant([1n]).dtype, 'int64');
  assert.is(tf.constant(new Uint8Array(2)).dtype, 'uint8');
  assert.equal(tf.constant(2, { shape: [2, 2] }).tolist(), [
    [2, 2],
    [2, 2],
  ]);
  const whole = tf.constant([1, 2], { dtype: 'int32' });
  assert.is(tf.add(whole, 1).dtype, 'int32');
  assert.is(tf.add([1, 2], whole).dtype, 'int32');
  assert.equal(tf.subtract(1, whole).tolist(), [0, -1]);
  assert.is(tf.add(whole, [0.5, 1]).dtype, 'float32');
  const x = tf.constant([1, 2]);
  const copy = tf.constant(x);
  copy.add_(1);
  assert.equal(x.tolist(), [1, 2]);
});

test('labels of every integer dtype compare with argmax', () => {
  const logits = tf.constant([
    [1, 5, 2],
    [7, 1, 2],
  ]);
  for (const dtype of ['uint8', 'int8', 'int16', 'int32', 'int64'] as const) {
    const labels = tf.constant([1, 2], { dtype });
    assert.equal(tf.equal(tf.argmax(logits, 1), labels).tolist(), [true, false]);
    assert.equal(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }).shape, [2]);
  }
  const labels = tf.constant([1, 3], { dtype: 'int64' });
  assert.throws(() => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }), RangeError);
  const wrong = tf.constant([[1], [2]], { dtype: 'int64' });
  const isShape = (error: unknown) => error instanceof ShapeError;
  assert.throws(() => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: wrong, logits }), isShape);
});

test('clipByGlobalNorm scales all together and leaves out what is missing', () => {
  const [clipped, norm] = tf.clipByGlobalNorm([tf.constant([3]), null, tf.constant([[4]])], 1);
  assert.is(norm.item(), 5);
  assert.equal(
    clipped.map((x) => x && Math.round(100 * x.item()) / 100),
    [0.6, null, 0.8],
  );
  const [same] = tf.clipByGlobalNorm([tf.constant([3])], 10);
  near(same[0]?.item() as number, 3, 1e-6, 'unchanged');
});

test('an axis may stand alone', () => {
  const x = tf.constant([
    [1, 2],
    [3, 5],
  ]);
  assert.equal(tf.reduceSum(x, 0).tolist(), [4, 7]);
  assert.equal(tf.reduceSum(x, [0, 1]).tolist(), 11);
  assert.equal(tf.cumsum(x, 1).tolist(), [
    [1, 3],
    [3, 8],
  ]);
  assert.equal(tf.stack([x, x], 2).shape, [2, 2, 2]);
  assert.equal(tf.nn.softmax(tf.zeros([2, 4]), 0).shape, [2, 4]);
});

test("optimizers, metrics, losses, initializers, data sets and variables are Keras' own", () => {
  assert.is(tf.Variable, keras.Variable);
  assert.is(tf.optimizers.Adam, keras.optimizers.Adam);
  assert.is(tf.metrics.Mean, keras.metrics.Mean);
  assert.is(tf.losses.Huber, keras.losses.Huber);
  assert.is(tf.initializers.GlorotUniform, keras.initializers.GlorotUniform);
  assert.is(tf.datasets.mnist, keras.datasets.mnist);
});

test.run();
