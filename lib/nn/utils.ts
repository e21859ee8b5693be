// SPDX-License-Identifier: MIT
import { noGrad } from '../autograd.js';
import { zeros } from '../creation.js';
import { ArgumentRangeError } from '../errors.js';
import { clamp } from '../ops/pointwise.js';
import { vectorNorm } from '../ops/statistics.js';
import type { Tensor } from '../tensor.js';

function gradientsOf(parameters: Tensor | Iterable<Tensor>): Tensor[] {
  const list = Symbol.iterator in parameters ? [...parameters] : [parameters];
  return list.flatMap(({ grad }) => grad ?? []);
}

/**
 * Scales all gradients so that their joint norm is at most `maxNorm`: by min(1, maxNorm / (norm + 1e-6)), in place.
 * @returns the norm before
 * @throws RangeError with `errorIfNonfinite` if the norm is NaN or infinite
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  { normType = 2, errorIfNonfinite = false }: { normType?: number; errorIfNonfinite?: boolean } = {},
): Tensor {
  return noGrad(() => {
    const gradients = gradientsOf(parameters);
    const total = zeros([gradients.length]);
    for (const [i, grad] of gradients.entries()) total.select(0, i).copy_(vectorNorm(grad, { ord: normType }));
    const norm = gradients.length > 0 ? vectorNorm(total, { ord: normType }) : total.sum();
    if (errorIfNonfinite && !Number.isFinite(norm.item())) {
      throw new ArgumentRangeError(`clipGradNorm_: the gradients' norm is ${norm.item()}`);
    }
    const factor = clamp(norm.add(1e-6).reciprocal().mul(maxNorm), undefined, 1);
    for (const grad of gradients) grad.mul_(factor);
    return norm;
  });
}

/** Limits every element of the gradients to [-clipValue, clipValue], in place. */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  noGrad(() => {
    for (const grad of gradientsOf(parameters)) grad.copy_(clamp(grad, -clipValue, clipValue));
  });
}
