// SPDX-License-Identifier: MIT
// Values and gradients are held by golden.test.ts.
import { allclose, compile, gradgradcheck, nn, randn, ShapeError, stack, type Tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGradients, sample } from '../support/gradients.js';

const { batchNorm, groupNorm, instanceNorm, layerNorm } = nn.functional;

type Norm = (x: Tensor, weight: Tensor, bias: Tensor) => Tensor;
const [centre, spread] = [sample([3], 7), sample([3], 8).square().add(0.5)];
const norms: [name: string, shape: number[], affine: number[], f: Norm][] = [
  [
    'batchNorm',
    [4, 3, 5],
    [3],
    (x, weight, bias) => batchNorm(x, undefined, undefined, { weight, bias, training: true }),
  ],
  ['batchNorm of rows', [5, 3], [3], (x, weight) => batchNorm(x, undefined, undefined, { weight, training: true })],
  ['batchNorm in evaluation', [2, 3, 2, 2], [3], (x, weight, bias) => batchNorm(x, centre, spread, { weight, bias })],
  [
    'batchNorm with channels last',
    [2, 2, 3, 3],
    [3],
    (x, weight, bias) => batchNorm(x, undefined, undefined, { weight, bias, training: true, channelsLast: true }),
  ],
  ['layerNorm', [3, 2, 5], [2, 5], (x, weight, bias) => layerNorm(x, [2, 5], { weight, bias })],
  ['groupNorm', [2, 6, 3], [6], (x, weight, bias) => groupNorm(x, 2, { weight, bias })],
  ['instanceNorm', [2, 3, 4], [3], (x, weight, bias) => instanceNorm(x, { weight, bias })],
];
for (const [name, shape, affine, f] of norms) {
  test(`${name}: gradients of both orders`, () => {
    const inputs = [sample(shape), sample(affine, 2), sample(affine, 3)];
    checkGradients((x, w, b) => f(x as Tensor, w as Tensor, b as Tensor).mul(sample(shape, 4)), inputs);
    gradgradcheck(
      (x, w, b) => f(x as Tensor, w as Tensor, b as Tensor).mul(sample(shape, 4)),
      inputs.map((x) => x.clone().requiresGrad_()),
    );
  });
}

test('channels last gives what channels first gives', () => {
  const x = sample([4, 20, 3, 5]).to('float32');
  const options = { weight: sample([20], 2).to('float32'), bias: sample([20], 3).to('float32'), training: true };
  const want = batchNorm(x, undefined, undefined, options);
  const last = x.movedim(1, -1).contiguous();
  const got = batchNorm(last, undefined, undefined, { ...options, channelsLast: true }).movedim(-1, 1);
  assert.ok(got.sub(want).abs().max().item() < 1e-5);
});

for (const shape of [
  [3, 5, 40],
  [4, 5, 3, 3],
  [2, 5, 1, 1],
  [6, 5],
]) {
  test(`batchNorm of bfloat16 [${shape}] and its gradients are float32's, rounded`, () => {
    const [x, g] = [sample(shape).to('bfloat16'), sample(shape, 4).to('bfloat16')];
    for (const training of [true, false]) {
      const run = (dtype: 'bfloat16' | 'float32') => {
        const inputs = [x, sample([5], 2), sample([5], 3)].map((t) => t.to('float32'));
        inputs[0] = x.to(dtype);
        const [input, weight, bias] = inputs.map((t) => t.detach().requiresGrad_()) as [Tensor, Tensor, Tensor];
        const [mean, variance] = [sample([5], 7), sample([5], 8).square().add(0.5)].map((t) => t.to('float32'));
        const y = batchNorm(input, mean, variance, { weight, bias, training });
        y.backward({ gradient: g.to(dtype) });
        return [y, input.grad, weight.grad, bias.grad].map((t) => (t as Tensor).detach());
      };
      const exact = run('float32');
      for (const [i, got] of run('bfloat16').entries()) {
        const want = exact[i] as Tensor;
        assert.equal(got.to('float32').tolist(), (i < 2 ? want.to('bfloat16').to('float32') : want).tolist());
      }
    }
  });
}

test('printed like PyTorch', () => {
  assert.is(
    String(new nn.BatchNorm2d(4)),
    'BatchNorm2d(4, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)',
  );
  assert.is(
    String(new nn.InstanceNorm1d(2, { momentum: null })),
    'InstanceNorm1d(2, eps=1e-05, momentum=None, affine=False, track_running_stats=False)',
  );
  assert.is(String(new nn.GroupNorm(3, 6, { eps: 0.01 })), 'GroupNorm(3, 6, eps=0.01, affine=True)');
});

test('the state dict has the running statistics, and loading them gives the same results', () => {
  const [a, b] = [new nn.BatchNorm1d(3), new nn.BatchNorm1d(3)];
  for (let i = 0; i < 3; i++) a.forward(randn([8, 3]));
  assert.equal(Object.keys(a.stateDict()), ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']);
  assert.is(a.stateDict().num_batches_tracked?.item(), 3);
  b.loadStateDict(a.stateDict());
  const x = randn([2, 3]);
  assert.equal(a.eval().forward(x).tolist(), b.eval().forward(x).tolist());
});

test('without a momentum the running statistics are averages over all batches, compiled or not', () => {
  const batches = [1, 2, 3].map((seed) => sample([6, 3], seed));
  const norm = new nn.BatchNorm1d(3, { momentum: null, dtype: 'float64' });
  const compiled = new nn.BatchNorm1d(3, { momentum: null, dtype: 'float64' });
  const step = compile((x: Tensor) => compiled.forward(x));
  for (const x of batches) assert.equal(step(x).tolist(), norm.forward(x).tolist());
  assert.equal(compiled.running_var?.tolist(), norm.running_var?.tolist());
  const [means, variances] = [stack(batches.map((x) => x.mean(0))), stack(batches.map((x) => x.var(0)))];
  assert.ok(allclose(norm.running_mean as Tensor, means.mean(0), { rtol: 1e-12 }));
  assert.ok(allclose(norm.running_var as Tensor, variances.mean(0), { rtol: 1e-12 }));
});

test('wrong inputs are named', () => {
  assert.throws(
    () => new nn.BatchNorm2d(4).forward(zeros([4, 4])),
    (e: Error) => e instanceof ShapeError && /BatchNorm2d: expected 4 dimensions, got shape \[4, 4\]/.test(e.message),
  );
  assert.throws(() => new nn.GroupNorm(4, 6), /4 groups do not divide 6 channels/);
  assert.throws(() => new nn.LayerNorm(5).forward(zeros([2, 3])), /does not end in normalizedShape \[5\]/);
});

test.run();
