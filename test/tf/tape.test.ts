// SPDX-License-Identifier: MIT
import { DTypeError, GraphError } from 'cresset';
import * as tf from 'cresset/tf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const is = (kind: new (message?: string) => Error) => (error: unknown) => error instanceof kind;
const values = (x: tf.Tensor | null) => x?.tolist() ?? null;

test('the gradient has the structure of the sources, null where no path leads', () => {
  const [a, b] = [new tf.Variable([2, 3]), new tf.Variable(5)];
  const tape = new tf.GradientTape({ persistent: true });
  const y = tape.record(() => tf.reduceSum(tf.square(a)));
  assert.equal(values(tape.gradient(y, a)), [4, 6]);
  assert.equal(tape.gradient(y, [a, b]).map(values), [[4, 6], null]);
  const { left, right } = tape.gradient(y, { left: a, right: b }, { unconnectedGradients: 'zero' });
  assert.equal([values(left), values(right)], [[4, 6], 0]);
  assert.throws(() => tape.gradient(y, a, { unconnectedGradients: 'ones' as 'zero' }), RangeError);
});

test('a tape gives gradients once, a persistent one as often as asked', () => {
  const x = new tf.Variable(3);
  const once = new tf.GradientTape();
  assert.throws(() => once.gradient(x, x), is(GraphError));
  const y = once.record(() => tf.pow(x, 3));
  assert.is(values(once.gradient(y, x)), 27);
  assert.throws(() => once.gradient(y, x), is(GraphError));
  const often = new tf.GradientTape({ persistent: true });
  const z = often.record(() => tf.pow(x, 2));
  assert.is(values(often.gradient(z, x)), 6);
  assert.is(values(often.gradient(z, x)), 6);
  often.reset();
  assert.throws(() => often.gradient(z, x), is(GraphError));
});

test('watched tensors are sources; watching ends with the recording', () => {
  const x = tf.constant(3);
  const tape = new tf.GradientTape();
  tape.watch(x);
  assert.is(x.requiresGrad, false);
  const y = tape.record(() => {
    assert.is(x.requiresGrad, true);
    return tf.multiply(x, x);
  });
  assert.is(x.requiresGrad, false);
  assert.is(values(tape.gradient(y, x)), 6);
  const other = new tf.GradientTape();
  const z = other.record(() => tf.multiply(x, x));
  assert.is(values(other.gradient(z, x)), null);
  assert.throws(() => other.watch(tf.constant(1, { dtype: 'int64' })), is(DTypeError));
});

test('what one tape recorded can be watched by another', () => {
  const w = new tf.Variable(2);
  const first = new tf.GradientTape();
  const y = first.record(() => w.mul(3));
  const second = new tf.GradientTape();
  second.watch(y);
  const z = second.record(() => y.square());
  assert.is(values(second.gradient(z, y)), 12);
});

test('without watchAccessedVariables only what is watched has a gradient', () => {
  const [a, b] = [new tf.Variable(2), new tf.Variable(3)];
  const tape = new tf.GradientTape({ watchAccessedVariables: false });
  tape.watch(a);
  const y = tape.record(() => a.mul(b));
  assert.equal(tape.watchedVariables(), [a]);
  assert.equal(tape.gradient(y, [a, b]).map(values), [3, null]);
});

test('watchedVariables names what was used', () => {
  const [a, b, c] = [new tf.Variable(2), new tf.Variable(3), new tf.Variable(4, { trainable: false })];
  const outer = new tf.GradientTape();
  const inner = new tf.GradientTape();
  outer.record(() => {
    a.mul(c);
    inner.record(() => b.mul(a));
    a.mul(2);
  });
  assert.is(inner.watchedVariables().length, 2);
  assert.is(outer.watchedVariables().length, 2);
  assert.ok(outer.watchedVariables().includes(a) && outer.watchedVariables().includes(b));
});

test('nested tapes: x³ has the derivatives 3x², 6x and 6', () => {
  const x = new tf.Variable(3);
  const [t1, t2, t3] = [new tf.GradientTape(), new tf.GradientTape(), new tf.GradientTape()];
  const gradient = (tape: tf.GradientTape, y: tf.Tensor) => tape.gradient(y, x, { unconnectedGradients: 'zero' });
  const second = t3.record(() => {
    const first = t2.record(() => {
      const y = t1.record(() => tf.pow(x, 3));
      const g = gradient(t1, y);
      assert.is(values(g), 27);
      return g;
    });
    const g = gradient(t2, first);
    assert.is(values(g), 18);
    return g;
  });
  assert.is(values(gradient(t3, second)), 6);
});

