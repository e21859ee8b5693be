// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';
import { autocast, isAutocastEnabled, raised } from '../../autocast.js';
import { zeros } from '../../creation.js';
import type { DType } from '../../dtype.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { cat, stack } from '../../ops/join.js';
import { gruSequence, lstmSequence, rnnSequence } from '../../ops/recurrent.js';
import { relu, sigmoid, tanh } from '../../ops.js';
import type { RandomOptions } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { dropout, linear } from '../functional/layers.js';
import { uniform_ } from '../init.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';

/** Weights of one direction of one layer; `hr` projects the hidden state (LSTM with `projSize`). */
interface Weights {
  ih: Tensor;
  hh: Tensor;
  biasIh: Tensor | undefined;
  biasHh: Tensor | undefined;
  hr: Tensor | undefined;
}
/** From a step's input (already multiplied by `ih`) and the state to the next state; the first part is the output. */
type Step = (input: Tensor, state: Tensor[], weights: Weights) => Tensor[];

const tanhStep: Step = (input, [h], w) => [tanh(input.add(linear(h as Tensor, w.hh, w.biasHh)))];
const reluStep: Step = (input, [h], w) => [relu(input.add(linear(h as Tensor, w.hh, w.biasHh)))];

/** Gates in the order i, f, g, o (Hochreiter & Schmidhuber 1997, with Gers' forget gate). */
const lstmStep: Step = (input, [h, c], w) => {
  const gates = input.add(linear(h as Tensor, w.hh, w.biasHh)).chunk(4, -1) as [Tensor, Tensor, Tensor, Tensor];
  const cell = sigmoid(gates[1])
    .mul(c as Tensor)
    .add(sigmoid(gates[0]).mul(tanh(gates[2])));
  const hidden = sigmoid(gates[3]).mul(tanh(cell));
  return [w.hr ? linear(hidden, w.hr) : hidden, cell];
};

/** Gates in the order r, z, n; r acts on the hidden state after its bias (Cho et al. 2014). */
const gruStep: Step = (input, [h], w) => {
  const [xr, xz, xn] = input.chunk(3, -1) as [Tensor, Tensor, Tensor];
  const [hr, hz, hn] = linear(h as Tensor, w.hh, w.biasHh).chunk(3, -1) as [Tensor, Tensor, Tensor];
  const update = sigmoid(xz.add(hz));
  const candidate = tanh(xn.add(sigmoid(xr.add(hr)).mul(hn)));
  return [candidate.add(update.mul((h as Tensor).sub(candidate)))];
};

/** A layer's cell: one step, and natively all steps of a sequence [L, N, in] to [L, N, out] and the last state. */
interface Recurrence {
  step: Step;
  sequence(x: Tensor, state: Tensor[], weights: Weights, backwards: boolean): [Tensor, Tensor[]];
}
/** The input's part of all steps at once, with both offsets. */
const inputPart = (x: Tensor, w: Weights) => linear(x, w.ih, w.biasIh && w.biasHh && w.biasIh.add(w.biasHh));
const lastOf = (states: Tensor, backwards: boolean) => states.select(0, backwards ? 0 : -1);

const plainRecurrence = (step: Step): Recurrence => ({
  step,
  sequence(x, [h0], w, backwards) {
    const h = rnnSequence(inputPart(x, w), h0 as Tensor, w.hh, step === reluStep, backwards);
    return [h, [lastOf(h, backwards)]];
  },
});
const plainRecurrences = { tanh: plainRecurrence(tanhStep), relu: plainRecurrence(reluStep) };
/** @throws ArgumentRangeError for any other name */
function plainOf(name: string, nonlinearity: 'tanh' | 'relu'): Recurrence {
  if (Object.hasOwn(plainRecurrences, nonlinearity)) return plainRecurrences[nonlinearity];
  throw new ArgumentRangeError(`${name}: nonlinearity: expected 'tanh' or 'relu', got ${inspect(nonlinearity)}`);
}
const lstm: Recurrence = {
  step: lstmStep,
  sequence(x, [h0, c0], w, backwards) {
    const [h, c] = lstmSequence(inputPart(x, w), h0 as Tensor, c0 as Tensor, w.hh, backwards);
    return [h, [lastOf(h, backwards), lastOf(c, backwards)]];
  },
};
const gru: Recurrence = {
  step: gruStep,
  sequence(x, [h0], w, backwards) {
    const h = gruSequence(linear(x, w.ih, w.biasIh), h0 as Tensor, w.hh, w.biasHh, backwards);
    return [h, [lastOf(h, backwards)]];
  },
};

