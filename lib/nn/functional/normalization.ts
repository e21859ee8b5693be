// SPDX-License-Identifier: MIT
import { noGrad } from '../../autograd.js';
import { zeros } from '../../creation.js';
import { ArgumentRangeError, ShapeError } from '../../errors.js';
import { mean, varMean } from '../../ops/statistics.js';
import { raw } from '../../raw.js';
import { fromHandle, handleOf, type Tensor } from '../../tensor.js';

const rawBatchNorm = raw(
  'batch_norm',
  'x: Tensor, weight: Tensor?, bias: Tensor?, mean: Tensor?, var: Tensor?, eps: float, channels_last: bool -> Tensor, Tensor, Tensor',
);
const rawLayerNorm = raw(
  'layer_norm',
  'x: Tensor, weight: Tensor?, bias: Tensor?, dims: int, eps: float -> Tensor, Tensor, Tensor',
);
const optional = (op: string, x: Tensor | undefined) => (x ? handleOf(x, op) : undefined);

/** Scale and shift after normalising, and what is added to the variance. */
export interface NormalizationOptions {
  weight?: Tensor | undefined;
  bias?: Tensor | undefined;
  eps?: number | undefined;
}

function affine(x: Tensor, weight: Tensor | undefined, bias: Tensor | undefined): Tensor {
  const scaled = weight ? x.mul(weight) : x;
  return bias ? scaled.add(bias) : scaled;
}

/** A tensor of one value a channel, to broadcast against [N, C, …]. */
function perChannel(op: string, what: string, values: Tensor | undefined, x: Tensor): Tensor | undefined {
  if (!values) return undefined;
  const channels = x.shape[1] as number;
  if (values.ndim !== 1 || values.size(0) !== channels) {
    throw new ShapeError(`${op}: ${what}: expected shape [${channels}], got [${values.shape.join(', ')}]`);
  }
  return values.reshape([1, channels, ...Array(x.ndim - 2).fill(1)]);
}

function lastDims(op: string, x: Tensor, shape: readonly number[]): number[] {
  const tail = x.shape.slice(x.ndim - shape.length);
  if (shape.length === 0 || `${tail}` !== `${shape}`) {
    throw new ShapeError(
      `${op}: input of shape [${x.shape.join(', ')}] does not end in normalizedShape [${shape.join(', ')}]`,
    );
  }
  return shape.map((_, i) => i - shape.length);
}

/** Rows of the last `dims` dimensions normalised, scaled and shifted. */
function normalizeRows(op: string, x: Tensor, dims: number, eps: number, weight?: Tensor, bias?: Tensor): Tensor {
  const [y] = rawLayerNorm(handleOf(x, op), optional(op, weight), optional(op, bias), dims, eps);
  return fromHandle(y as NonNullable<typeof y>);
}

