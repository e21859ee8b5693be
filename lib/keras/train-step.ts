// SPDX-License-Identifier: MIT
import { noGrad } from '../autograd.js';
import { type Batches, type Compiled as CompiledFunction, compile } from '../compile.js';
import { nextTurn, turnIsDue } from '../data/event-loop.js';
import { DataError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import type { Compiled } from './compiled.js';
import type { Batch } from './data/batch.js';
import type { Layer } from './layers/layer.js';
import { gradientsOf, recordTape } from './recording.js';
import type { Variable } from './variable.js';

// What happens to one batch: synchronous functions over tensors that read no value back.

function targetsOf({ y }: Batch): Tensor {
  if (y) return y;
  throw new DataError('the batch has no targets, which the loss needs; expected [x, y] or { x, y }');
}

function forward(model: Layer, compiled: Compiled, batch: Batch, training: boolean): { loss: Tensor; yPred: Tensor } {
  const yPred = model.apply(batch.x, { training });
  const loss = compiled.loss.call(targetsOf(batch), yPred, batch.sampleWeight);
  return { loss: model.losses.reduce((sum, penalty) => sum.add(penalty), loss), yPred };
}

/** @internal Predicts, and changes the variables against the gradient of loss and regularizers. */
export function trainStep(model: Layer, compiled: Compiled, variables: readonly Variable[], batch: Batch): void {
  const { loss, yPred } = recordTape(() => forward(model, compiled, batch, true));
  compiled.optimizer.apply(gradientsOf(loss, variables), variables);
  compiled.update(loss.detach(), targetsOf(batch), yPred.detach());
}

/** @internal Predicts, and takes loss and metrics in. */
export function testStep(model: Layer, compiled: Compiled, batch: Batch): void {
  noGrad(() => {
    const { loss, yPred } = forward(model, compiled, batch, false);
    compiled.update(loss, targetsOf(batch), yPred);
  });
}

/** @internal Predicts. */
export function predictStep(model: Layer, batch: Batch): Tensor {
  return noGrad(() => model.apply(batch.x, { training: false }));
}

/** @internal */
export type BatchStep<R> = CompiledFunction<[batch: Batch], R>;

/** Of a step that runs as it is written, so that its code may read values. */
function eager<R>(step: (batch: Batch) => R): BatchStep<R> {
  const run = async (batch: Batch) => step(batch);
  const runAll = async (batches: Batches<[Batch]>) => {
    const results: R[] = [];
    for await (const [batch] of batches) {
      results.push(step(batch));
      if (turnIsDue()) await nextTurn();
    }
    return results;
  };
  return Object.assign((batch: Batch) => step(batch), { run, runAll }) as BatchStep<R>;
}

/** @internal The steps of one model as `fit`, `evaluate` and `predict` take them: compiled, and off the JS thread. */
export class Steps {
  readonly test: BatchStep<void>;
  readonly predict: BatchStep<Tensor>;
  readonly #make: <R>(step: (batch: Batch) => R) => BatchStep<R>;
  #variables: readonly Variable[] = [];
  #train: BatchStep<void> | undefined;

  constructor(
    readonly model: Layer,
    readonly compiled: Compiled | undefined,
  ) {
    this.#make = compiled?.runEagerly ? eager : (step) => compile(step);
    this.test = this.#make((batch) => testStep(model, compiled as Compiled, batch));
    this.predict = this.#make((batch) => predictStep(model, batch));
  }

  /** The step that changes these variables. */
  train(variables: readonly Variable[]): BatchStep<void> {
    const isSame = variables.length === this.#variables.length && variables.every((v, i) => v === this.#variables[i]);
    if (this.#train && isSame) return this.#train;
    const compiled = this.compiled as Compiled;
    this.#variables = [...variables];
    this.#train = this.#make((batch) => trainStep(this.model, compiled, this.#variables, batch));
    return this.#train;
  }
}
