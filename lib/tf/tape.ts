// SPDX-License-Identifier: MIT
import { noGrad } from '../autograd.js';
import { eye, zeros, zerosLike } from '../creation.js';
import { ArgumentRangeError, ArgumentTypeError, DTypeError, GraphError, ShapeError } from '../errors.js';
import { gradientsOf, recordScope } from '../keras/recording.js';
import { Variable, variableOf } from '../keras/variable.js';
import { stack } from '../ops/join.js';
import { type Handle, rawFunction } from '../raw.js';
import { handleOf, type Tensor } from '../tensor.js';
import { type Mapped, partsOf, rebuild, type Structure } from './structure.js';

const rawWatch = rawFunction<(x: Handle, change: number) => void>('watch');

/** Options of {@link GradientTape}. */
export interface GradientTapeOptions {
  /** Allow more than one call of `gradient`; what was recorded is kept until the results are collected. Default false. */
  persistent?: boolean | undefined;
  /** Watch trainable variables by themselves. Default true; false: only what `watch` names. */
  watchAccessedVariables?: boolean | undefined;
}

/** What stands for a gradient where no path leads to a source: null, or zeros of the source's shape. */
export type UnconnectedGradients = 'none' | 'zero';

/** Options of {@link GradientTape.gradient}. */
export interface GradientOptions<U extends UnconnectedGradients = UnconnectedGradients> {
  /** d(objective)/d(target) for each target; ones by default. */
  outputGradients?: Structure<Tensor> | undefined;
  /** Default `'none'`. */
  unconnectedGradients?: U | undefined;
}
/** A gradient: null only where `unconnectedGradients` is `'none'`. */
export type Gradient<U extends UnconnectedGradients> = 'zero' extends U ? Tensor : Tensor | null;

/**
 * Records what is computed inside `record`, for gradients with respect to variables and watched tensors:
 *
 * ```ts
 * const tape = new tf.GradientTape();
 * const loss = tape.record(() => lossFn(model(x), y));
 * const gradients = tape.gradient(loss, variables);
 * ```
 * Tapes nest: a gradient that is taken while another tape records is itself differentiable. What a tape recorded is a
 * constant to everything outside of it.
 */
export class GradientTape {
  readonly #persistent: boolean;
  readonly #watchVariables: boolean;
  #isRecording = false;
  #since: number | undefined = undefined;
  readonly #watched = new Set<Tensor>();
  readonly #accessed = new Set<number>();

  constructor({ persistent = false, watchAccessedVariables = true }: GradientTapeOptions = {}) {
    this.#persistent = Boolean(persistent);
    this.#watchVariables = Boolean(watchAccessedVariables);
  }

