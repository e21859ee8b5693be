// SPDX-License-Identifier: MIT
// timeout: 120
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DTypeError, GraphError, memoryStats, noGrad, ShapeError, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradientsOf, recordTape, Variable } from '#internal';

const is = (kind: new (message?: string) => Error) => (error: unknown) => error instanceof kind;

test('numbers make float32, booleans bool, and dtype decides where it is given', () => {
  assert.equal(new Variable(3).dtype, 'float32');
  assert.equal(new Variable([[1, 2]]).shape, [1, 2]);
  assert.equal(new Variable([true]).dtype, 'bool');
  assert.equal(new Variable(3, { dtype: 'int64' }).trainable, false);
  assert.equal(new Variable(tensor([1, 2])).dtype, 'int64');
  assert.throws(() => new Variable(3, { dtype: 'int64', trainable: true }), is(DTypeError));
});

test('it has memory of its own, which assign changes in place', () => {
  const x = tensor([1, 2, 3], { dtype: 'float32' });
  const w = new Variable(x);
  const snapshot = w.value();
  assert.is(w.assign([4, 5, 6]), w);
  w.assignAdd(x).assignSub([1, 1, 1]);
  assert.equal(w.tolist(), [4, 6, 8]);
  assert.equal(x.tolist(), [1, 2, 3]);
  assert.equal(snapshot.tolist(), [1, 2, 3]);
  assert.throws(() => w.assign([1, 2]), is(ShapeError));
  assert.throws(() => w.assign(tensor([1, 2, 3])), is(DTypeError));
});

test('a graph inside a tape, none outside', () => {
  const w = new Variable([2, 3]);
  assert.is(w.requiresGrad, false);
  assert.is(w.mul(2).requiresGrad, false);
  const y = recordTape(() => {
    assert.is(w.requiresGrad, true);
    assert.is(noGrad(() => w.mul(2)).requiresGrad, false);
    const inside = w.square();
    assert.is(inside.requiresGrad, true);
    assert.throws(() => w.add_(1), is(GraphError));
    return inside;
  });
  assert.is(y.requiresGrad, false);
  assert.is(y.mul(2).gradFn, undefined);
  assert.equal(gradientsOf(y, [w])[0]?.tolist(), [4, 6]);
  w.add_(1);
  assert.equal(w.tolist(), [3, 4]);
});

test('what another tape recorded is a constant', () => {
  const w = new Variable([2]);
  const state = recordTape(() => w.mul(3));
  const y = recordTape(() => state.mul(w));
  assert.equal(
    gradientsOf(y, [w, state]).map((g) => g?.tolist() ?? null),
    [[6], null],
  );
  const z = recordTape(() => state.mul(2));
  assert.equal(gradientsOf(z, [w]), [null]);
});

test('a view made outside a tape carries no graph into it', () => {
  const w = new Variable([[1, 2]]);
  const flat = w.reshape([2]);
  const y = recordTape(() => flat.square().sum());
  assert.is(y.requiresGrad, false);
  assert.equal(gradientsOf(y, [w]), [null]);
});

test('a constant that a tape changed in place is a constant again after it', () => {
  const w = new Variable([2]);
  const total = zeros([1]);
  for (let i = 0; i < 3; i++) {
    recordTape(() => total.add_(w.mul(2)));
    assert.is(total.requiresGrad, false);
  }
  assert.equal(total.tolist(), [12]);
  assert.is(total.requiresGrad_().requiresGrad, true);
});

test('an untrainable variable is never recorded', () => {
  const w = new Variable([2], { trainable: false });
  assert.is(recordTape(() => w.mul(2)).requiresGrad, false);
});

test('recordTape refuses promises and is left on exceptions', () => {
  const w = new Variable([2]);
  assert.throws(() => recordTape(async () => w), TypeError);
  assert.throws(() =>
    recordTape(() => {
      throw new Error('mine');
    }),
  );
  assert.is(w.requiresGrad, false);
});

test('100,000 steps of total = total.add(step()) leave the live bytes flat', () => {
  const w = new Variable([
    [0.5, -0.25],
    [0.125, 1],
  ]);
  const x = tensor([[1, 2]], { dtype: 'float32' });
  const step = () => {
    const loss = recordTape(() => x.matmul(w).square().mean());
    const [g] = gradientsOf(loss, [w]);
    if (g) w.assignSub(g.mul(1e-3));
    return loss;
  };
  let total = zeros([]);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const live: number[] = [];
  for (let i = 1; i <= 100_000; i++) {
    total = total.add(step());
    if (i % 20_000 !== 0) continue;
    collect();
    live.push(memoryStats().live);
  }
  assert.is(total.gradFn, undefined);
  assert.ok((live[4] as number) <= 1.25 * (live[1] as number), `live bytes: ${live}`);
});

test.run();
