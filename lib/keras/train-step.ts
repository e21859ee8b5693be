// SPDX-License-Identifier: MIT
import { noGrad } from '../autograd.js';
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
