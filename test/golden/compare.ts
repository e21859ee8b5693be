// SPDX-License-Identifier: MIT
import { isFloatingPoint, Tensor } from 'cresset';
import type { Stored } from './data.js';
import { decode, isTensorRef, tensorOf } from './values.js';

/** A result that is not what PyTorch computed. */
export class Mismatch extends Error {}

export interface Tolerance {
  rtol: number;
  atol: number;
}

function isClose(got: number, want: number, { rtol, atol }: Tolerance): boolean {
  if (Number.isNaN(want)) return Number.isNaN(got);
  return got === want || Math.abs(got - want) <= atol + rtol * Math.abs(want);
}

/** Elements as numbers or bigints, which compare exactly. */
function elements(x: Tensor): ArrayLike<number | bigint> {
  return (x.isFloatingPoint() ? x.to('float64') : x).toTypedArray();
}

/** @throws Mismatch that names what differs: dtype, shape, or the first element with got and want. */
export function compareTensors(what: string, got: Tensor, want: Tensor, tolerance: Tolerance): void {
  if (got.dtype !== want.dtype) throw new Mismatch(`${what}: dtype: got ${got.dtype}, want ${want.dtype}`);
  if (`${got.shape}` !== `${want.shape}`) {
    throw new Mismatch(`${what}: shape: got [${got.shape}], want [${want.shape}]`);
  }
  const [a, b] = [elements(got), elements(want)];
  const exact = !isFloatingPoint(want.dtype);
  for (let i = 0; i < b.length; i++) {
    if (exact ? a[i] === b[i] : isClose(a[i] as number, b[i] as number, tolerance)) continue;
    throw new Mismatch(`${what}: element ${i} of [${want.shape}]: got ${a[i]}, want ${b[i]}`);
  }
}

/** The gradient of one input; none at all counts as zero on either side. */
export function compareGradient(
  what: string,
  got: Tensor | undefined,
  want: Tensor | undefined,
  tolerance: Tolerance,
): void {
  if (got && want) compareTensors(what, got, want, tolerance);
  const other = got ?? want;
  if ((got && want) || !other) return;
  const values = elements(other);
  const i = Array.from(values).findIndex((value) => !isClose(Number(value), 0, tolerance));
  if (i >= 0)
    throw new Mismatch(`${what}: element ${i}: got ${got ? values[i] : 'none'}, want ${want ? values[i] : 'none'}`);
}

/** Outputs as a flat list: of a list, of `{ values, indices }`, of a single tensor or value. */
export function flatten(result: unknown): unknown[] {
  if (Array.isArray(result)) return result.flatMap(flatten);
  if (typeof result === 'object' && result !== null && !(result instanceof Tensor)) {
    return Object.values(result).flatMap(flatten);
  }
  return result === undefined ? [] : [result];
}

function structureOf(result: unknown): string {
  if (result instanceof Tensor) return 'tensor';
  return typeof result === 'object' ? 'list' : 'value';
}

/** Compares everything a call returned, and gives the flat list. */
export function compareOutputs(
  result: unknown,
  want: { output: Stored[]; output_structure: string } & Tolerance,
  tensors: Record<string, Tensor>,
): unknown[] {
  const structure = structureOf(result);
  if (structure !== want.output_structure) {
    throw new Mismatch(`output_structure: got ${structure}, want ${want.output_structure}`);
  }
  const outputs = flatten(result);
  const expected = want.output.filter((item) => item !== null);
  if (outputs.length !== expected.length) {
    throw new Mismatch(`outputs: got ${outputs.length}, want ${expected.length}`);
  }
  expected.forEach((ref, i) => {
    const got = outputs[i];
    if (isTensorRef(ref)) {
      if (!(got instanceof Tensor)) throw new Mismatch(`output ${i}: got ${String(got)}, want a tensor`);
      compareTensors(`output ${i}`, got, tensorOf(ref, tensors), want);
    } else if (got !== decode(ref, tensors)) {
      throw new Mismatch(`output ${i}: got ${String(got)}, want ${JSON.stringify(ref)}`);
    }
  });
  return outputs;
}