/** Far above any use; keeps a wrong number from building layers without end. */
const maxLayers = 1000;

/** Options of the recurrent layers. */
export interface RecurrentOptions extends RandomOptions {
  /** Layers on top of each other. Default 1. */
  numLayers?: number | undefined;
  /** Learn offsets. Default true. */
  bias?: boolean | undefined;
  /** Inputs and outputs are [N, L, …] instead of [L, N, …]. Default false. */
  batchFirst?: boolean | undefined;
  /** Probability of dropping outputs between layers. Default 0. */
  dropout?: number | undefined;
  /** Read the sequence backwards too. Default false. */
  bidirectional?: boolean | undefined;
  dtype?: DType | undefined;
}

/** The weights of a layer under PyTorch's names, in PyTorch's order, uniform within ±1/√hiddenSize. */
function addWeights(
  module: Module,
  sizes: { gates: number; input: number; hidden: number; output: number },
  suffix: string,
  options: RecurrentOptions,
): void {
  const { bias = true, dtype = 'float32', generator } = options;
  const rows = sizes.gates * sizes.hidden;
  const shapes: [string, number[]][] = [
    [`weight_ih${suffix}`, [rows, sizes.input]],
    [`weight_hh${suffix}`, [rows, sizes.output]],
    ...(bias
      ? ([
          [`bias_ih${suffix}`, [rows]],
          [`bias_hh${suffix}`, [rows]],
        ] as [string, number[]][])
      : []),
    ...(sizes.output !== sizes.hidden
      ? ([[`weight_hr${suffix}`, [sizes.output, sizes.hidden]]] as [string, number[]][])
      : []),
  ];
  const bound = sizes.hidden > 0 ? 1 / Math.sqrt(sizes.hidden) : 0;
  for (const [name, shape] of shapes) {
    const parameter = new Parameter(zeros(shape, { dtype }));
    uniform_(parameter, -bound, bound, { generator });
    module.registerParameter(name, parameter);
  }
}
function weightsOf(module: Module, suffix: string): Weights {
  const at = (name: string) => (module as unknown as Record<string, Tensor | undefined>)[`${name}${suffix}`];
  return {
    ih: at('weight_ih') as Tensor,
    hh: at('weight_hh') as Tensor,
    biasIh: at('bias_ih'),
    biasHh: at('bias_hh'),
    hr: at('weight_hr'),
  };
}

/** Runs a cell over the first dimension of x: [L, N, in] to [L, N, out] and the last state. */
function runLayer(
  cell: Recurrence,
  x: Tensor,
  start: Tensor[],
  weights: Weights,
  backwards: boolean,
): [Tensor, Tensor[]] {
  if (isAutocastEnabled()) {
    const [input, state] = [raised(x), start.map(raised)];
    return autocast(() => runLayer(cell, input, state, weights, backwards), { enabled: false });
  }
  const isNative = !weights.hr && (x.dtype === 'float32' || x.dtype === 'float64');
  if (isNative) return cell.sequence(x, start, weights, backwards);
  const inputs = linear(x, weights.ih, weights.biasIh).unbind(0);
  const outputs: Tensor[] = [];
  let state = start;
  for (const input of backwards ? inputs.reverse() : inputs) {
    state = cell.step(input, state, weights);
    outputs.push(state[0] as Tensor);
  }
  return [stack(backwards ? outputs.reverse() : outputs), state];
}

