// SPDX-License-Identifier: MIT
// What reference/generate.py wrote, computed by Keras 3 with TensorFlow.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NestedArray, type Tensor, tensor } from 'cresset';
import * as assert from 'uvu/assert';
import { projectRoot } from '../support/tools.js';

export type Numbers = NestedArray<number>;
export type Options = Record<string, unknown>;

/** The cases of a family. */
export function readCases<T>(name: string): T[] {
  return JSON.parse(readFileSync(join(projectRoot, 'test/keras/reference', `${name}.json`), 'utf8')) as T[];
}

export const float32 = (values: Numbers): Tensor => tensor(values, { dtype: 'float32' });

/** For `assert.throws`: is it an error of this class? */
export const isA = (kind: new (message?: string) => Error) => (error: unknown) => error instanceof kind;

const flat = (values: unknown): number[] => [values].flat(Number.POSITIVE_INFINITY).map(Number);

/** Same shape, and equal within `tolerance` of the larger of 1 and the expected value. */
export function assertClose(got: Tensor, expected: Numbers, what: string, tolerance = 1e-5): void {
  assert.equal([...got.shape], [...float32(expected).shape], `${what}: shape`);
  const [ours, theirs] = [flat(got.tolist()), flat(expected)];
  ours.forEach((value, i) => {
    const limit = tolerance * Math.max(1, Math.abs(theirs[i]));
    const same = Object.is(value, theirs[i]) || Math.abs(value - theirs[i]) <= limit;
    assert.ok(same, `${what}: got ${ours}, expected ${theirs}`);
  });
}
