// SPDX-License-Identifier: MIT
import * as tf from 'cresset/tf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Steps of a small regression, counting how often the function's own code ran. */
function makeStep(wrap: <A extends unknown[], R>(fn: (...args: A) => R) => (...args: A) => R) {
  const w = new tf.Variable([[0.5], [-0.25]]);
  const optimizer = new tf.optimizers.Adam({ learningRate: 0.1 });
  const seen = { calls: 0 };
  const step = wrap((x: tf.Tensor, y: tf.Tensor) => {
    seen.calls++;
    const tape = new tf.GradientTape();
    const loss = tape.record(() => tf.reduceMean(tf.square(tf.subtract(tf.matmul(x, w), y))));
    optimizer.applyGradients([[tape.gradient(loss, w), w]]);
    return loss;
  });
  return { step, seen, w };
}
const x = tf.constant([
  [1, 2],
  [3, -1],
]);
const y = tf.constant([[1], [2]]);

test('a step is traced once, and has the bits of the function itself', () => {
  const traced = makeStep((fn) => tf.function(fn));
  const plain = makeStep((fn) => fn);
  for (let i = 0; i < 5; i++) assert.is(traced.step(x, y).item(), plain.step(x, y).item());
  assert.equal(traced.w.tolist(), plain.w.tolist());
  assert.is(traced.seen.calls, 1);
  assert.is(plain.seen.calls, 5);
});

test('another shape or constant is another trace', () => {
  let calls = 0;
  const scaled = tf.function((a: tf.Tensor, factor: number) => {
    calls++;
    return tf.multiply(a, factor);
  });
  assert.equal(scaled(x, 2).tolist(), [
    [2, 4],
    [6, -2],
  ]);
  scaled(y, 2);
  scaled(x, 3);
  scaled(x, 2);
  assert.is(calls, 3);
});

test('gradients of a tape outside flow through the function', () => {
  const w = new tf.Variable(3);
  const cube = tf.function((v: tf.Tensor) => tf.multiply(tf.multiply(v, v), v));
  cube(tf.constant(2));
  const tape = new tf.GradientTape();
  const result = tape.record(() => cube(w));
  assert.is(result.item(), 27);
  assert.is((tape.gradient(result, w) as tf.Tensor).item(), 27);
});

test('off the JS thread, in the order of the calls', async () => {
  const { step, w } = makeStep((fn) => tf.function(fn));
  const { run } = step as ReturnType<typeof tf.function<[tf.Tensor, tf.Tensor], tf.Tensor>>;
  const losses = await Promise.all([run(x, y), run(x, y), run(x, y)]);
  const plain = makeStep((fn) => fn);
  assert.equal(
    losses.map((loss) => loss.item()),
    [0, 1, 2].map(() => plain.step(x, y).item()),
  );
  assert.equal(w.tolist(), plain.w.tolist());
});

test('what is no function, and a promise, are refused', () => {
  assert.throws(() => tf.function(3 as never), /expected a function/);
  assert.throws(() => tf.function((async () => x) as never)(), /promise/);
});

test.run();
