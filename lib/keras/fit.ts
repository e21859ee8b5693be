// SPDX-License-Identifier: MIT
import { nextTurn, turnIsDue } from '../data/event-loop.js';
import { ArgumentTypeError } from '../errors.js';
import { cat } from '../ops/join.js';
import type { Tensor } from '../tensor.js';
import { type CallbackLike, CallbackList, type Logs } from './callbacks/callback.js';
import { validationName } from './callbacks/csv-logger.js';
import { History } from './callbacks/history.js';
import { ProgbarLogger } from './callbacks/progress.js';
import type { Compiled } from './compiled.js';
import { splitOff } from './data/arrays.js';
import type { ArrayData, Batch, ClassWeight } from './data/batch.js';
import { checkWhole, type Given, openSource, resolveValidation, type SourceOptions } from './data/resolve.js';
import { Epochs } from './data/source.js';
import type { BatchStream } from './data/streams.js';
import type { Layer } from './layers/layer.js';
import type { Model } from './model.js';
import { type BatchStep, predictStep, type Steps } from './train-step.js';

/** What `fit`, `evaluate` and `predict` have in common. */
export interface RunOptions {
  /** Samples in a batch; for data in memory only. Default 32. */
  batchSize?: number | undefined;
  /** 0: silent; 2: a line; 1 and 'auto': a bar where a terminal is attached, a line elsewhere. Default 'auto'. */
  verbose?: 0 | 1 | 2 | 'auto' | undefined;
  callbacks?: readonly CallbackLike[] | undefined;
  /** Stops the run within one step; the promise rejects with the signal's reason, the model stays usable. */
  signal?: AbortSignal | undefined;
}
/** Options of `evaluate` and `predict`. */
export interface EvaluateOptions extends RunOptions {
  /** Batches to use. Default: all. */
  steps?: number | undefined;
}
/** Options of `evaluate` for data in memory. */
export interface EvaluateArrayOptions extends EvaluateOptions {
  /** A factor of the loss for each sample. */
  sampleWeight?: ArrayData | undefined;
}
/** Options of `fit`. */
export interface FitOptions extends RunOptions {
  /** The epoch to stop before, counted from 0. Default 1. */
  epochs?: number | undefined;
  /** The epoch to begin with. Default 0. */
  initialEpoch?: number | undefined;
  /** Batches of an epoch. Default: all; a stream then goes on from epoch to epoch. */
  stepsPerEpoch?: number | undefined;
  /** `[x, y]`, `[x, y, sampleWeight]` or `{ x, y }` in memory, or a stream of batches; evaluated after each epoch. */
  validationData?:
    | readonly ArrayData[]
    | { x: ArrayData; y: ArrayData; sampleWeight?: ArrayData }
    | BatchStream
    | undefined;
  /** Default: the `batchSize` of training. */
  validationBatchSize?: number | undefined;
  /** Batches of each validation. Default: all. */
  validationSteps?: number | undefined;
  /** Validate after every n-th epoch, or after the epochs (from 1) of a list. Default 1. */
  validationFreq?: number | readonly number[] | undefined;
  /** How much the samples of each class count. */
  classWeight?: ClassWeight | undefined;
}
/** Options of `fit` for data in memory. */
export interface FitArrayOptions extends FitOptions {
  /** Draw a new order of the samples for each epoch. Default true. */
  shuffle?: boolean | undefined;
  /** The last part of the samples, before they are shuffled, is kept for validation. */
  validationSplit?: number | undefined;
  /** A factor of the loss for each sample. */
  sampleWeight?: ArrayData | undefined;
}

/** Milliseconds between two calls of hooks for some batches. */
const toldEvery = 100;

const verbosities: readonly unknown[] = [0, 1, 2, 'auto'];

/** The callbacks of a run, with progress if it is to be shown. */
function makeCallbacks(where: string, { callbacks = [], verbose = 'auto' }: RunOptions, ...own: CallbackLike[]) {
  if (!Array.isArray(callbacks)) {
    throw new ArgumentTypeError(`${where}: callbacks: expected an array, got ${typeof callbacks}`);
  }
  if (!verbosities.includes(verbose)) {
    throw new ArgumentTypeError(`${where}: verbose: expected 0, 1, 2 or 'auto', got ${String(verbose)}`);
  }
  const progress = verbose === 0 ? [] : [new ProgbarLogger()];
  const list = new CallbackList([...callbacks, ...progress, ...own]);
  return { list, verbose, stop: () => progress[0]?.stop() };
}

