// SPDX-License-Identifier: MIT
// Transforms against what torchvision computes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DType, type Tensor, tensor } from 'cresset';
import { transforms } from 'cresset/vision';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { projectRoot } from '../support/tools.js';

type Case = [
  fn: string,
  args: unknown[],
  options: object,
  image: string,
  dtype: DType,
  shape: number[],
  values: number[],
];
interface Reference {
  images: Record<string, { dtype: DType; shape: number[]; values: number[] }>;
  cases: Case[];
}
const { images, cases }: Reference = JSON.parse(
  readFileSync(join(projectRoot, 'test/vision/reference/torchvision.json'), 'utf8'),
);
const functional = transforms.functional as unknown as Record<string, (image: Tensor, ...args: unknown[]) => Tensor>;

function imageOf(name: string): Tensor {
  const { dtype, shape, values } = images[name] as Reference['images'][string];
  return tensor(values, { dtype: 'float64' }).to(dtype).reshape(shape);
}

/** torchvision resizes uint8 in fixed point, and rounds and truncates float32 sums that were added in another order. */
function tolerance(fn: string, dtype: DType): number {
  if (/float/.test(dtype)) return 2e-5;
  return ['resize', 'rotate', 'grayscale', 'convertDtype'].includes(fn) || fn.startsWith('adjust') ? 1 : 0;
}

for (const fn of new Set(cases.map(([name]) => name))) {
  test(fn, () => {
    let [inexact, count] = [0, 0];
    for (const [, args, options, image, dtype, shape, values] of cases.filter(([name]) => name === fn)) {
      const result = functional[fn]?.(imageOf(image), ...args, options) as Tensor;
      const where = `${fn} ${JSON.stringify([args, options])} of ${image}`;
      assert.equal([result.dtype, [...result.shape]], [dtype, shape], where);
      const got = result.to('float64').reshape([-1]).tolist() as number[];
      const allowed = tolerance(fn, dtype);
      for (const [i, value] of values.entries()) {
        const difference = Math.abs((got[i] as number) - value);
        assert.ok(
          difference <= allowed * Math.max(1, Math.abs(value) / 100),
          `${where}: value ${i}: ${got[i]}, expected ${value}`,
        );
        if (!/float/.test(dtype)) [inexact, count] = [inexact + Number(difference > 0), count + 1];
      }
    }
    // Where whole numbers may differ by one, few do.
    assert.ok(inexact <= 0.1 * count, `${inexact} of ${count} whole numbers differ`);
  });
}

test.run();
