// SPDX-License-Identifier: MIT
import * as assert from 'uvu/assert';
import { grad, noGrad, type Tensor, tensor } from '../../lib/index.js';

/** Numbers without a pattern in (-1, 1), the same in every run: float64, as finite differences need. */
export function sample(shape: readonly number[], seed = 1): Tensor {
  const count = shape.reduce((n, size) => n * size, 1);
  const values = Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed));
  return tensor(values, { dtype: 'float64' }).reshape(shape);
}

/** Holds the gradients of `f` at `inputs` against central differences of a fixed weighting of its result. */
export function gradcheck(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], tolerance = 1e-6): void {
  const objective = (...args: Tensor[]) => {
    const y = f(...args);
    return y.mul(sample(y.shape, 7)).sum();
  };
  const leaves = inputs.map((x) => x.clone().detach().requiresGrad_());
  const gradients = grad(objective(...leaves), leaves);
  const step = 1e-5;
  for (const [k, x] of leaves.entries()) {
    const analytic = (gradients[k] as Tensor).reshape([-1]).tolist() as number[];
    for (const [i, got] of analytic.entries()) {
      const shifted = (by: number) =>
        noGrad(() => {
          const moved = leaves.map((leaf) => leaf.clone());
          (moved[k] as Tensor).view([-1]).select(0, i).add_(by);
          return objective(...moved).item();
        });
      const want = (shifted(step) - shifted(-step)) / (2 * step);
      assert.ok(
        Math.abs(got - want) <= tolerance * (1 + Math.abs(want)),
        `gradient ${i} of input ${k} (shape [${x.shape}]): got ${got}, differences give ${want}`,
      );
    }
  }
}