const optionalWhole = (where: string, value: unknown) =>
  value === undefined ? undefined : checkWhole(where, value, 1);

function openEpochs(where: string, given: Given, options: SourceOptions, steps: number | undefined): Epochs {
  return new Epochs(openSource(where, given, options), where, optionalWhole(`${where}: steps`, steps));
}

/** An epoch's batches and who looks on. */
interface Pass<R> {
  readonly kind: 'Train' | 'Test' | 'Predict';
  readonly model: Layer;
  /** The step, once the model is built. */
  readonly step: () => BatchStep<R>;
  /** Loss and metrics so far, once a step has run. */
  readonly logs: () => Logs;
  readonly isOver: () => boolean;
  readonly epochs: Epochs;
  readonly list: CallbackList;
  readonly signal: AbortSignal | undefined;
}

function build(model: Layer, batch: Batch): void {
  if (!model.built) predictStep(model, batch); // makes the weights
}

/** What the steps return. The next batch is fetched while a step runs. */
async function runOneByOne<R>({ kind, model, step, logs: read, isOver, epochs, list, signal }: Pass<R>): Promise<R[]> {
  const results: R[] = [];
  let logs: Logs = {};
  let next = epochs.next(0, signal);
  for (let i = 0; !isOver(); i++) {
    const batch = await next;
    signal?.throwIfAborted();
    if (!batch) break;
    await list.call(`on${kind}BatchBegin`, i, {});
    build(model, batch);
    const running = step().run(batch);
    next = epochs.next(i + 1, signal);
    next.catch(() => undefined); // thrown where it is awaited, if the step succeeds
    results.push(await running);
    if (i === 0) logs = read();
    await list.call(`on${kind}BatchEnd`, i, logs);
    if (turnIsDue()) await nextTurn();
  }
  return results;
}

/** The same without JavaScript between the steps; who wants to know of some batches is told now and then. */
async function runTogether<R>({ kind, model, step, logs, isOver, epochs, list, signal }: Pass<R>): Promise<R[]> {
  const told = list.has(`on${kind}BatchBegin`, false) || list.has(`on${kind}BatchEnd`, false);
  const results: R[] = [];
  let next = await epochs.next(0, signal);
  while (next && !isOver()) {
    const first = results.length;
    const due = told ? performance.now() + toldEvery : Number.POSITIVE_INFINITY;
    const part = async function* (): AsyncGenerator<[Batch]> {
      for (let i = first; next && !isOver() && (i === first || performance.now() < due); ) {
        yield [next];
        next = await epochs.next(++i, signal);
      }
    };
    await list.call(`on${kind}BatchBegin`, first, {});
    build(model, next);
    results.push(...(await step().runAll(part(), { signal })));
    await list.call(`on${kind}BatchEnd`, results.length - 1, logs());
  }
  return results;
}

function runPass<R>(pass: Pass<R>): Promise<R[]> {
  const { kind, list } = pass;
  const isWatched = list.has(`on${kind}BatchBegin`, true) || list.has(`on${kind}BatchEnd`, true);
  return isWatched ? runOneByOne(pass) : runTogether(pass);
}

/** One epoch of training; its logs. */
async function trainEpoch(steps: Steps, compiled: Compiled, epochs: Epochs, list: CallbackList, signal?: AbortSignal) {
  const model = steps.model as Model;
  await runPass({
    kind: 'Train',
    model,
    step: () => steps.train(model.trainableWeights),
    logs: () => compiled.liveLogs(),
    isOver: () => model.stopTraining,
    epochs,
    list,
    signal,
  });
  return compiled.readLogs();
}

async function testEpoch(steps: Steps, compiled: Compiled, epochs: Epochs, list: CallbackList, signal?: AbortSignal) {
  compiled.reset();
  await list.call('onTestBegin', {});
  await runPass({
    kind: 'Test',
    model: steps.model,
    step: () => steps.test,
    logs: () => compiled.liveLogs(),
    isOver: () => false,
    epochs,
    list,
    signal,
  });
  const result = compiled.readLogs();
  await list.call('onTestEnd', result);
  return result;
}

