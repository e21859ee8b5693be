// SPDX-License-Identifier: MIT
import { compile, GraphError, nn, optim, randn, ShapeError, type Tensor, tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** The line after the one it is called on. */
const nextLine = () => Number(/errors\.test\.(?:js|ts):(\d+)/.exec(new Error().stack?.split('\n')[2] ?? '')?.[1]) + 1;

function errorOf(body: () => unknown): Error & { code?: string } {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error');
}

let line = 0;
class Inner extends nn.Module {
  constructor(private readonly look: (x: Tensor) => unknown) {
    super();
  }
  forward(x: Tensor) {
    line = nextLine();
    this.look(x);
    return x;
  }
}
class Outer extends nn.Module {
  body: nn.Sequential;
  constructor(look: (x: Tensor) => unknown) {
    super();
    this.body = new nn.Sequential(new nn.Linear(3, 3), new Inner(look));
  }
  forward(x: Tensor) {
    return this.body.forward(x);
  }
}

test('reading a value names the operation and the line, in a nested module too', () => {
  const looks: [string, (x: Tensor) => unknown][] = [
    ['item', (x) => x.sum().item()],
    ['toTypedArray', (x) => x.toTypedArray()],
    ['toTypedArray', (x) => x.tolist()],
    ['nonzero', (x) => x.nonzero()],
    ['item', (x) => x.maskedSelect(x.gt(0))],
  ];
  for (const [name, look] of looks) {
    const model = new Outer(look);
    const step = compile((x: Tensor) => model.forward(x));
    const error = errorOf(() => step(randn([2, 3])));
    assert.instance(error, GraphError, `${name}: ${error.stack}`);
    assert.match(error.message, new RegExp(`^${name}: .*recorded|records`));
    assert.match(error.message, /errors\.test\.(js|ts):\d+:\d+\)$/);
    assert.ok(line > 0);
  }
});

test('the line is that of the call', () => {
  let expected = 0;
  const step = compile((x: Tensor) => {
    expected = nextLine();
    x.item();
  });
  const { message } = errorOf(() => step(tensor([1])));
  assert.match(message, new RegExp(`:${expected}:`));
});

test('nothing has changed after an error, and the next call works', () => {
  const w = randn([3]).requiresGrad_();
  const optimizer = new optim.Adam([w]);
  const before = [...w.toTypedArray()];
  let fails = true;
  const step = compile((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = w.mul(x).sum();
    loss.backward();
    optimizer.step();
    if (fails) loss.item();
    return loss;
  });
  assert.instance(
    errorOf(() => step(randn([3]))),
    GraphError,
  );
  assert.equal([[...w.toTypedArray()], w.grad, w.version], [before, undefined, 0]);
  fails = false;
  step(randn([3]));
  assert.is(optimizer.state.get(w)?.step?.item(), 1);
  const square = compile((x: Tensor) => x.matmul(x));
  assert.instance(
    errorOf(() => square(randn([2, 3]))),
    ShapeError,
  );
});

test('a function that returns a promise is refused', () => {
  assert.throws(() => compile(async (x: Tensor) => x)(randn([1])), /returned a promise/);
  assert.throws(() => compile(1 as never), /expected a function, got number/);
});

test('errors of a run name the line that recorded the call', async () => {
  const table = randn([4, 2]);
  let expected = 0;
  const step = compile((i: Tensor) => {
    expected = nextLine();
    return table.indexSelect(0, i);
  });
  step(tensor([1, 2]));
  const error = errorOf(() => step(tensor([1, 9])));
  assert.instance(error, RangeError);
  assert.match(error.message, new RegExp(`index 9 is out of range.*errors\\.test\\.(js|ts):${expected}:`));
  const rejected = await step.run(tensor([1, 9])).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  assert.instance(rejected, RangeError);
  assert.is(rejected?.message, error.message);
});

test('tensors of a recording have no values outside of it', () => {
  let kept: Tensor | undefined;
  const step = compile((x: Tensor) => {
    kept = x.exp();
    assert.is(String(kept), 'tensor(<recorded>, shape=[2], dtype=float32)');
    return kept.sum();
  });
  step(randn([2]));
  assert.throws(() => kept?.tolist(), /has no values/);
  assert.throws(() => kept?.add(1), /has no values/);
  const other = compile((x: Tensor) => x.add(kept as Tensor));
  assert.throws(() => other(randn([2])), /of another recording/);
});

test('arguments that share memory with what the function changes are refused', () => {
  const w = randn([4]);
  const step = compile((x: Tensor) => {
    w.add_(x);
  });
  assert.throws(() => step(w), /argument 0 shares memory/);
  const both = compile((x: Tensor, y: Tensor) => {
    x.add_(y);
  });
  assert.throws(() => both(w, w.slice(0, 0, 4)), /argument 1 shares memory/);
  const history = w.detach().requiresGrad_().mul(2);
  assert.throws(() => both(history, w), /result of a recorded operation/);
});

test.run();
