// SPDX-License-Identifier: MIT
import { ShapeError } from '../../errors.js';
import { cat, type DType, full, nn, noGrad, normal, type Tensor, zeros } from '../../index.js';
import { checkNumber } from '../inputs.js';
import { generatorOf, type Initializer, type SeedOptions, type Shape } from './initializer.js';

/** Options of {@link RandomNormal} and {@link TruncatedNormal}. */
export interface NormalOptions extends SeedOptions {
  /** Default 0. */
  mean?: number;
  /** Standard deviation before truncation. Default 0.05. */
  stddev?: number;
}
/** Normal. */
export class RandomNormal implements Initializer {
  readonly config: { readonly mean: number; readonly stddev: number } & SeedOptions;
  constructor({ mean = 0, stddev = 0.05, seed }: NormalOptions = {}) {
    checkNumber(`${new.target.name}: mean`, mean);
    checkNumber(`${new.target.name}: stddev`, stddev, 0);
    this.config = { mean, stddev, seed };
  }
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    const { mean, stddev } = this.config;
    return normal(mean, stddev, shape, { dtype, generator: generatorOf(this.config) });
  }
}
/** Normal, values beyond two standard deviations drawn anew. */
export class TruncatedNormal extends RandomNormal {
  override initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    const { mean, stddev: std } = this.config;
    if (std === 0) return full(shape, mean, { dtype });
    const bounds = { mean, std, low: mean - 2 * std, high: mean + 2 * std };
    return nn.init.truncNormal_(zeros(shape, { dtype }), { ...bounds, generator: generatorOf(this.config) });
  }
}
/** Uniform in [minval, maxval). */
export class RandomUniform implements Initializer {
  readonly config: { readonly minval: number; readonly maxval: number } & SeedOptions;
  constructor({ minval = -0.05, maxval = 0.05, seed }: { minval?: number; maxval?: number } & SeedOptions = {}) {
    checkNumber('RandomUniform: minval', minval);
    checkNumber('RandomUniform: maxval', maxval, minval);
    this.config = { minval, maxval, seed };
  }
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    const { minval, maxval } = this.config;
    return nn.init.uniform_(zeros(shape, { dtype }), minval, maxval, { generator: generatorOf(this.config) });
  }
}

/** Orthonormal columns spanning those of `a` (rows ≥ columns), by Gram–Schmidt, twice for precision. */
function orthonormal(a: Tensor): Tensor {
  let basis = zeros([a.size(0), 0], { dtype: a.dtype });
  for (let i = 0; i < a.size(1); i++) {
    let column = a.narrow(1, i, 1);
    for (let pass = 0; pass < 2; pass++) column = column.sub(basis.matmul(basis.t().matmul(column)));
    basis = cat([basis, column.div(column.square().sum().sqrt())], 1);
  }
  return basis;
}
/** Orthogonal matrices (Saxe et al. 2014); dimensions but the last count as rows. */
export class Orthogonal implements Initializer {
  readonly config: { readonly gain: number } & SeedOptions;
  constructor({ gain = 1, seed }: { gain?: number } & SeedOptions = {}) {
    checkNumber('Orthogonal: gain', gain);
    this.config = { gain, seed };
  }
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    if (shape.length < 2) {
      throw new ShapeError(`Orthogonal: expected at least 2 dimensions, got shape [${shape.join(', ')}]`);
    }
    const columns = shape.at(-1) as number;
    const rows = shape.slice(0, -1).reduce((n, size) => n * size, 1);
    const size = [Math.max(rows, columns), Math.min(rows, columns)];
    return noGrad(() => {
      const q = orthonormal(normal(0, 1, size, { dtype: 'float64', generator: generatorOf(this.config) }));
      return (rows < columns ? q.t() : q).mul(this.config.gain).reshape(shape).to(dtype);
    });
  }
}
