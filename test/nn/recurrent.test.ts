// SPDX-License-Identifier: MIT
// Values and first gradients are held by golden.test.ts.
import {
  allclose,
  getNumThreads,
  gradcheck,
  gradgradcheck,
  isa,
  manualSeed,
  nn,
  randn,
  setNumThreads,
  stack,
  type Tensor,
  zeros,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

type Layer = nn.RNN | nn.GRU | nn.LSTM;
const kinds = ['tanh', 'relu', 'gru', 'lstm'] as const;
type Kind = (typeof kinds)[number];

function layerOf(kind: Kind, input: number, hidden: number, options: nn.RecurrentOptions = {}): Layer {
  if (kind === 'lstm') return new nn.LSTM(input, hidden, options);
  if (kind === 'gru') return new nn.GRU(input, hidden, options);
  return new nn.RNN(input, hidden, { ...options, nonlinearity: kind });
}
const cells = { tanh: nn.RNNCell, relu: nn.RNNCell, gru: nn.GRUCell, lstm: nn.LSTMCell };

/** Output, last states and the weights' gradients. */
function outcome(layer: Layer, x: Tensor): Tensor[] {
  layer.zeroGrad();
  const [output, state] = layer.forward(x) as [Tensor, Tensor | Tensor[]];
  const parts = [output, ...[state].flat()];
  parts.reduce((total, part) => total.add(part.square().sum()), zeros([], { dtype: x.dtype })).backward();
  return [...parts, ...[...layer.parameters()].map((p) => p.grad as Tensor)].map((t) => t.detach());
}

for (const kind of kinds) {
  test(`${kind}: all steps at once are the cell step by step, gradients too`, () => {
    // More units than a block has, more sequences than a block has, no multiple of a vector.
    const layer = layerOf(kind, 5, 45, { dtype: 'float64' });
    const cell = new cells[kind](5, 45, {
      dtype: 'float64',
      ...(kind === 'relu' && { nonlinearity: 'relu' }),
    } as object);
    cell.loadStateDict(
      Object.fromEntries(Object.entries(layer.stateDict()).map(([k, v]) => [k.replace('_l0', ''), v])),
    );
    const x = randn([4, 101, 5], { dtype: 'float64' });
    const got = outcome(layer, x);
    let state: Tensor[] | undefined;
    const outputs = x.unbind(0).map((step) => {
      state = [(cell as nn.LSTMCell).forward(step, (kind === 'lstm' ? state : state?.[0]) as never)].flat() as Tensor[];
      return state[0] as Tensor;
    });
    const output = stack(outputs);
    const want = [output, ...(state as Tensor[]).map((part) => part.unsqueeze(0))];
    want.reduce((total, part) => total.add(part.square().sum()), zeros([], { dtype: 'float64' })).backward();
    want.push(...[...cell.parameters()].map((p) => p.grad as Tensor));
    assert.is(got.length, want.length);
    got.forEach((g, i) => {
      assert.ok(allclose(g, want[i] as Tensor, { rtol: 1e-9, atol: 1e-9 }), `part ${i}`);
    });
  });

  test(`${kind}: gradients of first and second order, both directions`, () => {
    const layer = layerOf(kind, 2, 2, { dtype: 'float64', bidirectional: true });
    const x = randn([3, 2, 2], { dtype: 'float64', requiresGrad: true });
    const h = randn([2, 2, 2], { dtype: 'float64', requiresGrad: true });
    const c = randn([2, 2, 2], { dtype: 'float64', requiresGrad: true });
    const inputs = kind === 'lstm' ? [x, h, c] : [x, h];
    const run = (...given: Tensor[]): Tensor[] => {
      const start = given.slice(1);
      const [output, state] = layer.forward(given[0] as Tensor, (kind === 'lstm' ? start : start[0]) as never) as [
        Tensor,
        Tensor | Tensor[],
      ];
      return [output, ...[state].flat()];
    };
    assert.ok(gradcheck(run, inputs));
    assert.ok(gradgradcheck(run, inputs));
  });
}

test('the same bits for 1, 2 and 3 threads', () => {
  const before = getNumThreads();
  for (const kind of kinds) {
    manualSeed(3);
    const layer = layerOf(kind, 20, 70, { numLayers: 2 });
    const x = randn([6, 33, 20]);
    const results = [1, 2, 3].map((threads) => {
      setNumThreads(threads);
      return outcome(layer, x).map((t) => t.tolist());
    });
    assert.equal(results[1], results[0], `${kind} on ${isa()}`);
    assert.equal(results[2], results[0], `${kind} on ${isa()}`);
  }
  setNumThreads(before);
});

test('bad arguments are named', () => {
  assert.throws(
    () => new nn.RNN(2, 3, { nonlinearity: 'elu' as 'relu' }).forward(zeros([2, 1, 2])),
    /expected 'tanh' or 'relu', got 'elu'/,
  );
  assert.throws(
    () => new nn.GRU(2, 3).forward(zeros([0, 1, 2])),
    /expected gates of shape \[steps, batch, 3 \* hidden\]/,
  );
  assert.throws(
    () => new nn.GRU(2, 3).forward(zeros([4, 1, 2]), zeros([1, 2, 3])),
    /state: expected shape \[1, 3\], got \[2, 3\]/,
  );
});

test.run();