  /**
   * Runs `fn`, which must be synchronous, and records it. A second call continues the recording.
   * @throws TypeError if `fn` returns a promise; GraphError inside another `record` of the same tape
   */
  record<T>(fn: () => T): T {
    if (typeof fn !== 'function') {
      throw new ArgumentTypeError(`GradientTape.record: expected a function, got ${typeof fn}`);
    }
    if (this.#isRecording) throw new GraphError('GradientTape.record: this tape records already');
    this.#isRecording = true;
    for (const x of this.#watched) rawWatch(handleOf(x), 1);
    try {
      const body = (since: number) => {
        this.#since ??= since;
        return fn();
      };
      const { result, accessed } = recordScope(body, this.#watchVariables, this.#since);
      for (const number of accessed) this.#accessed.add(number);
      return result;
    } finally {
      for (const x of this.#watched) rawWatch(handleOf(x), -1);
      this.#isRecording = false;
    }
  }

  /**
   * Gradients with respect to these tensors are wanted too; inside or before `record`. It ends with the recording.
   * @throws DTypeError for tensors that are not floating point
   */
  watch(tensors: Structure<Tensor>): void {
    for (const x of partsOf(tensors, 'GradientTape.watch')) {
      if (!x.isFloatingPoint()) throw new DTypeError(`GradientTape.watch: expected a floating dtype, got ${x.dtype}`);
      if (this.#watched.has(x)) continue;
      if (this.#isRecording) rawWatch(handleOf(x), 1);
      this.#watched.add(x);
    }
  }

  /** The variables that were used while recording, or watched. */
  watchedVariables(): Variable[] {
    const used = [...this.#accessed].map(variableOf).filter((x) => x !== undefined);
    return [...new Set([...used, ...[...this.#watched].filter((x) => x instanceof Variable)])];
  }

  /**
   * d(sum of the targets)/d(source) for each source, in the structure of `sources`.
   * @throws GraphError for a second call, unless the tape is persistent
   */
  gradient<const S extends Structure<Tensor>, U extends UnconnectedGradients = 'none'>(
    target: Structure<Tensor>,
    sources: S,
    { outputGradients, unconnectedGradients }: GradientOptions<U> = {},
  ): Mapped<S, Gradient<U>> {
    const fill = filler(unconnectedGradients);
    const list = partsOf(sources, 'GradientTape.gradient: sources');
    const targets = partsOf(target, 'GradientTape.gradient: target');
    const starts = outputGradients ? partsOf(outputGradients, 'GradientTape.gradient: outputGradients') : [];
    if (outputGradients && starts.length !== targets.length) {
      throw new ShapeError(
        `GradientTape.gradient: got ${starts.length} outputGradients for ${targets.length} targets, expected one each`,
      );
    }
    const since = this.#use('gradient');
    const found = gradientsOf(targets, list, { outputGradients: starts, retainGraph: this.#persistent, since });
    return rebuild(
      sources,
      found.map((g, i) => g ?? fill(list[i] as Tensor)),
    ) as Mapped<S, Gradient<U>>;
  }

  /**
   * All derivatives: for each source a tensor of shape [...target.shape, ...source.shape]. One backward pass for each
   * element of `target`.
   */
  jacobian<const S extends Structure<Tensor>, U extends UnconnectedGradients = 'none'>(
    target: Tensor,
    sources: S,
    { unconnectedGradients }: Pick<GradientOptions<U>, 'unconnectedGradients'> = {},
  ): Mapped<S, Gradient<U>> {
    const fill = filler(unconnectedGradients);
    const list = partsOf(sources, 'GradientTape.jacobian: sources');
    const [one] = partsOf(target, 'GradientTape.jacobian: target') as [Tensor];
    const since = this.#use('jacobian');
    const size = one.numel();
    const basis = eye(size, size, { dtype: one.dtype });
    const rows = Array.from({ length: size }, (_, i) => {
      const outputGradients = [basis.select(0, i).reshape(one.shape)];
      return gradientsOf(one, list, { outputGradients, retainGraph: this.#persistent || i < size - 1, since });
    });
    const found = list.map((x, i) => {
      const shape = [...one.shape, ...x.shape];
      if (!rows.some((row) => row[i])) return fill(x) && zeros(shape, { dtype: x.dtype });
      return stack(rows.map((row) => row[i] ?? zerosLike(x))).reshape(shape);
    });
    return rebuild(sources, found) as Mapped<S, Gradient<U>>;
  }

  /** Runs `fn` without recording it on any tape. */
  stopRecording<T>(fn: () => T): T {
    if (!this.#isRecording) throw new GraphError('GradientTape.stopRecording: this tape does not record');
    return noGrad(fn);
  }

  /** Forgets what was recorded and watched. */
  reset(): void {
    if (this.#isRecording) for (const x of this.#watched) rawWatch(handleOf(x), -1);
    this.#watched.clear();
    this.#accessed.clear();
    this.#since = undefined;
  }

  /** The time of the recording, which a tape that is not persistent gives once. */
  #use(op: string): number {
    const since = this.#since;
    if (since === undefined) {
      throw new GraphError(
        `GradientTape.${op}: nothing is recorded; a tape gives gradients once after record(), unless { persistent: true }`,
      );
    }
    if (!this.#persistent) this.#since = undefined;
    return since;
  }
}

function filler(unconnected: UnconnectedGradients = 'none'): (source: Tensor) => Tensor | null {
  if (unconnected === 'none') return () => null;
  if (unconnected === 'zero') return (source) => zerosLike(source);
  throw new ArgumentRangeError(
    `GradientTape: unconnectedGradients: expected 'none' or 'zero', got ${String(unconnected)}`,
  );
}
