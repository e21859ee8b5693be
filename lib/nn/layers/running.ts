// SPDX-License-Identifier: MIT
import { noGrad } from '../../autograd.js';
import type { Tensor } from '../../tensor.js';
import { batchNorm, instanceNorm } from '../functional/normalization.js';
import { RunningNorm, type RunningNormOptions } from './normalization.js';

/** Mean 0 and variance 1 of each channel over the batch; in `eval()` by running statistics (Ioffe & Szegedy 2015). */
abstract class BatchNorm extends RunningNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super(numFeatures, { affine: true, trackRunningStats: true, ...options });
  }
  forward(x: Tensor): Tensor {
    this.checkRank(x);
    const { eps, weight, bias, running_mean, running_var } = this;
    const training = this.training || !running_mean;
    const options = { eps, weight: weight ?? undefined, bias: bias ?? undefined, training, momentum: this.#weight() };
    return batchNorm(x, running_mean, running_var, options);
  }
  /** Counts the batch; the weight of its statistics. */
  #weight(): number {
    const count = this.num_batches_tracked;
    if (!this.training || !count) return this.momentum ?? 0;
    noGrad(() => count.add_(1));
    return this.momentum ?? 1 / count.item();
  }
}

/** Batch norm of [N, C] or [N, C, L]. */
export class BatchNorm1d extends BatchNorm {
  protected ranks() {
    return [2, 3];
  }
}
/** Batch norm of [N, C, H, W]. */
export class BatchNorm2d extends BatchNorm {
  protected ranks() {
    return [4];
  }
}
/** Batch norm of [N, C, D, H, W]. */
export class BatchNorm3d extends BatchNorm {
  protected ranks() {
    return [5];
  }
}

/** Mean 0 and variance 1 of each channel of each sample (Ulyanov et al. 2016). */
abstract class InstanceNorm extends RunningNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super(numFeatures, { affine: false, trackRunningStats: false, ...options });
  }
  forward(x: Tensor): Tensor {
    this.checkRank(x);
    const { eps, weight, bias, running_mean: runningMean, running_var: runningVar } = this;
    const statistics = { runningMean, runningVar, useInputStats: this.training || !runningMean };
    const affine = { weight: weight ?? undefined, bias: bias ?? undefined };
    return instanceNorm(x, { eps, momentum: this.momentum ?? 0, ...statistics, ...affine });
  }
}

/** Instance norm of [N, C, L]. */
export class InstanceNorm1d extends InstanceNorm {
  protected ranks() {
    return [3];
  }
}
/** Instance norm of [N, C, H, W]. */
export class InstanceNorm2d extends InstanceNorm {
  protected ranks() {
    return [4];
  }
}
/** Instance norm of [N, C, D, H, W]. */
export class InstanceNorm3d extends InstanceNorm {
  protected ranks() {
    return [5];
  }
}
