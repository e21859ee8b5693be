// SPDX-License-Identifier: MIT
import { nn, ones, stack, type Tensor, tensor, zeros } from 'cresset';
import { type CallCase, checkCall } from './call.js';
import type { CaseFile } from './data.js';
import type { Check } from './run.js';
import { decode } from './values.js';

// composite/: the functions whose Python source is in each case's `definition`, written with our ops.

type Composite = (...args: [Tensor, Tensor, Tensor, Tensor]) => Tensor | Tensor[];
const functions: Record<string, Composite> = {
  attention_by_hand: (q, k, v) => {
    const s = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(q.size(-1)));
    const later = ones(s.shape.slice(-2), { dtype: 'bool' }).triu(1);
    return s.maskedFill(later, -Infinity).softmax(-1).matmul(v);
  },
  broadcast_sum: (x, y, z) => x.unsqueeze(1).sub(y.unsqueeze(0)).pow(2).sum(-1).clamp(1e-6).sqrt().mul(z),
  inplace_index: (x, y) => {
    const z = x.clone();
    z.indexPut_([tensor([0, 2])], y);
    z.indexAdd_(0, tensor([1, 1]), y);
    z.maskedFill_(z.gt(3), 0);
    return z.mul(z);
  },
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
  rnn_by_hand: (x, w, u, b) => {
    let h = zeros([x.size(1), u.size(0)], { dtype: x.dtype });
    const hs = x.unbind(0).map((step) => {
      h = step.matmul(w).add(h.matmul(u)).add(b).tanh();
      return h;
    });
    return stack(hs);
  },
  segment_mean: (x, idx) => {
    const n = zeros([3], { dtype: x.dtype }).indexAdd(0, idx, ones([idx.size(0)], { dtype: x.dtype }));
    const s = zeros([3, x.size(1)], { dtype: x.dtype }).scatterAdd(0, idx.unsqueeze(1).expandAs(x), x);
    return s.div(n.clamp(1).unsqueeze(1));
  },
  softmax_xent: (x, t) => {
    const z = x.sub(x.amax({ dim: 1, keepdim: true }).detach());
    const logp = z.sub(z.exp().sum({ dim: 1, keepdim: true }).log());
    return logp.gather(1, t.unsqueeze(1)).mean().neg();
  },
  swiglu: (x, w1, w2, w3) => nn.functional.silu(x.matmul(w1)).mul(x.matmul(w2)).matmul(w3),
};

/** The check of `composite/<name>`. */
export function compositeCheck({ name, tensors }: CaseFile): Check | undefined {
  const run = functions[name];
  return (
    run &&
    ((test) => {
      const args = (test as CallCase).args.map((value) => decode(value, tensors)) as Parameters<Composite>;
      checkCall(test as CallCase, { args, kwargs: {} }, tensors, () => run(...args));
    })
  );
}