abstract class Recurrent extends Module {
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  readonly dropout: number;
  /** Names of the directions' weights behind the layer's number. */
  private readonly directions: readonly string[];

  constructor(
    readonly inputSize: number,
    readonly hiddenSize: number,
    private readonly gates: number,
    private readonly projSize: number,
    options: RecurrentOptions,
  ) {
    super();
    const { numLayers = 1, batchFirst = false, bidirectional = false, dropout: p = 0 } = options;
    if (!(Number.isInteger(numLayers) && numLayers > 0 && numLayers <= maxLayers)) {
      throw new ArgumentRangeError(
        `${this.constructor.name}: numLayers: expected an integer from 1 to ${maxLayers}, got ${numLayers}`,
      );
    }
    this.numLayers = numLayers;
    this.batchFirst = batchFirst;
    this.bidirectional = bidirectional;
    this.dropout = p;
    this.directions = bidirectional ? ['', '_reverse'] : [''];
    const output = projSize || hiddenSize;
    for (let layer = 0; layer < numLayers; layer++) {
      const input = layer === 0 ? inputSize : output * this.directions.length;
      for (const direction of this.directions) {
        addWeights(this, { gates, input, hidden: hiddenSize, output }, `_l${layer}${direction}`, options);
      }
    }
  }

  /** Zeros for each part of the state: [layers · directions, N, size]. */
  private zeroState(x: Tensor, batch: number): Tensor[] {
    const rows = this.numLayers * this.directions.length;
    const sizes = this.gates === 4 ? [this.projSize || this.hiddenSize, this.hiddenSize] : [this.hiddenSize];
    return sizes.map((size) => zeros([rows, batch, size], { dtype: x.dtype }));
  }

  /** All layers over x, with the state's parts [layers · directions, N, size]. */
  protected run(cell: Recurrence, x: Tensor, given: Tensor[] | undefined): [Tensor, Tensor[]] {
    const name = this.constructor.name;
    if ((x.ndim !== 2 && x.ndim !== 3) || x.size(-1) !== this.inputSize) {
      throw new ShapeError(
        `${name}: expected input [L, N, ${this.inputSize}] or [L, ${this.inputSize}], got [${x.shape.join(', ')}]`,
      );
    }
    const batched = x.ndim === 3;
    let output = !batched ? x.unsqueeze(1) : this.batchFirst ? x.transpose(0, 1) : x;
    const start = given?.map((part) => (batched ? part : part.unsqueeze(1))) ?? this.zeroState(x, output.size(1));
    const last: Tensor[][] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      const input = layer > 0 && this.training && this.dropout > 0 ? dropout(output, { p: this.dropout }) : output;
      const parts = this.directions.map((direction, d) => {
        const row = layer * this.directions.length + d;
        const state = start.map((part) => part.select(0, row));
        const [sequence, end] = runLayer(cell, input, state, weightsOf(this, `_l${layer}${direction}`), d === 1);
        last.push(end);
        return sequence;
      });
      output = parts.length > 1 ? cat(parts, -1) : (parts[0] as Tensor);
    }
    const state = start.map((_, i) => stack(last.map((end) => end[i] as Tensor)));
    if (!batched) return [output.squeeze(1), state.map((part) => part.squeeze(1))];
    return [this.batchFirst ? output.transpose(0, 1) : output, state];
  }
  override extraRepr(): string {
    const { inputSize, hiddenSize, numLayers, batchFirst, bidirectional } = this;
    const layers = numLayers > 1 ? `, num_layers=${numLayers}` : '';
    return `${inputSize}, ${hiddenSize}${layers}${batchFirst ? ', batch_first=True' : ''}${bidirectional ? ', bidirectional=True' : ''}`;
  }
}