/** (x - mean) / √(variance + eps) over the last dimensions (Ba et al. 2016). */
export function layerNorm(
  x: Tensor,
  normalizedShape: readonly number[],
  { weight, bias, eps = 1e-5 }: NormalizationOptions = {},
): Tensor {
  lastDims('layerNorm', x, normalizedShape);
  return normalizeRows('layerNorm', x, normalizedShape.length, eps, weight, bias);
}
/** x / √(mean of x² + eps) over the last dimensions; `eps` is the dtype's machine epsilon by default. */
export function rmsNorm(
  x: Tensor,
  normalizedShape: readonly number[],
  { weight, eps = x.dtype === 'float64' ? 2 ** -52 : 2 ** -23 }: Omit<NormalizationOptions, 'bias'> = {},
): Tensor {
  const dim = lastDims('rmsNorm', x, normalizedShape);
  return affine(x.mul(mean(x.square(), { dim, keepdim: true }).add(eps).rsqrt()), weight, undefined);
}
/** Normalises groups of channels of each sample of [N, C, …] (Wu & He 2018). */
export function groupNorm(
  x: Tensor,
  numGroups: number,
  { weight, bias, eps = 1e-5 }: NormalizationOptions = {},
): Tensor {
  const [samples = 0, channels = 0] = x.shape;
  if (x.ndim < 2 || channels % numGroups !== 0) {
    throw new ShapeError(`groupNorm: ${numGroups} groups do not divide the channels of shape [${x.shape.join(', ')}]`);
  }
  const grouped = x.reshape([samples, numGroups, x.numel() / Math.max(samples * numGroups, 1)]);
  const y = normalizeRows('groupNorm', grouped, 1, eps).reshape(x.shape);
  return affine(y, perChannel('groupNorm', 'weight', weight, x), perChannel('groupNorm', 'bias', bias, x));
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends NormalizationOptions {
  /** Normalise with the batch's own statistics and update the running ones. Default false. */
  training?: boolean | undefined;
  /** Weight of the new value in the running statistics: a number, or a zero-dim tensor. Default 0.1. */
  momentum?: number | Tensor | undefined;
  /** The input is [N, …, C] instead of [N, C, …]. Default false. */
  channelsLast?: boolean | undefined;
}

const scaled = (x: number | Tensor, factor: number) => (typeof x === 'number' ? x * factor : x.mul(factor));
const restOf = (x: number | Tensor) => (typeof x === 'number' ? 1 - x : x.neg().add(1));

/** running = running · kept + batch · added. */
function updateRunning(running: Tensor | undefined, batch: Tensor, added: number | Tensor, kept = restOf(added)): void {
  if (running) noGrad(() => running.mul_(kept).add_(batch.detach().mul(added)));
}

/**
 * Normalises each channel of [N, C, …] with the batch's statistics (`training`) or the running ones
 * (Ioffe & Szegedy 2015). In training `runningMean` and `runningVar` change in place.
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | undefined,
  runningVar: Tensor | undefined,
  { weight, bias, training = false, momentum = 0.1, eps = 1e-5, channelsLast = false }: BatchNormOptions = {},
): Tensor {
  if (x.ndim < 2) throw new ShapeError(`batchNorm: expected at least 2 dimensions, got shape [${x.shape.join(', ')}]`);
  const channels = x.size(channelsLast ? -1 : 1);
  for (const [what, running] of Object.entries({ runningMean, runningVar })) {
    if (running && (running.ndim !== 1 || running.size(0) !== channels))
      throw new ShapeError(`batchNorm: ${what}: expected shape [${channels}], got [${running.shape.join(', ')}]`);
  }
  const normalize = (centre?: Tensor, spread?: Tensor) => {
    const [w, b, m, v] = [weight, bias, centre, spread].map((values) => optional('batchNorm', values));
    return rawBatchNorm(handleOf(x, 'batchNorm'), w, b, m, v, eps, channelsLast).map(fromHandle);
  };
  if (!training) {
    if (!runningMean || !runningVar)
      throw new ArgumentRangeError('batchNorm: without training, runningMean and runningVar are needed');
    return normalize(runningMean, runningVar)[0] as Tensor;
  }
  const count = x.numel() / Math.max(channels, 1);
  if (count <= 1)
    throw new ShapeError(`batchNorm: training takes more than 1 value a channel, got shape [${x.shape.join(', ')}]`);
  const [y, average, variance] = normalize() as [Tensor, Tensor, Tensor];
  updateRunning(runningMean, average, momentum);
  updateRunning(runningVar, variance, scaled(momentum, count / (count - 1)), restOf(momentum));
  return y;
}

/** Options of `instanceNorm`. */
export interface InstanceNormOptions extends NormalizationOptions {
  runningMean?: Tensor | undefined;
  runningVar?: Tensor | undefined;
  /** Normalise with each sample's own statistics. Default true; else with the running ones. */
  useInputStats?: boolean | undefined;
  momentum?: number | undefined;
}
/** Normalises each channel of each sample of [N, C, …]; running statistics get the samples' average. */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  const { runningMean, runningVar, weight, bias, useInputStats = true, momentum = 0.1, eps = 1e-5 } = options;
  if (!useInputStats) return batchNorm(x, runningMean, runningVar, { weight, bias, eps });
  const dim = x.shape.map((_, i) => i).slice(2);
  const count = dim.reduce((n, d) => n * x.size(d), 1);
  if (x.ndim < 3 || count <= 1) {
    throw new ShapeError(`instanceNorm: expected more than 1 value a channel, got shape [${x.shape.join(', ')}]`);
  }
  if (runningMean || runningVar) {
    const [variance, average] = varMean(x.detach(), { dim, correction: 1 });
    updateRunning(runningMean, mean(average, 0), momentum);
    updateRunning(runningVar, mean(variance, 0), momentum);
  }
  const y = normalizeRows('instanceNorm', x, dim.length, eps);
  return affine(y, perChannel('instanceNorm', 'weight', weight, x), perChannel('instanceNorm', 'bias', bias, x));
}

/** x / (k + alpha · mean of x² over `size` neighbouring channels)^beta (Krizhevsky et al. 2012). */
export function localResponseNorm(
  x: Tensor,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: { alpha?: number; beta?: number; k?: number } = {},
): Tensor {
  if (x.ndim < 3)
    throw new ShapeError(`localResponseNorm: expected at least 3 dimensions, got shape [${x.shape.join(', ')}]`);
  const channels = x.size(1);
  const padded = zeros(x.shape.with(1, channels + size - 1), { dtype: x.dtype });
  padded.narrow(1, Math.floor(size / 2), channels).copy_(x.square());
  const neighbours = padded.unfold(1, size, 1).sum(-1).div(size);
  return x.div(neighbours.mul(alpha).add(k).pow(beta));
}
