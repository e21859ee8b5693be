// SPDX-License-Identifier: MIT
import { handleOf, type Tensor } from '../tensor.js';

const marked = new WeakSet<object>();

interface ParameterClass {
  /**
   * A tensor that a module trains, on the memory of `data`: `this.scale = new nn.Parameter(ones([3]))`.
   * @param requiresGrad false keeps it out of training. Default true.
   */
  new (data: Tensor, requiresGrad?: boolean): Tensor;
  readonly prototype: Tensor;
}

/** A tensor that belongs to a module's parameters as soon as it is one of the module's properties. */
export const Parameter = class {
  constructor(data: Tensor, requiresGrad = true) {
    handleOf(data, 'Parameter');
    const leaf = data.detach().requiresGrad_(requiresGrad);
    marked.add(leaf);
    // biome-ignore lint/correctness/noConstructorReturn: a parameter is a marked tensor, not a class of its own
    return leaf;
  }
  static [Symbol.hasInstance](x: unknown): boolean {
    return typeof x === 'object' && x !== null && marked.has(x);
  }
} as unknown as ParameterClass;
