// SPDX-License-Identifier: MIT

import { ShapeError } from '../../errors.js';
import { clamp } from '../../ops/pointwise.js';
import { type SoftmaxOptions, softmax } from '../../ops/softmax.js';
import { where } from '../../ops/where.js';
import { exp, expm1, log1p, logsigmoid, sigmoid, tanh } from '../../ops.js';
import type { Tensor } from '../../tensor.js';

/** x where it is positive, else negativeSlope · x. */
export function leakyRelu(x: Tensor, { negativeSlope = 0.01 }: { negativeSlope?: number } = {}): Tensor {
  return where(x.gt(0), x, x.mul(negativeSlope));
}
/** `leakyRelu` with a learnt slope: one for all, or one for each channel (dimension 1). */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const channels = weight.numel() === 1 ? 1 : (x.shape[x.ndim > 1 ? 1 : 0] ?? 1);
  if (weight.ndim > 1 || weight.numel() !== channels) {
    throw new ShapeError(`prelu: weight: expected 1 element or ${channels}, got shape [${weight.shape.join(', ')}]`);
  }
  const slope = weight.reshape(
    x.ndim > 1 ? [1, channels, ...Array(x.ndim - 2).fill(1)] : x.ndim === 1 ? [channels] : [],
  );
  return where(x.gt(0), x, x.mul(slope));
}
/** x where it is positive, else alpha · (e^x - 1). */
export function elu(x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  const positive = x.gt(0);
  return where(positive, x, expm1(where(positive, 0, x)).mul(alpha));
}
/** x where it is positive, else alpha · (e^(x / alpha) - 1). */
export function celu(x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  const positive = x.gt(0);
  return where(positive, x, expm1(where(positive, 0, x).div(alpha)).mul(alpha));
}
/** Self-normalising elu (Klambauer et al. 2017). */
export function selu(x: Tensor): Tensor {
  return elu(x, { alpha: 1.6732632423543772 }).mul(1.0507009873554805);
}
/** log(1 + e^(beta x)) / beta; x itself where beta · x > threshold. */
export function softplus(x: Tensor, { beta = 1, threshold = 20 }: { beta?: number; threshold?: number } = {}): Tensor {
  const scaled = x.mul(beta);
  const linear = scaled.gt(threshold);
  return where(linear, x, log1p(exp(where(linear, 0, scaled))).div(beta));
}
/** x · tanh(log(1 + e^x)). */
export function mish(x: Tensor): Tensor {
  return x.mul(tanh(logsigmoid(x.neg()).neg()));
}
/** x within [minVal, maxVal]; the gradient at the bounds is 0. */
export function hardtanh(x: Tensor, { minVal = -1, maxVal = 1 }: { minVal?: number; maxVal?: number } = {}): Tensor {
  const bound = (value: number) => (x.isFloatingPoint() ? value : Math.trunc(value));
  return clamp(x, bound(minVal), bound(maxVal));
}
/** min(max(x, 0), 6). */
export function relu6(x: Tensor): Tensor {
  return clamp(x, 0, 6);
}
/** min(max(x + 3, 0), 6) / 6. */
export function hardsigmoid(x: Tensor): Tensor {
  return relu6(x.add(3)).div(6);
}
/** x · hardsigmoid(x). */
export function hardswish(x: Tensor): Tensor {
  return x.mul(hardsigmoid(x));
}
/** 0 where |x| <= lambd, else x. */
export function hardshrink(x: Tensor, { lambd = 0.5 }: { lambd?: number } = {}): Tensor {
  return where(x.ge(-lambd).logicalAnd(x.le(lambd)), 0, x);
}
/** x moved towards 0 by lambd, 0 in between. */
export function softshrink(x: Tensor, { lambd = 0.5 }: { lambd?: number } = {}): Tensor {
  return where(x.gt(lambd), x.sub(lambd), where(x.lt(-lambd), x.add(lambd), x.mul(0)));
}
/** x - tanh(x). */
export function tanhshrink(x: Tensor): Tensor {
  return x.sub(tanh(x));
}
/** x / (1 + |x|). */
export function softsign(x: Tensor): Tensor {
  return x.div(x.abs().add(1));
}
/** x where it is above `threshold`, else `value`. */
export function threshold(x: Tensor, limit: number, value: number): Tensor {
  return where(x.le(limit), value, x);
}
/** First half along `dim` times the sigmoid of the second. */
export function glu(x: Tensor, { dim = -1 }: { dim?: number } = {}): Tensor {
  if (x.size(dim) % 2 !== 0) throw new ShapeError(`glu: dim ${dim}: expected an even size, got ${x.size(dim)}`);
  const [value, gate] = x.split(x.size(dim) / 2, dim) as [Tensor, Tensor];
  return value.mul(sigmoid(gate));
}
/** softmax(-x) along `dim`: the smallest gets the most. */
export function softmin(x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
  return softmax(x.neg(), dim, options);
}
