// SPDX-License-Identifier: MIT
import { Ahead, makeRecipe } from '../../data/recipe.js';
import { indexTensor } from '../../data/tensor-dataset.js';
import { ArgumentRangeError, DataError } from '../../errors.js';
import { randperm } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { type Batch, checkBatch } from './batch.js';
import type { BatchIterator, BatchSource } from './source.js';

/** Each part of a batch through the same function. */
function mapBatch({ x, y, sampleWeight }: Batch, part: (data: Tensor) => Tensor): Batch {
  return { x: part(x), y: y && part(y), sampleWeight: sampleWeight && part(sampleWeight) };
}

function* slices(order: Int32Array, size: number): Generator<Int32Array> {
  for (let at = 0; at < order.length; at += size) yield order.subarray(at, at + size);
}

/** Data in memory: whole batches are gathered natively, by a permutation that each pass draws, or are views in order. */
export class ArraySource implements BatchSource {
  readonly steps: number;
  readonly once = false;

  constructor(
    private readonly data: Batch,
    private readonly batchSize: number,
    private readonly shuffle: boolean,
    where: string,
  ) {
    checkBatch(data, where);
    this.steps = Math.ceil(data.x.size(0) / batchSize);
  }

  open(): BatchIterator {
    const count = this.data.x.size(0);
    const order = this.shuffle ? (randperm(count, { dtype: 'int32' }).toTypedArray() as Int32Array) : undefined;
    return (order && this.#prepared(order)) ?? this.#sliced(count, order);
  }

  /** Shuffled batches that another thread prepares ahead, where it can read the data. */
  #prepared(order: Int32Array): BatchIterator | undefined {
    const { x, y, sampleWeight } = this.data;
    const tensors = [x, y, sampleWeight].filter((part) => part !== undefined);
    const recipe = makeRecipe([], tensors, (parts) => mapBatch(this.data, () => parts.shift() as Tensor));
    if (!recipe) return undefined;
    const batches = new Ahead(slices(order, this.batchSize), recipe);
    const result = (value: Batch): IteratorResult<Batch, undefined> => ({ done: false, value });
    const next = () => {
      const batch = batches.next();
      if (batch === undefined) return { done: true, value: undefined } as const;
      return batch instanceof Promise ? batch.then(result) : result(batch);
    };
    return { next, close: () => undefined };
  }

  #sliced(count: number, order: Int32Array | undefined): BatchIterator {
    let begin = 0;
    const next = (): IteratorResult<Batch, undefined> => {
      if (begin >= count) return { done: true, value: undefined };
      const length = Math.min(this.batchSize, count - begin);
      const rows = order && indexTensor(order.subarray(begin, begin + length));
      const value = mapBatch(this.data, (x) => (rows ? x.indexSelect(0, rows) : x.narrow(0, begin, length)));
      begin += length;
      return { done: false, value };
    };
    return { next, close: () => undefined };
  }
}

/**
 * @internal The first samples for training and the last `share` of them for validation, as views.
 * @throws RangeError unless 0 < share < 1; DataError if a part would be empty
 */
export function splitOff(data: Batch, share: number, where: string): [Batch, Batch] {
  if (!(typeof share === 'number' && share > 0 && share < 1)) {
    throw new ArgumentRangeError(`${where}: validationSplit: expected a number between 0 and 1, got ${String(share)}`);
  }
  const count = checkBatch(data, where).x.size(0);
  const at = Math.floor(count * (1 - share));
  if (at === 0 || at === count) {
    throw new DataError(`${where}: validationSplit: ${share} of ${count} samples leaves a part without any`);
  }
  return [mapBatch(data, (x) => x.narrow(0, 0, at)), mapBatch(data, (x) => x.narrow(0, at, count - at))];
}