test('to an inner tape, what was computed before it is a constant', () => {
  const x = new tf.Variable(3);
  const outer = new tf.GradientTape();
  const inner = new tf.GradientTape();
  const g = outer.record(() => {
    const y = x.square();
    const z = inner.record(() => y.mul(x));
    return inner.gradient(z, x) as tf.Tensor;
  });
  assert.is(values(g), 9);
  assert.is(values(outer.gradient(g, x)), 6);
});

test('several targets add up, each with an output gradient', () => {
  const x = new tf.Variable([1, 2]);
  const tape = new tf.GradientTape({ persistent: true });
  const [y, z] = tape.record(() => [x.mul(2), x.square()] as const);
  assert.equal(values(tape.gradient([y, z], x)), [4, 6]);
  const outputGradients = [tf.constant([1, 10]), tf.constant([100, 1000])];
  assert.equal(values(tape.gradient([y, z], x, { outputGradients })), [202, 4020]);
  assert.throws(() => tape.gradient([y, z], x, { outputGradients: [] }), Error);
});

test('the jacobian of x² is diagonal; of an unconnected source null or zeros', () => {
  const [x, other] = [new tf.Variable([1, 2, 3]), new tf.Variable([1, 1])];
  const tape = new tf.GradientTape({ persistent: true });
  const y = tape.record(() => x.square());
  assert.equal(values(tape.jacobian(y, x)), [
    [2, 0, 0],
    [0, 4, 0],
    [0, 0, 6],
  ]);
  assert.is(tape.jacobian(y, other), null);
  assert.equal(tape.jacobian(y, other, { unconnectedGradients: 'zero' }).shape, [3, 2]);
});

test('a recording continues; stopRecording leaves a gap; promises are refused', () => {
  const x = new tf.Variable(2);
  const tape = new tf.GradientTape();
  const y = tape.record(() => x.square());
  const z = tape.record(() => y.mul(tape.stopRecording(() => x.square())));
  assert.is(values(tape.gradient(z, x)), 16);
  assert.throws(() => tape.stopRecording(() => x), is(GraphError));
  assert.throws(() => tape.record(() => tape.record(() => x)), is(GraphError));
  assert.throws(() => tape.record(async () => x), TypeError);
  assert.is(x.requiresGrad, false);
});

test('tf.function is the function, traced once, and refuses promises', () => {
  const twice = tf.function((x: tf.Tensor, y: number) => tf.multiply(x, y));
  assert.is(values(twice(tf.constant(3), 2)), 6);
  assert.throws(() => tf.function(async () => 1)(), TypeError);
});

test('tf.function: training steps and metrics equal those without it, bit for bit', () => {
  const run = (wrap: <F extends (...args: tf.Tensor[]) => unknown>(fn: F) => F) => {
    tf.random.setSeed(3);
    const w = new tf.Variable(tf.random.normal([6, 3]));
    const b = new tf.Variable(tf.zeros([3]));
    const variables = [w, b];
    const optimizer = new tf.optimizers.Adam({ learningRate: 0.1 });
    const seen = new tf.metrics.Mean();
    let traced = 0;
    const trainStep = wrap((x: tf.Tensor, y: tf.Tensor) => {
      traced++;
      const tape = new tf.GradientTape();
      const loss = tape.record(() => {
        const logits = tf.add(tf.matmul(x, w), b);
        return tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
      });
      optimizer.applyGradients(tape.gradient(loss, variables).map((g, i) => [g, variables[i] as tf.Variable]));
      seen.updateState(loss);
      return loss;
    });
    const losses: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const x = tf.random.normal([4, 6]);
      losses.push((trainStep(x, tf.constant([0, 1, 2, 1], { dtype: 'int64' })) as tf.Tensor).tolist());
      if (i === 2) optimizer.learningRate = 0.05;
    }
    return { traced, values: [losses, w.tolist(), b.tolist(), seen.result().item(), optimizer.iterations.item()] };
  };
  const compiled = run((fn) => tf.function(fn as never) as unknown as typeof fn);
  assert.equal(compiled.values, run((fn) => fn).values);
  assert.is(compiled.traced, 1);
});

test('tf.function under a tape is differentiated through', () => {
  const w = new tf.Variable([2, 3]);
  const model = tf.function((x: tf.Tensor) => tf.multiply(tf.multiply(x, w), w));
  model(tf.constant([1, 1]));
  const tape = new tf.GradientTape();
  const y = tape.record(() => model(tf.constant([1, 2])));
  assert.equal(tape.gradient(y, w)?.tolist(), [4, 12]);
});

test.run();
