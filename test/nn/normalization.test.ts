// SPDX-License-Identifier: MIT
// Values and gradients are held by golden.test.ts.
import { nn, randn, ShapeError, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

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

test('wrong inputs are named', () => {
  assert.throws(
    () => new nn.BatchNorm2d(4).forward(zeros([4, 4])),
    (e: Error) => e instanceof ShapeError && /BatchNorm2d: expected 4 dimensions, got shape \[4, 4\]/.test(e.message),
  );
  assert.throws(() => new nn.GroupNorm(4, 6), /4 groups do not divide 6 channels/);
  assert.throws(() => new nn.LayerNorm(5).forward(zeros([2, 3])), /does not end in normalizedShape \[5\]/);
});

test.run();
