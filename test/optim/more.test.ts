// SPDX-License-Identifier: MIT
// Steps and states of all optimizers are held by golden.test.ts.
import { optim, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const { Adadelta, Adagrad, Adamax, ASGD, NAdam, RAdam, RMSprop, Rprop } = optim;

for (const Optimizer of [Adadelta, Adagrad, Adamax, ASGD, NAdam, RAdam, RMSprop, Rprop]) {
  const name = Optimizer.name;
  test(`${name}: a loaded state goes on with the same steps`, () => {
    const make = () => new Optimizer([tensor([1, -2, 3], { dtype: 'float64' }).requiresGrad_()], { lr: 0.05 });
    const step = (optimizer: ReturnType<typeof make>) => {
      const [x] = optimizer.paramGroups[0]?.params ?? [];
      x?.square().sum().backward();
      optimizer.step();
      optimizer.zeroGrad();
      return x?.tolist();
    };
    const [a, b] = [make(), make()];
    for (let i = 0; i < 3; i++) step(a);
    const [from, to] = [a, b].map((o) => o.paramGroups[0]?.params[0]);
    to?.detach().copy_(from?.detach() as typeof to & object);
    b.loadStateDict(a.stateDict() as never);
    for (let i = 0; i < 3; i++) assert.equal(step(b), step(a));
  });
  test(`${name}: maximize climbs, a negative rate is refused`, () => {
    const x = tensor([1, 1], { dtype: 'float32' }).requiresGrad_();
    const optimizer = new Optimizer([x], { lr: 0.1, maximize: true });
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      x.mul(2).sum().backward();
      optimizer.step();
    }
    assert.ok(x.gt(1).all().item());
    assert.throws(() => new Optimizer([x], { lr: -1 }), /lr: expected a number of at least 0, got -1/);
  });
}

test('Muon: takes matrices and known rules for the rate', () => {
  const vector = zeros([3]).requiresGrad_();
  vector.sum().backward();
  assert.throws(() => new optim.Muon([vector], {}).step(), /expected matrices, got a parameter of shape \[3\]/);
  assert.throws(() => new optim.Muon([vector], { adjustLrFn: 'none' as 'original' }), /got 'none'/);
});

test.run();