/** h' = tanh(W x + b + U h + c) over a sequence [L, N, inputSize] (Elman 1990); `relu` on request. */
export class RNN extends Recurrent {
  readonly nonlinearity: 'tanh' | 'relu';
  constructor(
    inputSize: number,
    hiddenSize: number,
    { nonlinearity = 'tanh', ...options }: RecurrentOptions & { nonlinearity?: 'tanh' | 'relu' } = {},
  ) {
    super(inputSize, hiddenSize, 1, 0, options);
    this.nonlinearity = nonlinearity;
  }
  /** @returns outputs of all steps, and the last state [layers · directions, N, hiddenSize] */
  forward(x: Tensor, state?: Tensor): [Tensor, Tensor] {
    const [output, last] = this.run(plainOf('RNN', this.nonlinearity), x, state && [state]);
    return [output, last[0] as Tensor];
  }
}

/** Long short-term memory over a sequence [L, N, inputSize] (Hochreiter & Schmidhuber 1997). */
export class LSTM extends Recurrent {
  constructor(
    inputSize: number,
    hiddenSize: number,
    { projSize = 0, ...options }: RecurrentOptions & { projSize?: number } = {},
  ) {
    super(inputSize, hiddenSize, 4, projSize, options);
  }
  /** @returns outputs of all steps, and the last hidden and cell states */
  forward(x: Tensor, state?: [Tensor, Tensor]): [Tensor, [Tensor, Tensor]] {
    const [output, last] = this.run(lstm, x, state);
    return [output, last as [Tensor, Tensor]];
  }
}

/** Gated recurrent units over a sequence [L, N, inputSize] (Cho et al. 2014). */
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(inputSize, hiddenSize, 3, 0, options);
  }
  /** @returns outputs of all steps, and the last state [layers · directions, N, hiddenSize] */
  forward(x: Tensor, state?: Tensor): [Tensor, Tensor] {
    const [output, last] = this.run(gru, x, state && [state]);
    return [output, last[0] as Tensor];
  }
}

/** Options of the cells. */
export type CellOptions = Pick<RecurrentOptions, 'bias' | 'dtype' | 'generator'>;

abstract class Cell extends Module {
  constructor(
    readonly inputSize: number,
    readonly hiddenSize: number,
    gates: number,
    options: CellOptions,
  ) {
    super();
    addWeights(this, { gates, input: inputSize, hidden: hiddenSize, output: hiddenSize }, '', options);
  }
  protected advance(step: Step, x: Tensor, state: Tensor[] | undefined, parts: number): Tensor[] {
    const weights = weightsOf(this, '');
    const shape = [...x.shape.slice(0, -1), this.hiddenSize];
    const start = state ?? Array.from({ length: parts }, () => zeros(shape, { dtype: x.dtype }));
    return step(linear(x, weights.ih, weights.biasIh), start, weights);
  }
  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}`;
  }
}

/** One step of {@link RNN}. */
export class RNNCell extends Cell {
  readonly nonlinearity: 'tanh' | 'relu';
  constructor(
    inputSize: number,
    hiddenSize: number,
    { nonlinearity = 'tanh', ...options }: CellOptions & { nonlinearity?: 'tanh' | 'relu' } = {},
  ) {
    super(inputSize, hiddenSize, 1, options);
    this.nonlinearity = nonlinearity;
  }
  forward(x: Tensor, state?: Tensor): Tensor {
    return this.advance(plainOf('RNNCell', this.nonlinearity).step, x, state && [state], 1)[0] as Tensor;
  }
}
/** One step of {@link LSTM}. */
export class LSTMCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(inputSize, hiddenSize, 4, options);
  }
  forward(x: Tensor, state?: [Tensor, Tensor]): [Tensor, Tensor] {
    return this.advance(lstmStep, x, state, 2) as [Tensor, Tensor];
  }
}
/** One step of {@link GRU}. */
export class GRUCell extends Cell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(inputSize, hiddenSize, 3, options);
  }
  forward(x: Tensor, state?: Tensor): Tensor {
    return this.advance(gruStep, x, state && [state], 1)[0] as Tensor;
  }
}
