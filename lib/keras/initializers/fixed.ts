// SPDX-License-Identifier: MIT
import { ShapeError } from '../../errors.js';
import { type DType, eye, full, type Tensor, zeros } from '../../index.js';
import { checkNumber } from '../inputs.js';
import type { Initializer, Shape } from './initializer.js';

/** Zeros. */
export class Zeros implements Initializer {
  readonly config = {};
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    return zeros(shape, { dtype });
  }
}
/** One value everywhere. */
export class Constant implements Initializer {
  readonly config: { readonly value: number };
  constructor({ value = 0 }: { value?: number } = {}) {
    checkNumber('Constant: value', value);
    this.config = { value };
  }
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    return full(shape, this.config.value, { dtype });
  }
}
/** Ones. */
export class Ones extends Constant {
  constructor() {
    super({ value: 1 });
  }
}
/** `gain` on the diagonal of a matrix, zeros elsewhere. */
export class Identity implements Initializer {
  readonly config: { readonly gain: number };
  constructor({ gain = 1 }: { gain?: number } = {}) {
    checkNumber('Identity: gain', gain);
    this.config = { gain };
  }
  initialize(shape: Shape, dtype: DType = 'float32'): Tensor {
    const [rows, columns] = shape;
    if (shape.length !== 2) throw new ShapeError(`Identity: expected 2 dimensions, got shape [${shape.join(', ')}]`);
    return eye(rows as number, columns as number, { dtype }).mul(this.config.gain);
  }
}
