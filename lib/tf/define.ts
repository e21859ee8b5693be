// SPDX-License-Identifier: MIT
import type { Tensor } from '../index.js';
import type { TensorLike } from '../tensor.js';
import { type Operand, operands, toTensor } from './convert.js';

// What the one-line definitions of the families are made with.

/** A function of one tensor, elementwise. */
export type Unary = (x: Operand) => Tensor;
/** A function of two operands, broadcast against each other; dtypes are promoted as in the core. */
export type Binary = (x: Operand, y: Operand) => Tensor;

/** Dimensions to reduce (default: all), and what to do with them. */
export interface ReduceOptions {
  /** One or several dimensions; negative ones count from the end. Default: all. */
  axis?: number | readonly number[] | undefined;
  /** Keep reduced dimensions with size 1. Default false. */
  keepdims?: boolean | undefined;
}
/** A reduction: `reduceSum(x)`, `reduceSum(x, 1)`, `reduceSum(x, { axis: 1, keepdims: true })`. */
export type Reduction = (x: Operand, options?: AxisOr<ReduceOptions>) => Tensor;

/** An axis (or several, where the option takes them) alone, or among other options. */
export type AxisOr<O extends { axis?: unknown }> = NonNullable<O['axis']> | O;

/** @internal An axis alone as an option. */
export function withAxis<O extends { axis?: unknown }>(options: AxisOr<O> | undefined): O {
  if (typeof options === 'number' || Array.isArray(options)) return { axis: options } as unknown as O;
  return (options ?? {}) as O;
}

/** @internal */
export function unary(name: string, op: (x: Tensor) => Tensor): Unary {
  return (x) => op(toTensor(x, name));
}
/** @internal */
export function binary(name: string, op: (x: Tensor, y: TensorLike) => Tensor): Binary {
  return (x, y) => op(...operands(x, y, name));
}
/** @internal For ops that need two tensors. */
export function binaryOfTensors(name: string, op: (x: Tensor, y: Tensor) => Tensor): Binary {
  return (x, y) => {
    const [a, b] = operands(x, y, name);
    return op(toTensor(a, name), toTensor(b, name));
  };
}

interface CoreReduce {
  dim?: number | readonly number[] | undefined;
  keepdim: boolean;
}
/** @internal An empty list of axes reduces nothing. */
export function reduction(name: string, op: (x: Tensor, options: CoreReduce) => Tensor): Reduction {
  return (x, options) => {
    const { axis, keepdims = false } = withAxis<ReduceOptions>(options);
    const input = toTensor(x, name);
    if (!Array.isArray(axis) || axis.length > 0) return op(input, { dim: axis ?? undefined, keepdim: keepdims });
    return op(input.unsqueeze(0), { dim: 0, keepdim: false });
  };
}
