// SPDX-License-Identifier: MIT
import { ShapeError, type Tensor, tensor } from 'cresset';
import { optimizers, Variable } from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, float32, isA, type Numbers, type Options, readCases } from './reference.js';

interface Case {
  class: string;
  options: Options;
  learningRate?: number;
  schedule?: [string, Options];
  start: Numbers[];
  steps: { gradients: Numbers[]; after: Numbers[] }[];
}
type Make<T> = new (options?: Options) => T;
const { schedules } = optimizers;
const classes = optimizers as unknown as Record<string, Make<optimizers.Optimizer>>;
const scheduleClasses = schedules as unknown as Record<string, Make<optimizers.schedules.LearningRateSchedule>>;

const make = ({ class: name, options, learningRate, schedule }: Case) =>
  new classes[name]({
    ...options,
    learningRate: schedule ? new scheduleClasses[schedule[0]](schedule[1]) : learningRate,
  });

for (const [i, expected] of readCases<Case>('optimizers').entries()) {
  const { class: name, options, learningRate, schedule, start, steps } = expected;
  for (const dtype of ['float32', 'float64'] as const) {
    test(`${i}: ${name} ${JSON.stringify({ ...options, learningRate, schedule })} ${dtype}`, () => {
      const optimizer = make(expected);
      const variables = start.map((values) => new Variable(float32(values), { dtype }));
      for (const [step, { gradients, after }] of steps.entries()) {
        optimizer.applyGradients(gradients.map((values, v) => [float32(values), variables[v]]));
        variables.forEach((x, v) => {
          assertClose(x, after[v], `variable ${v} after step ${step}`, 1e-5);
        });
      }
      assert.is(optimizer.iterations.item(), steps.length);
    });
  }
}

for (const { class: name, options, rates } of readCases<{ class: string; options: Options; rates: number[] }>(
  'schedules',
)) {
  test(`${name} ${JSON.stringify(options)}`, () => {
    const schedule = new scheduleClasses[name](options);
    assert.equal(schedule.getConfig(), options);
    for (const [step, rate] of rates.entries()) assertClose(schedule.call(step), rate, `step ${step}`, 1e-7);
  });
}

const all = ['sgd', 'adam', 'adamW', 'rmsprop', 'adagrad', 'adadelta', 'adamax', 'nadam', 'lion'] as const;

test('all are found by name, and objects as they are', () => {
  for (const name of all) {
    const optimizer = optimizers.get(name);
    assert.is(optimizer.name, name);
    assert.is(optimizers.get(optimizer), optimizer);
  }
  assert.throws(() => optimizers.get('momentum' as 'sgd'), /optimizers.get: expected one of sgd, adam/);
});

test('variables without a gradient stay as they are', () => {
  for (const name of all) {
    const optimizer = optimizers.get(name);
    const [moved, kept] = [new Variable([1, 2]), new Variable([3, 4])];
    optimizer.applyGradients([
      [float32([1, 1]), moved],
      [null, kept],
    ]);
    assert.equal(kept.tolist(), [3, 4], name);
    assert.not.equal(moved.tolist(), [1, 2], name);
    assert.throws(() => optimizer.apply([null], [moved]), /no variable has a gradient/);
  }
});

test('apply without variables takes those of build', () => {
  const [x, y] = [new Variable([1]), new Variable([2])];
  const optimizer = new optimizers.SGD({ learningRate: 0.5 });
  optimizer.build([x, y]);
  optimizer.apply([float32([1]), float32([2])]);
  assert.equal([x.item(), y.item()], [0.5, 1]);
});

test('the learning rate may be changed between steps', () => {
  const x = new Variable([0]);
  const optimizer = new optimizers.SGD({ learningRate: 1 });
  optimizer.apply([float32([1])], [x]);
  optimizer.learningRate = 0.25;
  assert.is(optimizer.learningRate, 0.25);
  optimizer.apply([float32([1])], [x]);
  assert.is(x.item(), -1.25);
  optimizer.learningRate = new schedules.PiecewiseConstantDecay({ boundaries: [2], values: [2, 3] });
  assert.is(optimizer.learningRate, 2);
  assert.throws(() => {
    optimizer.learningRate = 1;
  }, isA(TypeError));
});

test('the state lies in variables, and the configuration makes an equal optimizer', () => {
  const optimizer = new optimizers.Adam({ amsgrad: true, clipnorm: 2 });
  const x = new Variable([[1, 2]], { name: 'kernel' });
  optimizer.build([x]);
  assert.equal(
    optimizer.variables.map(({ name }) => name),
    ['iteration', 'learning_rate', 'kernel_momentum', 'kernel_velocity', 'kernel_velocity_hat'],
  );
  const config = optimizer.getConfig();
  assert.equal(new optimizers.Adam(config as optimizers.OptimizerOptions).getConfig(), config);
});

test('what a step refuses changes nothing', () => {
  for (const name of all) {
    const optimizer = optimizers.get(name);
    const [x, y] = [new Variable([1, 2]), new Variable([3])];
    const refused = (gradients: Tensor[], variables: Variable[], message: RegExp) =>
      assert.throws(() => optimizer.apply(gradients, variables), message);
    assert.throws(() => optimizer.apply([float32([1, 1]), float32([1, 1])], [x, y]), isA(ShapeError));
    refused([float32([1, 1])], [x, y], /got 1 gradients for 2 variables/);
    assert.equal(x.tolist(), [1, 2]);
    optimizer.build([x]);
    refused([float32([1])], [y], /not among the variables it was built with/);
    assert.is(optimizer.iterations.item(), 0);
    assert.equal(y.tolist(), [3]);
  }
});

test('an infinite global norm shows in all variables', () => {
  const x = new Variable([1, 2]);
  new optimizers.SGD({ globalClipnorm: 1 }).apply([tensor([1, Infinity])], [x]);
  assert.equal(x.tolist(), [Number.NaN, Number.NaN]);
});

test('wrong options are told by name', () => {
  assert.throws(() => new optimizers.SGD({ momentum: 2 }), /sgd: momentum: expected a finite number from 0 to 1/);
  assert.throws(() => new optimizers.Adam({ learningRate: -1 }), /adam: learningRate/);
  assert.throws(() => new optimizers.Adam({ clipnorm: 1, clipvalue: 1 }), /expected one of clipnorm, clipvalue/);
  assert.throws(() => new optimizers.RMSprop({ rho: 'high' as never }), /rmsprop: rho: expected a number, got string/);
  assert.throws(() => new schedules.CosineDecay({ initialLearningRate: 1, decaySteps: 0 }), /decaySteps/);
});

test.run();
