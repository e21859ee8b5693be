// SPDX-License-Identifier: MIT
// suites: node sanitizer
import {
  AutogradFunction,
  type FunctionContext,
  GraphError,
  grad,
  gradcheck,
  gradgradcheck,
  memoryStats,
  type Tensor,
  tensor,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

class Exp extends AutogradFunction {
  static override forward(ctx: FunctionContext, x: Tensor): Tensor {
    const y = x.exp();
    ctx.saveForBackward(y);
    return y;
  }
  static override backward(ctx: FunctionContext, g: Tensor): Tensor {
    return g.mul(ctx.savedTensors[0] as Tensor);
  }
}

/** Two results; a number among the arguments. */
class ScaledProduct extends AutogradFunction {
  static override forward(ctx: FunctionContext, a: Tensor, b: Tensor, factor: number): [Tensor, Tensor] {
    ctx.saveForBackward(a, b);
    ctx.factor = factor;
    return [a.mul(b).mul(factor), a.add(b)];
  }
  static override backward(ctx: FunctionContext, g: Tensor, h: Tensor): (Tensor | undefined)[] {
    const [a, b] = ctx.savedTensors as [Tensor, Tensor];
    return [g.mul(b).mul(ctx.factor).add(h), g.mul(a).mul(ctx.factor).add(h), undefined];
  }
}

const input = (...values: number[]) => tensor(Float64Array.from(values)).requiresGrad_();

test('gradients of first and second order', () => {
  assert.ok(gradcheck((x) => Exp.apply(x), [input(0.3, -1, 2)]));
  assert.ok(gradgradcheck((x) => Exp.apply(x), [input(0.3, -1, 2)]));
  const both = (a: Tensor, b: Tensor) => ScaledProduct.apply(a, b, 1.5);
  assert.ok(gradcheck(both, [input(0.3, -1), input(2, 5)]));
  assert.ok(gradgradcheck(both, [input(0.3, -1), input(2, 5)]));
  assert.ok(gradcheck((a) => ScaledProduct.apply(a, tensor(Float64Array.of(1, 2)), 3)[0], [input(0.3, -1)]));
});

test('it is part of the graph, and not recorded where nothing needs a gradient', () => {
  const x = input(1, 2);
  const y = Exp.apply(x);
  assert.is(y.gradFn, 'Exp');
  assert.not(Exp.apply(x.detach()).requiresGrad);
  y.mul(3).sum().backward();
  assert.equal(x.grad?.tolist(), [3 * Math.exp(1), 3 * Math.exp(2)]);
});

test('a gradient of the wrong number, kind or shape is an error that names the function', () => {
  class Wrong extends AutogradFunction {
    static override forward(ctx: FunctionContext, x: Tensor, result: unknown): Tensor {
      ctx.result = result;
      return x.clone();
    }
    static override backward(ctx: FunctionContext): Tensor[] {
      return ctx.result;
    }
  }
  for (const result of [[], [1, undefined], [tensor([1, 2, 3]), undefined], ['a', undefined]]) {
    assert.throws(() => Wrong.apply(input(1, 2), result).sum().backward(), /Wrong/);
  }
  assert.throws(() => AutogradFunction.apply.call(class {} as never), /extends AutogradFunction/);
});

test('an error thrown by backward comes out of backward()', () => {
  const mine = new Error('mine');
  class Failing extends AutogradFunction {
    static override forward(_ctx: FunctionContext, x: Tensor): Tensor {
      return x.clone();
    }
    static override backward(): Tensor {
      throw mine;
    }
  }
  const x = input(1);
  let error: unknown;
  try {
    Failing.apply(x.mul(2)).sum().backward();
  } catch (caught) {
    error = caught;
  }
  assert.is(error, mine);
  Exp.apply(x).backward();
  assert.equal(x.grad?.tolist(), [Math.exp(1)]);
});

test('saved tensors are checked: changed in place, and freed after backward', () => {
  const x = input(1);
  const y = Exp.apply(x.mul(1));
  y.add_(1);
  assert.throws(() => y.sum().backward(), /changed in place/);
  const z = Exp.apply(x).sum();
  z.backward();
  assert.throws(
    () => z.backward(),
    (error: Error) => error instanceof GraphError,
  );
  const kept = Exp.apply(x).sum();
  kept.backward({ retainGraph: true });
  kept.backward();
});

test('memory is flat in a loop without one await', () => {
  const x = input(...Array(2000).fill(0.1));
  let peak = 0;
  for (let i = 0; i < 6000; i++) {
    grad(Exp.apply(Exp.apply(x)).sum(), x);
    Exp.apply(x);
    if (i === 3000) peak = memoryStats().live;
  }
  assert.ok(memoryStats().live < peak + (64 << 20), `${memoryStats().live} bytes are live, ${peak} half-way`);
});

test.run();
