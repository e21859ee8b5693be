// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { nn, optim, type Tensor, tensor } from 'cresset';
import { compareTensors, Mismatch } from './compare.js';
import type { Case, CaseFile } from './data.js';
import { models } from './models.js';
import { stateOf } from './modules.js';
import type { OptimizerClass } from './optim.js';
import type { Check } from './run.js';
import { decodeOptions, isTensorRef, tensorOf } from './values.js';

interface TrainingCase extends Case {
  model: { class: string; options: Record<string, unknown> };
  optimizer: string;
  options: Record<string, unknown>;
  steps: number;
  data: {
    indices?: { tensor: string };
    tokens?: { tensor: string };
    normalise: { divide: number; mean: number; std: number };
  };
  initial_state: Record<string, unknown>;
  final_state: Record<string, unknown>;
  loss_float32: number[];
  final_rtol: number;
  final_atol: Record<string, number>;
}
type Mnist = { images: Uint8Array; labels: Uint8Array };
type Batch = [input: Tensor, target: Tensor];

/** The bytes of MNIST's training images and labels behind the idx headers; undefined if they are not beside the data. */
function readMnist(dir: string): Mnist | undefined {
  const read = (name: string, header: number) => {
    const path = join(dir, '../data/mnist', name);
    if (existsSync(path)) return readFileSync(path).subarray(header);
    return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)).subarray(header) : undefined;
  };
  const [images, labels] = [read('train-images-idx3-ubyte', 16), read('train-labels-idx1-ubyte', 8)];
  return images && labels && { images, labels };
}

/** Batch `step` of normalised digits. */
function digits(
  { images, labels }: Mnist,
  indices: number[],
  { divide, mean, std }: TrainingCase['data']['normalise'],
): Batch {
  const pixels = new Float32Array(indices.length * 784);
  for (const [row, i] of indices.entries()) {
    for (let p = 0; p < 784; p++) pixels[row * 784 + p] = ((images[i * 784 + p] as number) / divide - mean) / std;
  }
  const target = tensor(indices.map((i) => labels[i] as number));
  return [tensor(pixels).reshape([indices.length, 28, 28]), target];
}

/** Input and target of `step`: tokens and the tokens after them, or digits. */
function batchOf(test: TrainingCase, step: number, mnist: Mnist | undefined, tensors: Record<string, Tensor>): Batch {
  const { indices, tokens, normalise } = test.data;
  if (isTensorRef(tokens)) {
    const rows = tensorOf(tokens, tensors).select(0, step);
    return [rows.slice(1, 0, -1), rows.slice(1, 1)];
  }
  const rows = tensorOf(indices as { tensor: string }, tensors).select(0, step);
  return digits(mnist as Mnist, rows.tolist() as number[], normalise);
}

function compareFinalState(test: TrainingCase, state: Record<string, Tensor>, tensors: Record<string, Tensor>): void {
  for (const [key, want] of Object.entries(stateOf(test.final_state, tensors))) {
    const tolerance = { rtol: test.final_rtol, atol: test.final_atol[key] ?? test.atol };
    compareTensors(`final ${key}`, state[key] as Tensor, want, tolerance);
  }
}

/** The check of `training/<name>`: the loss of every step, and the state after the last. Not covered without MNIST beside the data. */
export function trainingCheck({ cases, tensors }: CaseFile, dir: string): Check | undefined {
  const { model: described, data } = cases[0] as TrainingCase;
  const Model = models[described.class];
  const mnist = Model && data.indices && readMnist(dir);
  if (!Model || (data.indices && !mnist)) return undefined;
  return (untyped) => {
    const test = untyped as TrainingCase;
    const model = new Model(...Object.values(test.model.options));
    model.loadStateDict(stateOf(test.initial_state, tensors));
    const Optimizer = (optim as unknown as Record<string, OptimizerClass>)[test.optimizer] as OptimizerClass;
    const optimizer = new Optimizer(model.parameters(), decodeOptions(test.options, tensors));
    for (let step = 0; step < test.steps; step++) {
      const [input, target] = batchOf(test, step, mnist, tensors);
      const logits = model.forward(input) as Tensor;
      const loss = nn.functional.crossEntropy(logits.reshape([target.numel(), logits.size(-1)]), target.reshape([-1]));
      const [got, want] = [loss.item(), test.loss_float32[step] as number];
      if (!(Math.abs(got - want) <= test.atol + test.rtol * Math.abs(want))) {
        throw new Mismatch(`loss of step ${step}: got ${got}, want ${want}`);
      }
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
    compareFinalState(test, model.stateDict(), tensors);
  };
}
