// SPDX-License-Identifier: MIT
import { mean, noGrad, type ReduceOptions, sum, type Tensor } from '../../index.js';
import { divideNoNan, matchRanks, type TensorInput, toTensor } from '../inputs.js';
import { Metric, type MetricOptions } from './metric.js';

type Reduce = (x: Tensor, options: ReduceOptions) => Tensor;

const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** One value and one weight for each sample: axes but the first are reduced, after the weights' axes. */
function samplewise(values: TensorInput, sampleWeight: TensorInput | undefined, reduce: Reduce): [Tensor, Tensor?] {
  const over = (x: Tensor, from: number) => (x.ndim > from ? reduce(x, { dim: range(from, x.ndim) }) : x);
  const given = toTensor(values, 'values').to('float32');
  if (sampleWeight === undefined || sampleWeight === null) return [over(given, 1)];
  const [x, w] = matchRanks(given, toTensor(sampleWeight, 'sampleWeight').to('float32'));
  const reduced = over(x, w.ndim);
  const weight = w.broadcastTo(reduced.shape);
  return [over(reduced.mul(weight), 1), w.ndim > 1 ? over(weight, 1) : weight];
}

/** The sum of all values times their weights. */
export class Sum extends Metric {
  readonly #total = this.addVariable('total');

  updateState(values: TensorInput, sampleWeight?: TensorInput): void {
    noGrad(() => {
      const [x] = samplewise(values, sampleWeight, sum);
      this.#total.assignAdd(x.sum());
    });
  }
  result(): Tensor {
    return this.#total.value();
  }
}

/** The mean of all values, weighted; of a sample's values along further axes, their mean counts. */
export class Mean extends Metric {
  readonly #total = this.addVariable('total');
  readonly #count = this.addVariable('count');

  updateState(values: TensorInput, sampleWeight?: TensorInput): void {
    noGrad(() => {
      const [x, weight] = samplewise(values, sampleWeight, mean);
      this.#total.assignAdd(x.sum());
      if (weight) this.#count.assignAdd(weight.sum());
      else this.#count.add_(x.shape[0] ?? 1);
    });
  }
  result(): Tensor {
    return divideNoNan(this.#total, this.#count);
  }
}

/** What a {@link MeanMetricWrapper} averages. */
export type MetricFunction<O = object> = (yTrue: TensorInput, yPred: TensorInput, options?: O) => Tensor;

/** The mean of a function of targets and predictions, such as any loss function. */
export class MeanMetricWrapper<O extends object = object> extends Mean {
  readonly #fn: MetricFunction<O>;
  readonly #options: O;

  /** @param options - the name; all others go to the function */
  constructor(fn: MetricFunction<O>, options: MetricOptions & O = {} as MetricOptions & O) {
    const { name, ...rest } = options;
    super({ name: name ?? (new.target === MeanMetricWrapper ? fn.name || undefined : undefined) });
    this.#fn = fn;
    this.#options = rest as unknown as O;
  }
  override updateState(yTrue: TensorInput, yPred: TensorInput, sampleWeight?: TensorInput): void {
    super.updateState(
      noGrad(() => this.#fn(yTrue, yPred, this.#options)),
      sampleWeight,
    );
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#options };
  }
}
