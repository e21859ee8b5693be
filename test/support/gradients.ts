// SPDX-License-Identifier: MIT
import { gradcheck, type Tensor, tensor } from 'cresset';

/** Numbers without a pattern in (-1, 1), the same in every run: float64, as finite differences need. */
export function sample(shape: readonly number[], seed = 1): Tensor {
  const count = shape.reduce((n, size) => n * size, 1);
  const values = Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed));
  return tensor(values, { dtype: 'float64' }).reshape(shape);
}

/** Holds the gradients of `f` at `inputs` against central differences. */
export function checkGradients(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): void {
  gradcheck(
    f,
    inputs.map((x) => x.clone().requiresGrad_()),
  );
}
