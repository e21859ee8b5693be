// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../errors.js';
import { clampMax, nn, type Tensor, where } from '../index.js';
import { lookUp } from './inputs.js';

const f = nn.functional;

/** A function of one tensor. */
export type Activation = (x: Tensor) => Tensor;

/** Options of {@link relu}. */
export interface ReluOptions {
  /** Slope below the threshold. Default 0. */
  negativeSlope?: number | undefined;
  /** Upper bound. Default: none. */
  maxValue?: number | undefined;
  /** Values up to it count as negative. Default 0. */
  threshold?: number | undefined;
}
/** max(x, 0); with options, x above the threshold up to `maxValue`, and negativeSlope · (x - threshold) below. */
export function relu(x: Tensor, { negativeSlope = 0, maxValue, threshold = 0 }: ReluOptions = {}): Tensor {
  const above = threshold === 0 ? x.relu() : where(x.gt(threshold), x, 0);
  const bounded = maxValue === undefined ? above : clampMax(above, maxValue);
  if (negativeSlope === 0) return bounded;
  return bounded.sub(x.neg().add(threshold).relu().mul(negativeSlope));
}
/** x, and negativeSlope · x below 0; Keras' slope is 0.2. */
export function leakyRelu(x: Tensor, { negativeSlope = 0.2 }: { negativeSlope?: number } = {}): Tensor {
  return f.leakyRelu(x, { negativeSlope });
}
/** e^x / Σ e^x along `axis`, the last by default. */
export function softmax(x: Tensor, { axis = -1 }: { axis?: number } = {}): Tensor {
  return x.softmax(axis);
}
/** log(softmax(x)) along `axis`, the last by default. */
export function logSoftmax(x: Tensor, { axis = -1 }: { axis?: number } = {}): Tensor {
  return x.logSoftmax(axis);
}
/** x · Φ(x), exact unless `approximate`. */
export function gelu(x: Tensor, { approximate = false }: { approximate?: boolean } = {}): Tensor {
  return x.gelu({ approximate: approximate ? 'tanh' : 'none' });
}
/** x where positive, else alpha · (e^x - 1). */
export function elu(x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  return f.elu(x, { alpha });
}
/** x where positive, else alpha · (e^(x / alpha) - 1). */
export function celu(x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor {
  return f.celu(x, { alpha });
}
/** Self-normalising elu (Klambauer et al. 2017). */
export const selu: Activation = (x) => f.selu(x);
/** 1 / (1 + e^-x). */
export const sigmoid: Activation = (x) => x.sigmoid();
/** Hyperbolic tangent. */
export const tanh: Activation = (x) => x.tanh();
/** x · sigmoid(x). */
export const silu: Activation = (x) => x.silu();
/** Another name of {@link silu}. */
export const swish: Activation = silu;
/** log(1 + e^x). */
export const softplus: Activation = (x) => x.neg().logsigmoid().neg();
/** x / (1 + |x|). */
export const softsign: Activation = (x) => f.softsign(x);
/** min(max(x, 0), 6). */
export const relu6: Activation = (x) => f.relu6(x);
/** relu6(x + 3) / 6. */
export const hardSigmoid: Activation = (x) => f.hardsigmoid(x);
/** x · hardSigmoid(x). */
export const hardSilu: Activation = (x) => f.hardswish(x);
/** x within [-1, 1]. */
export const hardTanh: Activation = (x) => f.hardtanh(x);
/** x · tanh(softplus(x)). */
export const mish: Activation = (x) => f.mish(x);
/** x - tanh(x). */
export const tanhShrink: Activation = (x) => f.tanhshrink(x);
/** log(sigmoid(x)). */
export const logSigmoid: Activation = (x) => x.logsigmoid();
/** e^x. */
export const exponential: Activation = (x) => x.exp();
/** x itself. */
export const linear: Activation = (x) => x;

const table = {
  linear,
  relu,
  leakyRelu,
  relu6,
  elu,
  celu,
  selu,
  gelu,
  silu,
  swish,
  mish,
  sigmoid,
  hardSigmoid,
  hardSilu,
  logSigmoid,
  tanh,
  hardTanh,
  tanhShrink,
  softmax,
  logSoftmax,
  softplus,
  softsign,
  exponential,
} satisfies Record<string, Activation>;

/** Names that {@link get} knows. */
export type ActivationName = keyof typeof table;

/**
 * The activation of a name, or the function itself; `linear` for null and undefined.
 * @throws RangeError for an unknown name, with the list
 */
export function get(activation: ActivationName | Activation | null | undefined): Activation {
  if (activation === null || activation === undefined) return linear;
  if (typeof activation === 'function') return activation;
  if (typeof activation !== 'string') {
    throw new ArgumentTypeError(`activations.get: expected a name or a function, got ${typeof activation}`);
  }
  return lookUp<Activation>('activations.get', table, activation);
}

/** @internal The name of an activation, for configurations; a function's own name if it is the user's. */
export function nameOf(activation: Activation): string {
  const found = Object.entries(table).find(([, fn]) => fn === activation);
  return found ? found[0] : activation.name || 'activation';
}
