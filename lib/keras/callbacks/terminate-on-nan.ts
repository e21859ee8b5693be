// SPDX-License-Identifier: MIT
import { ArgumentRangeError } from '../../errors.js';
import { Callback, type Logs } from './callback.js';

/** Stops training when the loss is no longer a finite number; it looks at the loss after each batch. */
export class TerminateOnNaN extends Callback {
  readonly raiseError: boolean;

  /** @param options `raiseError`: let `fit` reject with a RangeError instead. Default false */
  constructor({ raiseError = false }: { raiseError?: boolean | undefined } = {}) {
    super();
    this.raiseError = Boolean(raiseError);
  }
  onTrainBatchEnd(batch: number, logs: Logs): void {
    const { loss } = logs;
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError) throw new ArgumentRangeError(`fit: batch ${batch}: the loss is ${loss}`);
    console.log(`Batch ${batch}: the loss is ${loss}, training stops`);
    this.model.stopTraining = true;
  }
}
