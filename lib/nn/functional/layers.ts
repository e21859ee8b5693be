// SPDX-License-Identifier: MIT
import { lowered } from '../../autocast.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { cast } from '../../ops/define.js';
import { draw, type RandomOptions } from '../../random.js';
import { raw } from '../../raw.js';
import { fromHandle, handleOf, type Tensor } from '../../tensor.js';

const rawLinear = raw('linear', 'x: Tensor, weight: Tensor, bias: Tensor? -> Tensor');
const rawDropout = raw('dropout', 'x: Tensor, p: float, seed: int, offset: int -> Tensor, Tensor');

/** x Wᵀ + b for x of shape [..., in], weight [out, in] and bias [out]; a weight [in] makes one output, without a dimension. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  return plainLinear(lowered(x), lowered(weight), bias && lowered(bias));
}
/** The same, whatever `autocast` says. */
function plainLinear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  if (weight.ndim === 1) return plainLinear(x, weight.unsqueeze(0), bias?.reshape([1])).squeeze(-1);
  return fromHandle(
    rawLinear(
      handleOf(x, 'linear: input'),
      handleOf(weight, 'linear: weight'),
      bias ? handleOf(bias, 'linear: bias') : undefined,
    ),
  );
}

/** y[…, k] = Σᵢⱼ a[…, i] W[k, i, j] b[…, j] + bias[k]. */
export function bilinear(a: Tensor, b: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  if (
    weight.ndim !== 3 ||
    a.ndim === 0 ||
    b.ndim === 0 ||
    a.size(-1) !== weight.size(1) ||
    b.size(-1) !== weight.size(2)
  ) {
    throw new ShapeError(
      `bilinear: inputs of shape [${a.shape}] and [${b.shape}] do not fit a weight of shape [${weight.shape}], [out, in1, in2]`,
    );
  }
  const [out, in1, in2] = weight.shape as [number, number, number];
  const products = plainLinear(a, weight.transpose(1, 2).reshape([out * in2, in1]));
  const y = products
    .reshape([...a.shape.slice(0, -1), out, in2])
    .mul(b.unsqueeze(-2))
    .sum(-1);
  return cast(bias ? y.add(bias) : y, a.dtype);
}

/** Options of {@link dropout}. */
export interface DropoutOptions extends RandomOptions {
  /** Probability of an element to become zero. Default 0.5. */
  p?: number | undefined;
  /** False: the input as it is. Default true. */
  training?: boolean | undefined;
}

/** Zeroes elements with probability `p` and divides the others by 1 - p (Srivastava et al. 2014). */
export function dropout(x: Tensor, { p = 0.5, training = true, generator }: DropoutOptions = {}): Tensor {
  checkProbability('dropout', p);
  const handle = handleOf(x, 'dropout');
  if (!training || p === 0) return x;
  const [y] = rawDropout(handle, p, ...draw('dropout', x.numel(), generator));
  return fromHandle(y as NonNullable<typeof y>);
}

/** @internal */
export function checkProbability(op: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ArgumentRangeError(`${op}: p: expected a probability in [0, 1], got ${p}`);
}
