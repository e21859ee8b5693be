// SPDX-License-Identifier: MIT
// suites: isa sanitizer
// Products of bfloat16: against double, gradients too, and the same bits on every instruction set with FMA but AMX, which
// has bits of its own.
import { bmm, compile, manualSeed, matmul, nn, randn, setNumThreads, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { native } from '#internal';

const { linear } = nn.functional;
const isas = (native.isas as () => string[])().filter((isa) => isa !== 'baseline');
const used = native.isa as () => string;
const setIsa = native.setIsa as (isa: string) => void;

const bits = (x: Tensor) => Buffer.from(x.toTypedArray().buffer).toString('hex');
const random = (shape: number[]) => randn(shape).to('bfloat16');

/** |got - want| against what k float32 additions and one rounding to eight bits may lose. */
function assertProduct(got: Tensor, a: Tensor, b: Tensor, bias?: Tensor) {
  const [x, y] = [a.to('float64'), b.to('float64')];
  const offset = bias?.to('float64');
  const want = offset ? x.matmul(y).add(offset) : x.matmul(y);
  const size = offset ? x.abs().matmul(y.abs()).add(offset.abs()) : x.abs().matmul(y.abs());
  const bound = size.mul((a.size(-1) + 2) * 2 ** -24).add(want.abs().mul(2 ** -8));
  assert.is(got.dtype, 'bfloat16');
  assert.ok(got.to('float64').sub(want).abs().le(bound).all().item());
}

const shapes = [
  [1, 1, 1],
  [1, 300, 33],
  [14, 17, 32],
  [64, 784, 128],
  [129, 77, 65],
  [300, 1000, 90],
] as const;
for (const [m, k, n] of shapes) {
  test(`${m} x ${k} times ${k} x ${n}, in every orientation`, () => {
    manualSeed(3);
    for (const a of [random([m, k]), random([k, m]).t()])
      for (const b of [random([k, n]), random([n, k]).t()]) assertProduct(a.matmul(b), a, b);
    const [x, w, bias] = [random([m, k]), random([n, k]), random([n])];
    assertProduct(linear(x, w, bias), x, w.t(), bias);
  });
}

test('stacks, slices, steps and what is empty', () => {
  manualSeed(4);
  const [a, b] = [random([5, 9, 40]), random([5, 40, 21])];
  assertProduct(bmm(a, b), a, b);
  const [odd, strided] = [a.slice(2, 1, 38), b.slice(1, 0, 37).slice(2, 0, 20, 3)];
  assertProduct(matmul(odd, strided), odd, strided);
  assert.equal(matmul(random([3, 0]), random([0, 2])).tolist(), [
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

test('the same bits for any number of threads and on every instruction set but AMX, compiled too', () => {
  const run = () => {
    manualSeed(5);
    const [x, w, bias] = [random([70, 150]), random([90, 150]).requiresGrad_(), random([90])];
    const y = linear(x, w, bias).relu();
    y.to('float32').square().sum().backward();
    const compiled = compile((input: Tensor) => linear(input, w.detach(), bias).relu());
    assert.is(bits(compiled(x)), bits(y.detach()));
    return [bits(y.detach()), bits(w.grad as Tensor)];
  };
  const before = used();
  const firsts = new Map<string, string[]>();
  for (const isa of isas) {
    setIsa(isa);
    const order = isa === 'amx' ? 'amx' : 'k ascending';
    const first = firsts.get(order) ?? run();
    firsts.set(order, first);
    for (const threads of [1, 2, 3]) {
      setNumThreads(threads);
      assert.equal(run(), first, `${isa}, ${threads} threads`);
    }
  }
  setIsa(before);
});

test.run();
