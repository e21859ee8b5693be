// SPDX-License-Identifier: MIT
import { type Handle, type RecipeHandle, rawFunction } from '../raw.js';
import { fromHandle, handleOf, type Tensor } from '../tensor.js';
import type { Indices } from './dataset.js';
import { nextTurn, turnIsDue } from './event-loop.js';
import type { Stretch, Visits } from './visits.js';

// Batches of rows that a thread of our own prepares while others are in use.

type Queue = { readonly __batches: unique symbol };
type Job = { readonly __batch: unique symbol };

const rawMakeRecipe =
  rawFunction<(images: Handle[], scales: Float64Array, rows: Handle[], plan?: Float64Array) => RecipeHandle | null>(
    'makeRecipe',
  );
const rawOpen = rawFunction<(ready: (id: number) => void) => Queue>('openBatches');
/** Null where compiled functions gather the rows themselves; the batch is to be deferred when its turn comes. */
const rawPrepare =
  rawFunction<
    (recipe: RecipeHandle, rows: Int32Array, queue: Queue, id: number, seed: bigint, first: number) => Job | null
  >('prepareBatch');
const rawDefer = rawFunction<(recipe: RecipeHandle, rows: Int32Array) => Handle[]>('deferBatch');
const rawTake = rawFunction<(job: Job) => Handle[] | null>('takeBatch');
const rawAwait = rawFunction<(job: Job) => boolean>('awaitBatch');

/** @internal Batches prepared ahead of the one in use. */
export const batchesAhead = 2;

const waiting = new Map<number, () => void>();
let queue: Queue | undefined;
let count = 0;

/** @internal A batch on its way, to be taken once; not a promise, which would cost a turn even where it is ready. */
export interface Underway<B> {
  take(): B | Promise<B>;
}

/** @internal What makes batches by their samples' positions. */
export interface Recipe<B> {
  start(indices: Indices, visits?: Stretch): Underway<B>;
  /** Where compiled functions can gather the rows themselves. */
  readonly rows?: Rows<B> | undefined;
}

/** @internal Batches that are rows of tensors, as they are or scaled, whoever gathers them. */
export interface Rows<B> {
  readonly recipe: RecipeHandle;
  /** How many there are. */
  readonly count: number;
  /** The rows of these samples. */
  locate(indices: Indices): Indices;
  /** The batch of rows, and its tensors in the recipe's order. */
  make(rows: Indices): { batch: B; tensors: readonly Tensor[] };
}

class OwnRows<B> implements Rows<B> {
  constructor(
    readonly recipe: RecipeHandle,
    readonly count: number,
    private readonly wrap: (tensors: Tensor[]) => B,
  ) {}
  locate(indices: Indices): Indices {
    return indices;
  }
  make(rows: Indices): { batch: B; tensors: readonly Tensor[] } {
    const tensors = rawDefer(this.recipe, rows).map(fromHandle);
    return { batch: this.wrap(tensors), tensors };
  }
}

const unseeded: Stretch = { seed: 0n, first: 0 };

class Batch<B> implements Underway<B> {
  readonly #id = count++;
  readonly #job: Job | null;

  constructor(
    private readonly recipe: RecipeHandle,
    private readonly indices: Indices,
    { seed, first }: Stretch,
    private readonly wrap: (tensors: Tensor[]) => B,
  ) {
    queue ??= rawOpen((id) => waiting.get(id)?.());
    this.#job = rawPrepare(recipe, indices, queue, this.#id, BigInt.asIntN(64, seed), first);
  }

  take(): B | Promise<B> {
    const job = this.#job;
    const handles = job ? rawTake(job) : rawDefer(this.recipe, this.indices);
    return handles ? this.wrap(handles.map(fromHandle)) : this.#wait(job as Job).then(() => this.take());
  }

  #wait(job: Job): Promise<void> {
    return new Promise((resolve) => {
      if (!rawAwait(job)) return resolve();
      waiting.set(this.#id, () => {
        waiting.delete(this.#id);
        resolve();
      });
    });
  }
}

/**
 * @internal Batches of images as floats, `[N, H, W]` as `[B, 1, H, W]` by a mean and a deviation or as a plan says, then
 * of rows as they are; undefined where another thread cannot read the tensors: on the memory of a JavaScript buffer, not
 * contiguous, or with gradients.
 */
export function makeRecipe<B>(
  images: readonly [{ data: Tensor; how: { mean: number; std: number } | Float64Array }?],
  rows: readonly Tensor[],
  wrap: (tensors: Tensor[]) => B,
): Recipe<B> | undefined {
  const [image] = images;
  const plan = image?.how instanceof Float64Array ? image.how : undefined;
  const scale = image && !plan ? (image.how as { mean: number; std: number }) : undefined;
  const recipe = rawMakeRecipe(
    image ? [handleOf(image.data)] : [],
    scale ? Float64Array.of(scale.mean, scale.std) : new Float64Array(0),
    rows.map((x) => handleOf(x)),
    plan,
  );
  if (!recipe) return undefined;
  return {
    start: (indices, visits = unseeded) => new Batch(recipe, indices, visits, wrap),
    rows: plan ? undefined : new OwnRows(recipe, (image?.data ?? (rows[0] as Tensor)).size(0), wrap),
  };
}

/** @internal The batches of a recipe in order, each asked for while those before it are in use. */
export class Ahead<B> {
  readonly #lists: Iterator<Indices>;
  readonly #recipe: Recipe<B>;
  readonly #underway: Underway<B>[] = [];
  readonly #visits: Visits | undefined;
  #failed: { error: unknown } | undefined;
  #isOver = false;

  constructor(lists: Iterable<Indices>, recipe: Recipe<B>, visits?: Visits) {
    this.#lists = lists[Symbol.iterator]();
    this.#recipe = recipe;
    this.#visits = visits;
  }

  /** The next batch, undefined at the end; where a position is wrong, its error after the batches before it. */
  next(): B | Promise<B> | undefined {
    if (this.#underway.length === 0) this.#fill();
    const first = this.#underway.shift();
    if (!first && this.#failed) throw this.#failed.error;
    this.#fill();
    return first?.take();
  }

  #fill(): void {
    while (!this.#isOver && this.#underway.length < batchesAhead) {
      try {
        const list = this.#lists.next();
        if (list.done) this.#isOver = true;
        else this.#underway.push(this.#recipe.start(list.value, this.#visits?.stretch(list.value.length)));
      } catch (error) {
        this.#isOver = true;
        this.#failed = { error };
      }
    }
  }
}

/** @internal All batches of `start()`, which is called with the first; lets the event loop turn where that is due. */
export async function* readAhead<B>(start: () => Ahead<B>): AsyncGenerator<B, undefined> {
  const ahead = start();
  for (;;) {
    if (turnIsDue()) await nextTurn();
    const next = ahead.next();
    const batch = next instanceof Promise ? await next : next;
    if (batch === undefined) return;
    yield batch;
  }
}
