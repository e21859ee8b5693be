// SPDX-License-Identifier: MIT
import { zeros } from '../../creation.js';
import type { DType } from '../../dtype.js';
import { ArgumentRangeError } from '../../errors.js';
import type { RandomOptions } from '../../random.js';
import type { Tensor } from '../../tensor.js';
import { bilinear, linear } from '../functional/layers.js';
import { kaimingUniform_, uniform_ } from '../init.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { pyBool } from '../repr.js';

/** Options of {@link Linear} and {@link Bilinear}. */
export interface LinearOptions extends RandomOptions {
  /** Add a learned offset. Default true. */
  bias?: boolean | undefined;
  /** Of the parameters. Default float32. */
  dtype?: DType | undefined;
}

function checkFeatures(op: string, name: string, n: number): void {
  if (!Number.isSafeInteger(n) || n < 0) {
    throw new ArgumentRangeError(`${op}: ${name}: expected an integer of at least 0, got ${String(n)}`);
  }
}

/** y = x Wᵀ + b: [..., inFeatures] to [..., outFeatures]. Initialised uniformly within ±1/√inFeatures. */
export class Linear extends Module {
  weight: Tensor;
  bias: Tensor | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    { bias = true, dtype = 'float32', generator }: LinearOptions = {},
  ) {
    super();
    checkFeatures('Linear', 'inFeatures', inFeatures);
    checkFeatures('Linear', 'outFeatures', outFeatures);
    this.weight = new Parameter(zeros([outFeatures, inFeatures], { dtype }));
    this.bias = bias ? new Parameter(zeros([outFeatures], { dtype })) : null;
    kaimingUniform_(this.weight, { a: Math.sqrt(5), generator });
    const bound = inFeatures > 0 ? 1 / Math.sqrt(inFeatures) : 0;
    if (this.bias) uniform_(this.bias, -bound, bound, { generator });
  }
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pyBool(this.bias !== null)}`;
  }
}

/** y[k] = aᵀ W[k] b + bias[k]: [..., in1Features] and [..., in2Features] to [..., outFeatures]. */
export class Bilinear extends Module {
  weight: Tensor;
  bias: Tensor | null;

  constructor(
    readonly in1Features: number,
    readonly in2Features: number,
    readonly outFeatures: number,
    { bias = true, dtype = 'float32', generator }: LinearOptions = {},
  ) {
    super();
    checkFeatures('Bilinear', 'in1Features', in1Features);
    checkFeatures('Bilinear', 'in2Features', in2Features);
    checkFeatures('Bilinear', 'outFeatures', outFeatures);
    const bound = in1Features > 0 ? 1 / Math.sqrt(in1Features) : 0;
    this.weight = new Parameter(zeros([outFeatures, in1Features, in2Features], { dtype }));
    this.bias = bias ? new Parameter(zeros([outFeatures], { dtype })) : null;
    for (const x of [this.weight, this.bias]) if (x) uniform_(x, -bound, bound, { generator });
  }
  forward(a: Tensor, b: Tensor): Tensor {
    return bilinear(a, b, this.weight, this.bias);
  }
  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return `in1_features=${in1Features}, in2_features=${in2Features}, out_features=${outFeatures}, bias=${pyBool(bias !== null)}`;
  }
}
