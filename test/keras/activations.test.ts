// SPDX-License-Identifier: MIT
import { grad, tensor } from 'cresset';
import { activations, regularizers } from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, float32, type Numbers, type Options, readCases } from './reference.js';

interface Case {
  name: string;
  options: Options;
  x: Numbers;
  y: Numbers;
  gradient: Numbers;
}
const table = activations as unknown as Record<string, (x: unknown, options?: Options) => ReturnType<typeof tensor>>;

/** Where derivatives have a jump, libraries choose either side. */
const kinks: Record<string, number[]> = { hardSigmoid: [-3], hardSilu: [-3], hardTanh: [-1, 1] };

for (const { name, options, ...expected } of readCases<Case>('activations')) {
  test(`${name} ${JSON.stringify(options)}`, () => {
    const x = float32(expected.x).requiresGrad_();
    const y = table[name](x, options);
    assertClose(y, expected.y, 'values');
    const weights = tensor(Array.from({ length: 12 }, (_, i) => i)).reshape([2, 6]);
    const [gradient] = grad(y.mul(weights).sum(), x) as [ReturnType<typeof tensor>];
    const smooth = [0, ...(kinks[name] ?? [])].reduce((mask, kink) => mask.logicalAnd(x.ne(kink)), x.isfinite());
    assertClose(gradient.mul(smooth), float32(expected.gradient).mul(smooth).tolist() as Numbers, 'gradient', 3e-5);
  });
}

test('activations are found by name, and functions as they are', () => {
  const own = (x: ReturnType<typeof tensor>) => x.mul(2);
  assert.is(activations.get('swish'), activations.silu);
  assert.is(activations.get(null), activations.linear);
  assert.is(activations.get(own), own);
  assert.throws(() => activations.get('reluu' as 'relu'), /activations.get: expected one of linear, relu/);
  assert.throws(() => activations.get(3 as never), /expected a name or a function, got number/);
});

test('regularizers add up their penalties', () => {
  const x = float32([[1, -2, 3]]);
  assertClose(regularizers.l1(0.1).call(x), 0.6, 'l1');
  assertClose(regularizers.l2(0.1).call(x), 1.4, 'l2');
  assertClose(regularizers.l1l2({ l1: 0.1, l2: 0.1 }).call(x), 2, 'l1l2');
  assertClose(regularizers.l1l2().call(x), 0, 'none');
  assert.equal(regularizers.get('l2')?.config, { l1: 0, l2: 0.01 });
  assert.is(regularizers.get(undefined), undefined);
  assert.throws(() => regularizers.l1(-1), /l1l2: l1: expected a finite number from 0/);
  assert.throws(() => regularizers.get('l3' as 'l2'), /regularizers.get: expected one of l1, l2, l1l2/);
});

test.run();
