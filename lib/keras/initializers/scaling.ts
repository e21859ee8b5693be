// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../../errors.js';
import type { DType, Tensor } from '../../index.js';
import { checkNumber, lookUp } from '../inputs.js';
import type { Initializer, SeedOptions, Shape } from './initializer.js';
import { RandomNormal, RandomUniform, TruncatedNormal } from './random.js';

/** Inputs and outputs of one unit of a kernel `[…, in, out]`. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const field = shape.slice(0, -2).reduce((n, size) => n * size, 1);
  return { fanIn: (shape.at(-2) as number) * field, fanOut: (shape.at(-1) as number) * field };
}

/** Standard deviation of a standard normal truncated at ±2. */
const truncatedStd = 0.8796256610342398;

const distributions = {
  truncatedNormal: (variance: number, seed: SeedOptions) =>
    new TruncatedNormal({ stddev: Math.sqrt(variance) / truncatedStd, ...seed }),
  untruncatedNormal: (variance: number, seed: SeedOptions) =>
    new RandomNormal({ stddev: Math.sqrt(variance), ...seed }),
  uniform: (variance: number, seed: SeedOptions) => {
    const bound = Math.sqrt(3 * variance);
    return new RandomUniform({ minval: -bound, maxval: bound, ...seed });
  },
};
const modes = {
  fanIn: ({ fanIn }: { fanIn: number }) => fanIn,
  fanOut: ({ fanOut }: { fanOut: number }) => fanOut,
  fanAvg: ({ fanIn, fanOut }: { fanIn: number; fanOut: number }) => (fanIn + fanOut) / 2,
};

/** Options of {@link VarianceScaling}. */
export interface VarianceScalingOptions extends SeedOptions {
  /** Default 1. */
  scale?: number;
  /** What the variance is divided by. Default 'fanIn'. */
  mode?: keyof typeof modes;
  /** Default 'truncatedNormal'. */
  distribution?: keyof typeof distributions;
}
/** Random values of variance scale / fan. */
export class VarianceScaling implements Initializer {
  readonly config: Required<Omit<VarianceScalingOptions, 'seed'>> & SeedOptions;
  constructor(options: VarianceScalingOptions = {}) {
    const { scale = 1, mode = 'fanIn', distribution = 'truncatedNormal', seed } = options;
    checkNumber(`${new.target.name}: scale`, scale, Number.MIN_VALUE);
    lookUp(`${new.target.name}: mode`, modes, mode);
    lookUp(`${new.target.name}: distribution`, distributions, distribution);
    this.config = { scale, mode, distribution, seed };
  }
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    if (!Array.isArray(shape)) throw new ArgumentTypeError(`initialize: shape: expected sizes, got ${typeof shape}`);
    const { scale, mode, distribution, seed } = this.config;
    const variance = scale / Math.max(1, modes[mode](fans(shape)));
    return distributions[distribution](variance, { seed }).initialize(shape, dtype);
  }
}
/** Glorot & Bengio 2010, uniform; Keras' default for kernels. */
export class GlorotUniform extends VarianceScaling {
  constructor({ seed }: SeedOptions = {}) {
    super({ mode: 'fanAvg', distribution: 'uniform', seed });
  }
}
/** Glorot & Bengio 2010, truncated normal. */
export class GlorotNormal extends VarianceScaling {
  constructor({ seed }: SeedOptions = {}) {
    super({ mode: 'fanAvg', seed });
  }
}
/** He et al. 2015, uniform. */
export class HeUniform extends VarianceScaling {
  constructor({ seed }: SeedOptions = {}) {
    super({ scale: 2, distribution: 'uniform', seed });
  }
}
/** He et al. 2015, truncated normal. */
export class HeNormal extends VarianceScaling {
  constructor({ seed }: SeedOptions = {}) {
    super({ scale: 2, seed });
  }
}
/** LeCun et al. 1998, uniform. */
export class LecunUniform extends VarianceScaling {
  constructor({ seed }: SeedOptions = {}) {
    super({ distribution: 'uniform', seed });
  }
}
/** LeCun et al. 1998, truncated normal. */
export class LecunNormal extends VarianceScaling {
  constructor({ seed }: SeedOptions = {}) {
    super({ seed });
  }
}
