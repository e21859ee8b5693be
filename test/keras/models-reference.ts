// SPDX-License-Identifier: MIT
// What reference/generate-models.py wrote, with TensorFlow's Keras 3.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tensor, tensor } from 'cresset';
import * as assert from 'uvu/assert';
import { projectRoot } from '../support/tools.js';

export interface Values {
  shape: number[];
  values: number[];
}
export interface Run {
  history: Record<string, number[]>;
  epoch: number[];
  evaluated: Record<string, number>;
  predicted: Values;
  weights: Values[];
}
interface Reference {
  layers: {
    layer: string;
    args: unknown[];
    inputs: Values;
    names: string[];
    weights: Values[];
    outputs: Values;
    outputShape: (number | null)[];
    trainingOutputs: Values;
    weightsAfter: Values[];
  }[];
  summaries: Record<string, string>;
  training: { x: Values; y: number[]; sampleWeight: Values; weights: Values[]; runs: Record<string, Run> };
  losses: number[];
  earlyStopping: {
    options: Record<string, unknown>;
    epochs: number;
    stoppedEpoch: number;
    bestEpoch: number;
    weightsOf: number;
  }[];
  plateau: { options: Record<string, number>; rates: number[] }[];
  checkpoints: { options: Record<string, unknown>; saved: string[] }[];
  csv: string;
}

export const reference: Reference = JSON.parse(
  readFileSync(join(projectRoot, 'test/keras/reference/models.json'), 'utf8'),
);

export const toTensor = ({ shape, values }: Values, dtype: 'float32' | 'int64' = 'float32'): Tensor =>
  tensor(values).to(dtype).reshape(shape);

/** Holds a tensor against Keras' values. */
export function assertClose(got: Tensor, { shape, values }: Values, what: string, tolerance = 2e-5): void {
  assert.equal(got.shape, shape, `${what}: shape`);
  const list = got.to('float64').toTypedArray() as Float64Array;
  values.forEach((value, i) => {
    const found = list[i] as number;
    assert.ok(
      Math.abs(found - value) <= tolerance * (1 + Math.abs(value)),
      `${what}: element ${i} is ${found}, Keras has ${value}`,
    );
  });
}

/** Holds numbers by name against Keras' numbers, order included. */
export function assertLogs(got: Record<string, number | number[]>, expected: typeof got, what: string): void {
  assert.equal(Object.keys(got), Object.keys(expected), `${what}: names`);
  for (const [name, value] of Object.entries(expected)) {
    const list = [got[name]].flat() as number[];
    assertClose(
      tensor(list, { dtype: 'float64' }),
      { shape: [list.length], values: [value].flat() },
      `${what}: ${name}`,
    );
    assert.is(list.length, [value].flat().length, `${what}: ${name}: length`);
  }
}
