// SPDX-License-Identifier: MIT
import { type DType, isFloatingPoint, itemSize, ones, type Tensor } from 'cresset';
import { Mismatch } from './compare.js';
import type { Case, CaseFile } from './data.js';
import { resolve } from './functions.js';
import type { Check } from './run.js';
import { isTensorRef, tensorOf } from './values.js';

// dtypes/: the result dtype of every pair of dtypes, and conversions on edge values, bit for bit.

type Row = [op: string, left: DType, kind: string | null, right: DType | null, result: DType | null];

/** The rows of promotion.json as cases, an op a file. */
export function promotionFiles(rows: readonly Row[]): CaseFile[] {
  const ops = [...new Set(rows.map(([op]) => op))];
  return ops.map((op) => ({
    title: `dtypes/promotion of ${op}`,
    name: op,
    call: `torch.${op}`,
    tensors: {},
    cases: rows
      .filter(([name]) => name === op)
      .map((row) => ({ id: row.join(' '), dtype: row[1], rtol: 0, atol: 0, row })),
  }));
}

const numbers: Record<string, unknown> = { 'number-int': 2, 'number-float': 2.5, 'number-bool': true };

function argumentsOf([op, left, kind, right]: Row): unknown[] {
  const a = ones([2], { dtype: left });
  if (kind === null) return op === 'softmax' || op === 'cumsum' ? [a, 0] : [a];
  const b = numbers[kind] ?? ones(kind === 'tensor' ? [2] : [], { dtype: right as DType });
  if (op === 'where') return [ones([2], { dtype: 'bool' }), a, b];
  return op === 'cat' ? [[a, b]] : [a, b];
}

/** The check of one op's rows. */
export function promotionCheck({ call = '' }: CaseFile): Check | undefined {
  const run = resolve(call);
  return (
    run &&
    ((test) => {
      const row = test.row as Row;
      let got: DType | null;
      try {
        got = (run(argumentsOf(row), {}) as Tensor).dtype;
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_CRESSET_DTYPE') throw error;
        got = null;
      }
      if (got !== row[4]) throw new Mismatch(`dtype: got ${got ?? 'an error'}, want ${row[4] ?? 'an error'}`);
    })
  );
}

const bytesOf = (x: Tensor) => Buffer.from(x.toTypedArray().buffer);

/** The check of casts.json: the bits of each element; NaN equals NaN. */
export function castCheck({ tensors }: CaseFile): Check {
  return (test: Case) => {
    if (!isTensorRef(test.in) || !isTensorRef(test.out)) throw new Error('golden data: casts.json has no tensors');
    const source = tensorOf(test.in, tensors);
    const want = tensorOf(test.out, tensors);
    const got = source.to(test.to as DType);
    if (got.dtype !== want.dtype) throw new Mismatch(`dtype: got ${got.dtype}, want ${want.dtype}`);
    const item = itemSize(want.dtype);
    const [a, b] = [bytesOf(got), bytesOf(want)];
    const nan = [got, want].map((x) => (isFloatingPoint(x.dtype) ? x.isnan().toTypedArray() : []));
    for (let i = 0; i * item < b.length; i++) {
      if (nan[0]?.[i] && nan[1]?.[i]) continue;
      const [left, right] = [a, b].map((bytes) => bytes.subarray(i * item, (i + 1) * item).toString('hex'));
      if (left !== right) throw new Mismatch(`element ${i}: got bytes ${left}, want ${right}`);
    }
  };
}
