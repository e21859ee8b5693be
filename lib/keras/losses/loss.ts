// SPDX-License-Identifier: MIT
import type { Tensor } from '../../index.js';
import { decapitalized, divideNoNan, lookUp, matchRanks, type TensorInput, toTensor } from '../inputs.js';

const divisors = {
  none: undefined,
  sum: () => 1,
  sumOverBatchSize: (values: Tensor) => values.numel(),
  mean: (values: Tensor) => values.numel(),
  meanWithSampleWeight: (values: Tensor, weight: Tensor | undefined) => weight?.sum() ?? values.numel(),
};

/**
 * What becomes of the samples' losses: `sumOverBatchSize` and `mean` divide by their number, `meanWithSampleWeight` by
 * the sum of the weights, `none` keeps them.
 */
export type Reduction = keyof typeof divisors;

/** Options of every loss. */
export interface LossOptions {
  /** Default: the class' name. */
  name?: string | undefined;
  /** Default 'sumOverBatchSize'. */
  reduction?: Reduction | undefined;
}

/** @internal Losses times weights, reduced. */
export function reduceWeighted(values: Tensor, sampleWeight: TensorInput | undefined, reduction: Reduction): Tensor {
  const given = sampleWeight === undefined ? undefined : toTensor(sampleWeight, 'sampleWeight').to(values.dtype);
  const [x, weight] = given ? matchRanks(values, given) : [values, undefined];
  const weighted = weight ? x.mul(weight) : x;
  const divisor = divisors[reduction]?.(weighted, weight);
  if (divisor === undefined || weighted.ndim === 0) return weighted;
  const total = weighted.sum();
  if (typeof divisor === 'object') return divideNoNan(total, divisor);
  return divisor > 1 ? total.div(divisor) : total;
}

/** A loss over a batch: what `compile` takes besides names and functions. */
export abstract class Loss {
  readonly name: string;
  readonly reduction: Reduction;

  constructor({ name, reduction = 'sumOverBatchSize' }: LossOptions = {}) {
    lookUp(`${new.target.name}: reduction`, divisors, reduction);
    this.name = name ?? decapitalized(new.target.name);
    this.reduction = reduction;
  }

  /** The losses of the samples, before weights and reduction. */
  abstract perSample(yTrue: Tensor, yPred: Tensor): Tensor;

  /**
   * The reduced loss, a scalar unless the reduction is `none`.
   * @param yTrue - targets
   * @param yPred - predictions, the batch first
   * @param sampleWeight - factors of the samples' losses, `[batch]` or of the shape of the losses
   */
  call(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): Tensor {
    const losses = this.perSample(toTensor(yTrue, `${this.name}: yTrue`), toTensor(yPred, `${this.name}: yPred`));
    return reduceWeighted(losses, sampleWeight ?? undefined, this.reduction);
  }

  /** The options that make an equal loss. */
  getConfig(): Record<string, unknown> {
    return { name: this.name, reduction: this.reduction };
  }
}

/** A function of targets and predictions that gives one loss a sample. */
export type LossFunction<O = object> = (yTrue: Tensor, yPred: Tensor, options?: O) => Tensor;

/** A loss made of a function. */
export class LossFunctionWrapper<O extends object = object> extends Loss {
  readonly #fn: LossFunction<O>;
  readonly #options: O;

  /** @param options - name and reduction; all others go to the function */
  constructor(fn: LossFunction<O>, options: LossOptions & O = {} as LossOptions & O) {
    const { name, reduction, ...rest } = options;
    super({ name: name ?? (new.target === LossFunctionWrapper ? fn.name || undefined : undefined), reduction });
    this.#fn = fn;
    this.#options = rest as unknown as O;
  }
  perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#fn(...matchRanks(yTrue, yPred), this.#options);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#options };
  }
}
