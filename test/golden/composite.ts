// SPDX-License-Identifier: MIT
import type { Tensor } from '../../lib/index.js';
import * as F from '../../lib/nn/functional/index.js';
import { type CallCase, checkCall } from './call.js';
import type { CaseFile } from './data.js';
import type { Check } from './run.js';
import { decode } from './values.js';

// composite/: the functions whose Python source is in each case's `definition`, written with our ops.

const functions: Record<string, (...args: Tensor[]) => Tensor | Tensor[]> = {
  broadcast_sum: (x, y, z) => x.unsqueeze(1).sub(y.unsqueeze(0)).pow(2).sum(-1).clamp(1e-6).sqrt().mul(z),
  layernorm_by_hand: (x, w, b) => {
    const mu = x.mean({ dim: -1, keepdim: true });
    const variance = x.sub(mu).pow(2).mean({ dim: -1, keepdim: true });
    return x.sub(mu).div(variance.add(1e-5).sqrt()).mul(w).add(b);
  },
  reuse: (x, y) => {
    const a = x.mul(y);
    const b = a.add(x);
    const c = a.sin().mul(b.exp());
    return [c.add(a.mul(a)), b.sub(c).sum(0)];
  },
  swiglu: (x, w1, w2, w3) => F.silu(x.matmul(w1)).mul(x.matmul(w2)).matmul(w3),
};

/** The check of `composite/<name>`. */
export function compositeCheck({ name, tensors }: CaseFile): Check | undefined {
  const run = functions[name];
  return (
    run &&
    ((test) => {
      const args = (test as CallCase).args.map((value) => decode(value, tensors)) as Tensor[];
      checkCall(test as CallCase, { args, kwargs: {} }, tensors, () => run(...args));
    })
  );
}
