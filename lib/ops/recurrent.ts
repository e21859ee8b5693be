// SPDX-License-Identifier: MIT
import { raw } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';

// Recurrent cells over a whole sequence [L, N, …]. What the input contributes comes in for all steps at once; float32
// and float64 only.

const rawLstm = raw(
  'lstm_sequence',
  'gates_x: Tensor, h0: Tensor, c0: Tensor, w_hh: Tensor, reverse: bool -> Tensor, Tensor, Tensor',
);
const rawGru = raw(
  'gru_sequence',
  'gates_x: Tensor, h0: Tensor, w_hh: Tensor, b_hh: Tensor?, reverse: bool -> Tensor, Tensor, Tensor',
);
const rawRnn = raw('rnn_sequence', 'x: Tensor, h0: Tensor, w_hh: Tensor, relu: bool, reverse: bool -> Tensor');
raw(
  'lstm_sequence_backward',
  'dh: Tensor, dc: Tensor?, gates: Tensor, c: Tensor, c0: Tensor, w_hh: Tensor, reverse: bool -> Tensor, Tensor, Tensor',
);
raw(
  'gru_sequence_backward',
  'dh: Tensor, gates: Tensor, y: Tensor, h: Tensor, h0: Tensor, w_hh: Tensor, reverse: bool -> Tensor, Tensor, Tensor',
);
raw(
  'rnn_sequence_backward',
  'dh: Tensor, h: Tensor, h0: Tensor, w_hh: Tensor, relu: bool, reverse: bool -> Tensor, Tensor',
);

/** @internal The states h and c after each step; gates [L, N, 4 H] in the order i, f, g, o. */
export function lstmSequence(gates: Tensor, h0: Tensor, c0: Tensor, wHh: Tensor, reverse: boolean): [Tensor, Tensor] {
  const name = 'LSTM';
  const [h, c] = rawLstm(
    handleOf(gates, name),
    handleOf(h0, name),
    handleOf(c0, name),
    handleOf(wHh, name),
    reverse,
  ).map(fromHandle);
  return [h as Tensor, c as Tensor];
}

/** @internal The state after each step; gates [L, N, 3 H] in the order r, z, n; `bHh` is added to the state's part. */
export function gruSequence(gates: Tensor, h0: Tensor, wHh: Tensor, bHh: Tensor | undefined, reverse: boolean): Tensor {
  const name = 'GRU';
  const offset = bHh && handleOf(bHh, name);
  const [h] = rawGru(handleOf(gates, name), handleOf(h0, name), handleOf(wHh, name), offset, reverse);
  return fromHandle(h as Exclude<typeof h, undefined>);
}

/** @internal The state after each step: tanh or relu of x plus the state's part. */
export function rnnSequence(x: Tensor, h0: Tensor, wHh: Tensor, relu: boolean, reverse: boolean): Tensor {
  const name = 'RNN';
  return fromHandle(rawRnn(handleOf(x, name), handleOf(h0, name), handleOf(wHh, name), relu, reverse));
}
