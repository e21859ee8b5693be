// SPDX-License-Identifier: MIT
import { noGrad } from '../autograd.js';
import { zeros } from '../creation.js';
import { ArgumentRangeError } from '../errors.js';
import { vectorNorm } from '../ops/statistics.js';
import type { Tensor } from '../tensor.js';

const gradientsOf = (parameters: Tensor | Iterable<Tensor>): Tensor[] => {
  const list = 'shape' in parameters ? [parameters as Tensor] : [...parameters];
  return list.map((x) => x.grad).filter((g) => g !== undefined);
};

/**
 * Scales the gradients in place so that the norm of all of them together is at most `maxNorm`: a factor
 * min(1, maxNorm / (norm + 1e-6)).
 * @returns the norm before
 * @throws RangeError for a norm that is not finite, with `errorIfNonfinite`
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  { normType = 2, errorIfNonfinite = false }: { normType?: number; errorIfNonfinite?: boolean } = {},
): Tensor {
  if (!(normType > 0))
    throw new ArgumentRangeError(`clipGradNorm_: normType: expected a number above 0, got ${normType}`);
  if (!(maxNorm >= 0))
    throw new ArgumentRangeError(`clipGradNorm_: maxNorm: expected a number of at least 0, got ${maxNorm}`);
  const gradients = gradientsOf(parameters);
  return noGrad(() => {
    const norms = gradients.map((g) => vectorNorm(g, { ord: normType }));
    const total = zeros([norms.length], { dtype: norms[0]?.dtype });
    norms.forEach((norm, i) => {
      total.select(0, i).copy_(norm);
    });
    const norm = norms.length ? vectorNorm(total, { ord: normType }) : zeros([]);
    if (errorIfNonfinite && !Number.isFinite(norm.item())) {
      throw new ArgumentRangeError(`clipGradNorm_: the gradients' norm is ${norm.item()}`);
    }
    const factor = norm.add(1e-6).reciprocal().mul(maxNorm).minimum(1);
    for (const g of gradients) g.mul_(factor);
    return norm;
  });
}

/** Limits every element of the gradients to [-clipValue, clipValue], in place. */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  if (!(clipValue >= 0)) {
    throw new ArgumentRangeError(`clipGradValue_: clipValue: expected a number of at least 0, got ${clipValue}`);
  }
  noGrad(() => {
    for (const g of gradientsOf(parameters)) g.copy_(g.minimum(clipValue).maximum(-clipValue));
  });
}
