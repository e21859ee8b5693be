// SPDX-License-Identifier: MIT
import { noGrad } from '../autograd.js';
import { tensor } from '../creation.js';
import type { DType } from '../dtype.js';
import { ArgumentTypeError, DTypeError, ShapeError } from '../errors.js';
import { clone } from '../ops/view.js';
import { type Handle, rawFunction } from '../raw.js';
import { handleOf, type NestedArray, Tensor, tensorKey } from '../tensor.js';

const rawMakeVariable = rawFunction<(x: Handle, number: number) => void>('makeVariable');

const living = new Map<number, WeakRef<Variable>>();
const collected = new FinalizationRegistry<number>((number) => living.delete(number));
let count = 0;

/** @internal The variable that a tape knows by its number, unless it was collected. */
export function variableOf(number: number): Variable | undefined {
  return living.get(number)?.deref();
}

/** What a {@link Variable} can be made of or set to. */
export type VariableValue = Tensor | NestedArray;

/** Options of {@link Variable}. */
export interface VariableOptions {
  /** Do tapes watch it? Default true for floating dtypes. */
  trainable?: boolean | undefined;
  /** For messages and checkpoints. Default `Variable`. */
  name?: string | undefined;
  /** Default: a tensor's own; numbers give float32, booleans bool, bigints int64. */
  dtype?: DType | undefined;
}

/**
 * A tensor with memory of its own that `assign` changes in place. A trainable one requires a gradient only while a
 * `GradientTape` records, so results outside of tapes carry no graph.
 */
export class Variable extends Tensor {
  readonly trainable: boolean;
  readonly name: string;

  /** @throws ArgumentTypeError if the value is neither a tensor nor numbers. */
  constructor(initialValue: VariableValue, { trainable, name = 'Variable', dtype }: VariableOptions = {}) {
    super(tensorKey, handleOf(ownCopy(initialValue, dtype)));
    this.trainable = trainable ?? this.isFloatingPoint();
    this.name = name;
    if (!this.trainable) return;
    if (!this.isFloatingPoint())
      throw new DTypeError(`Variable: a trainable one needs a float dtype, got ${this.dtype}`);
    const number = ++count;
    rawMakeVariable(handleOf(this), number);
    living.set(number, new WeakRef(this));
    collected.register(this, number);
  }

  /** Replaces the content by a value of the same shape and dtype. @throws ShapeError, DTypeError */
  assign(value: VariableValue): this {
    return this.#change('assign', value, (x) => this.copy_(x));
  }
  /** Adds to the content, in place. */
  assignAdd(value: VariableValue): this {
    return this.#change('assignAdd', value, (x) => this.add_(x));
  }
  /** Subtracts from the content, in place. */
  assignSub(value: VariableValue): this {
    return this.#change('assignSub', value, (x) => this.sub_(x));
  }
  /** A copy of the content as it is now, through which gradients flow. */
  value(): Tensor {
    return clone(this);
  }

  #change(op: string, value: VariableValue, change: (x: Tensor) => Tensor): this {
    const x = value instanceof Tensor ? value : tensor(value, { dtype: this.dtype });
    if (x.shape.length !== this.ndim || x.shape.some((size, i) => size !== this.shape[i])) {
      throw new ShapeError(`${op}: the variable ${this.name} has shape [${this.shape}], the value [${x.shape}]`);
    }
    if (x.dtype !== this.dtype) {
      throw new DTypeError(`${op}: the variable ${this.name} has dtype ${this.dtype}, the value ${x.dtype}`);
    }
    noGrad(() => change(x));
    return this;
  }
}

/** @internal The dtype that nested numbers get without being told: a JavaScript 3 may be Python's 3.0. */
export function dtypeOfNumbers(value: unknown): DType {
  let first = value;
  for (let depth = 0; Array.isArray(first) && depth < 20; depth++) first = first[0];
  return typeof first === 'boolean' ? 'bool' : typeof first === 'bigint' ? 'int64' : 'float32';
}

function ownCopy(value: VariableValue, dtype: DType | undefined): Tensor {
  if (value === null || value === undefined) throw new ArgumentTypeError(`Variable: expected a value, got ${value}`);
  if (!(value instanceof Tensor)) return tensor(value, { dtype: dtype ?? dtypeOfNumbers(value) });
  return noGrad(() => (dtype && dtype !== value.dtype ? value.to(dtype) : clone(value)));
}