/** The data of training and of validation. */
function openFit(given: Given, options: FitArrayOptions): { train: Epochs; validation: Epochs | undefined } {
  const { validationSplit, validationData, validationSteps, validationBatchSize, batchSize } = options;
  const training = { batchSize, shuffle: options.shuffle ?? 'data' in given, classWeight: options.classWeight };
  const validating = { batchSize: validationBatchSize ?? batchSize };
  const where = 'fit: validation';
  if (validationData !== undefined) {
    if (validationSplit) throw new ArgumentTypeError('fit: validationSplit and validationData cannot be used together');
    const other = resolveValidation(`${where}Data`, validationData);
    const size = 'data' in other ? validating : { batchSize: validationBatchSize };
    return {
      train: openEpochs('fit', given, training, options.stepsPerEpoch),
      validation: openEpochs(`${where}Data`, other, size, validationSteps),
    };
  }
  if (!validationSplit) {
    return { train: openEpochs('fit', given, training, options.stepsPerEpoch), validation: undefined };
  }
  if (!('data' in given)) throw new ArgumentTypeError('fit: validationSplit needs data in memory; pass validationData');
  const [head, tail] = splitOff(given.data, validationSplit, 'fit');
  return {
    train: openEpochs('fit', { data: head }, training, options.stepsPerEpoch),
    validation: openEpochs(`${where}Split`, { data: tail }, validating, validationSteps),
  };
}

function checkFrequency(value: unknown): (epoch: number) => boolean {
  if (Array.isArray(value)) return (epoch) => value.includes(epoch + 1);
  const every = checkWhole('fit: validationFreq', value, 1);
  return (epoch) => (epoch + 1) % every === 0;
}

/** @internal See `Model.fit`. */
export async function fit(
  model: Model,
  steps: Steps,
  compiled: Compiled,
  given: Given,
  options: FitArrayOptions,
): Promise<History> {
  const { signal, validationFreq = 1 } = options;
  const epochs = checkWhole('fit: epochs', options.epochs ?? 1, 0);
  const initialEpoch = checkWhole('fit: initialEpoch', options.initialEpoch ?? 0, 0);
  if (options.shuffle && !('data' in given)) {
    throw new ArgumentTypeError('fit: shuffle: the batches of a stream come in its order');
  }
  const isDue = checkFrequency(validationFreq);
  const { train, validation } = openFit(given, options);
  const history = new History();
  const { list, verbose, stop } = makeCallbacks('fit', options, history);
  model.stopTraining = false;
  model.history = history;
  try {
    list.start(model, { epochs, steps: train.steps, verbose });
    await list.call('onTrainBegin', {});
    let logs: Logs = {};
    for (let epoch = initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
      compiled.reset();
      await list.call('onEpochBegin', epoch, {});
      logs = await trainEpoch(steps, compiled, train, list, signal);
      if (validation && isDue(epoch)) {
        validation.restart();
        const found = await testEpoch(steps, compiled, validation, list, signal);
        for (const [name, value] of Object.entries(found)) logs[validationName(name)] = value;
      }
      await list.call('onEpochEnd', epoch, logs);
    }
    await list.call('onTrainEnd', logs);
    return history;
  } finally {
    stop();
    train.close();
    validation?.close();
  }
}

/** @internal See `Model.evaluate`. */
export async function evaluate(
  model: Model,
  steps: Steps,
  compiled: Compiled,
  given: Given,
  options: EvaluateOptions,
): Promise<Logs> {
  const epochs = openEpochs('evaluate', given, options, options.steps);
  const { list, verbose, stop } = makeCallbacks('evaluate', options);
  try {
    list.start(model, { epochs: 1, steps: epochs.steps, verbose });
    return await testEpoch(steps, compiled, epochs, list, options.signal);
  } finally {
    stop();
    epochs.close();
  }
}

/** @internal See `Model.predict`. */
export async function predict(model: Model, steps: Steps, given: Given, options: EvaluateOptions): Promise<Tensor> {
  const epochs = openEpochs('predict', given, options, options.steps);
  const { list, verbose, stop } = makeCallbacks('predict', options);
  try {
    list.start(model, { epochs: 1, steps: epochs.steps, verbose });
    await list.call('onPredictBegin', {});
    const outputs = await runPass({
      kind: 'Predict',
      model: steps.model,
      step: () => steps.predict,
      logs: () => ({}),
      isOver: () => false,
      epochs,
      list,
      signal: options.signal,
    });
    await list.call('onPredictEnd', {});
    return cat(outputs, 0);
  } finally {
    stop();
    epochs.close();
  }
}
