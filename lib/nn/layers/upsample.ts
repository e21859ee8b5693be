// SPDX-License-Identifier: MIT
import type { Tensor } from '../../tensor.js';
import { type InterpolateOptions, interpolate } from '../functional/interpolate.js';
import { Module } from '../module.js';
import { pyFloat, pyTuple } from '../repr.js';

/** Resizes [N, C, …] as `functional.interpolate` does. */
export class Upsample extends Module {
  constructor(readonly options: InterpolateOptions) {
    super();
  }
  forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }
  override extraRepr(): string {
    const { size, scaleFactor, mode = 'nearest' } = this.options;
    const text = (value: unknown, one: (n: number) => string) =>
      Array.isArray(value) ? pyTuple(value as number[]) : one(value as number);
    const what = scaleFactor ? `scale_factor=${text(scaleFactor, pyFloat)}` : `size=${text(size, String)}`;
    return `${what}, mode='${mode}'`;
  }
}
