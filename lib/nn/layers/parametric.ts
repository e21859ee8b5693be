// SPDX-License-Identifier: MIT
import { full } from '../../creation.js';
import type { Tensor } from '../../tensor.js';
import {
  celu,
  elu,
  glu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  mish,
  prelu,
  relu6,
  selu,
  softmin,
  softplus,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
} from '../functional/activations.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { pyFloat } from '../repr.js';

/** Scaled ELU (Klambauer et al. 2017). */
export class SELU extends Module {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}
/** x · tanh(softplus(x)). */
export class Mish extends Module {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}
/** x limited to [0, 6]. */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}
/** x / 6 + 1/2 limited to [0, 1]. */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}
/** x · hardsigmoid(x). */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}
/** x / (1 + |x|). */
export class Softsign extends Module {
  forward(x: Tensor): Tensor {
    return softsign(x);
  }
}
/** x - tanh(x). */
export class Tanhshrink extends Module {
  forward(x: Tensor): Tensor {
    return tanhshrink(x);
  }
}
/** x where x > 0, else negativeSlope · x. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;
  constructor({ negativeSlope = 0.01 }: { negativeSlope?: number } = {}) {
    super();
    this.negativeSlope = negativeSlope;
  }
  forward(x: Tensor): Tensor {
    return leakyRelu(x, this);
  }
  override extraRepr(): string {
    return `negative_slope=${pyFloat(this.negativeSlope)}`;
  }
}
/** x where x > 0, else alpha · (e^x - 1). */
export class ELU extends Module {
  readonly alpha: number;
  constructor({ alpha = 1 }: { alpha?: number } = {}) {
    super();
    this.alpha = alpha;
  }
  forward(x: Tensor): Tensor {
    return elu(x, this);
  }
  override extraRepr(): string {
    return `alpha=${pyFloat(this.alpha)}`;
  }
}
/** max(0, x) + min(0, alpha · (e^(x / alpha) - 1)). */
export class CELU extends Module {
  readonly alpha: number;
  constructor({ alpha = 1 }: { alpha?: number } = {}) {
    super();
    this.alpha = alpha;
  }
  forward(x: Tensor): Tensor {
    return celu(x, this);
  }
  override extraRepr(): string {
    return `alpha=${pyFloat(this.alpha)}`;
  }
}
/** log(1 + e^(beta x)) / beta, linear above the threshold. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;
  constructor({ beta = 1, threshold = 20 }: { beta?: number; threshold?: number } = {}) {
    super();
    this.beta = beta;
    this.threshold = threshold;
  }
  forward(x: Tensor): Tensor {
    return softplus(x, this);
  }
  override extraRepr(): string {
    return `beta=${pyFloat(this.beta)}, threshold=${pyFloat(this.threshold)}`;
  }
}
/** x limited to [minVal, maxVal]. */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;
  constructor({ minVal = -1, maxVal = 1 }: { minVal?: number; maxVal?: number } = {}) {
    super();
    this.minVal = minVal;
    this.maxVal = maxVal;
  }
  forward(x: Tensor): Tensor {
    return hardtanh(x, this);
  }
  override extraRepr(): string {
    return `min_val=${pyFloat(this.minVal)}, max_val=${pyFloat(this.maxVal)}`;
  }
}
/** x where |x| > lambd, else 0. */
export class Hardshrink extends Module {
  readonly lambd: number;
  constructor({ lambd = 0.5 }: { lambd?: number } = {}) {
    super();
    this.lambd = lambd;
  }
  forward(x: Tensor): Tensor {
    return hardshrink(x, this);
  }
  override extraRepr(): string {
    return pyFloat(this.lambd);
  }
}
/** x moved towards 0 by lambd. */
export class Softshrink extends Module {
  readonly lambd: number;
  constructor({ lambd = 0.5 }: { lambd?: number } = {}) {
    super();
    this.lambd = lambd;
  }
  forward(x: Tensor): Tensor {
    return softshrink(x, this);
  }
  override extraRepr(): string {
    return pyFloat(this.lambd);
  }
}
/** x where x > limit, else `value`. */
export class Threshold extends Module {
  constructor(
    readonly limit: number,
    readonly value: number,
  ) {
    super();
  }
  forward(x: Tensor): Tensor {
    return threshold(x, this.limit, this.value);
  }
  override extraRepr(): string {
    return `threshold=${this.limit}, value=${this.value}`;
  }
}
/** The first half times sigmoid of the second half along `dim` (Dauphin et al. 2017). */
export class GLU extends Module {
  readonly dim: number;
  constructor({ dim = -1 }: { dim?: number } = {}) {
    super();
    this.dim = dim;
  }
  forward(x: Tensor): Tensor {
    return glu(x, this);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
/** softmax(-x) along `dim`. */
export class Softmin extends Module {
  constructor(readonly dim: number) {
    super();
  }
  forward(x: Tensor): Tensor {
    return softmin(x, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
/** x where x > 0, else a · x with a learned `a` for all, or one for each channel (He et al. 2015). */
export class PReLU extends Module {
  weight: Tensor;
  constructor(
    readonly numParameters = 1,
    { init = 0.25 }: { init?: number } = {},
  ) {
    super();
    this.weight = new Parameter(full([numParameters], init, { dtype: 'float32' }));
  }
  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
