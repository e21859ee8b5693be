// SPDX-License-Identifier: MIT
import { type Tensor, zeros } from '../../index.js';
import { unrecorded } from '../../recording.js';
import { decapitalized, type TensorInput } from '../inputs.js';
import { Variable } from '../variable.js';

/** Options of every metric. */
export interface MetricOptions {
  /** Under which it is reported. Default: the class' name. */
  name?: string | undefined;
}

/** A number about a model that is gathered batch by batch. Its state lies in variables and never visits JavaScript. */
export abstract class Metric {
  /** Under which it is reported. */
  name: string;
  readonly #variables: Variable[] = [];

  constructor({ name }: MetricOptions = {}) {
    this.name = name ?? decapitalized(new.target.name);
  }

  /** The state, changed in place. Some metrics make theirs at the first update, when shapes are known. */
  get variables(): readonly Variable[] {
    return [...this.#variables];
  }
  /** Makes a variable of the state: float32 zeros, which `resetState` restores. */
  protected addVariable(name: string, shape: readonly number[] = []): Variable {
    const make = () => new Variable(zeros(shape), { trainable: false, name: `${this.name}/${name}` });
    const variable = unrecorded(make);
    this.#variables.push(variable);
    return variable;
  }

  /** Takes in a batch: `(yTrue, yPred, sampleWeight?)`, or `(values, sampleWeight?)` for `Mean` and `Sum`. */
  abstract updateState(...batch: (TensorInput | undefined)[]): void;
  /** The number so far, float32: a scalar unless the metric says otherwise. */
  abstract result(): Tensor;

  /** Forgets all batches. */
  resetState(): void {
    for (const variable of this.#variables) variable.assign(zeros(variable.shape, { dtype: variable.dtype }));
  }
  /** The options that make an equal metric. */
  getConfig(): Record<string, unknown> {
    return { name: this.name };
  }
}
