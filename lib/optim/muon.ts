// SPDX-License-Identifier: MIT
import { zerosLike } from '../creation.js';
import { ArgumentRangeError, ShapeError } from '../errors.js';
import { changing } from '../recording.js';
import type { Tensor } from '../tensor.js';
import { average, type CommonOptions, TensorOptimizer } from './elementwise.js';
import { checkOption, type ParamGroup, type ParamState, type ParamsInput } from './optimizer.js';

/** Options of {@link Muon}. */
export interface MuonOptions extends CommonOptions {
  /** Decay of the average of gradients. Default 0.95. */
  momentum: number;
  /** Look ahead. Default true. */
  nesterov: boolean;
  /** Coefficients of the Newton-Schulz iteration. */
  nsCoefficients: readonly [number, number, number];
  /** Its number of iterations. Default 5. */
  nsSteps: number;
  /** Smallest norm to divide by. Default 1e-7. */
  eps: number;
  /** How the rate depends on the shape: √max(1, rows / columns), or 0.2 √max(rows, columns). Default `'original'`. */
  adjustLrFn: 'original' | 'match_rms_adamw';
}

/** The nearest matrix with orthonormal rows or columns, roughly: singular values end up near 1. */
function orthogonalize(
  update: Tensor,
  [a, b, c]: readonly [number, number, number],
  steps: number,
  eps: number,
): Tensor {
  const tall = update.size(0) > update.size(1);
  let x = tall ? update.t() : update;
  x = x.div(x.norm().clamp(eps));
  for (let i = 0; i < steps; i++) {
    const gram = x.matmul(x.t());
    x = x.mul(a).add(gram.mul(b).add(gram.matmul(gram).mul(c)).matmul(x));
  }
  return tall ? x.t() : x;
}

/** Momentum made orthogonal, for the matrices of hidden layers (Jordan et al. 2024). Default lr 0.001, weightDecay 0.1. */
export class Muon extends TensorOptimizer<MuonOptions> {
  constructor(params: ParamsInput<MuonOptions>, options: Partial<MuonOptions> = {}) {
    super(params, {
      lr: 1e-3,
      weightDecay: 0.1,
      momentum: 0.95,
      nesterov: true,
      nsCoefficients: [3.4445, -4.775, 2.0315],
      nsSteps: 5,
      eps: 1e-7,
      adjustLrFn: 'original',
      maximize: false,
      ...options,
    });
  }
  protected override check(options: MuonOptions): void {
    super.check(options);
    checkOption('Muon', 'momentum', options.momentum, 0, 1);
    checkOption('Muon', 'nsSteps', options.nsSteps, 1, 100);
    if (!['original', 'match_rms_adamw'].includes(options.adjustLrFn)) {
      const got = String(options.adjustLrFn);
      throw new ArgumentRangeError(`Muon: adjustLrFn: expected 'original' or 'match_rms_adamw', got '${got}'`);
    }
  }
  protected override decaysGradient(): boolean {
    return false;
  }
  protected start(x: Tensor): ParamState {
    if (x.ndim !== 2) throw new ShapeError(`Muon: expected matrices, got a parameter of shape [${x.shape.join(', ')}]`);
    return { momentum_buffer: zerosLike(x) };
  }
  protected move(x: Tensor, grad: Tensor, state: ParamState, group: ParamGroup<MuonOptions>): void {
    const { momentum, nesterov, nsCoefficients, nsSteps, eps, adjustLrFn } = group;
    const buffer = average(state, 'momentum_buffer', grad, 1 - momentum);
    const update = nesterov ? grad.lerp(buffer, momentum) : buffer;
    const [rows, columns] = x.shape as [number, number];
    const factor =
      adjustLrFn === 'original' ? Math.sqrt(Math.max(1, rows / columns)) : 0.2 * Math.sqrt(Math.max(rows, columns));
    x.sub_(orthogonalize(update, nsCoefficients, nsSteps, eps).mul(changing(() => group.lr * factor)));
  }
}
