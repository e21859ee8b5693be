// SPDX-License-Identifier: MIT
import type { DType, TypedArray } from './dtype.js';
import { ArgumentRangeError } from './errors.js';
import { activeRecording } from './recording.js';
import type { NestedArray, Tensor } from './tensor.js';

const summarizeAbove = 1000;
const edgeItems = 3;
const lineWidth = 80;
const precision = 4;

const half = new DataView(new ArrayBuffer(4));

function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

function bfloat16ToNumber(bits: number): number {
  half.setUint32(0, bits << 16);
  return half.getFloat32(0);
}

function elementReader(dtype: DType, data: TypedArray): (i: number) => number | boolean {
  switch (dtype) {
    case 'bool':
      return (i) => data[i] !== 0;
    case 'float16':
      return (i) => float16ToNumber(data[i] as number);
    case 'bfloat16':
      return (i) => bfloat16ToNumber(data[i] as number);
    case 'int64':
      return (i) => {
        const value = data[i] as bigint;
        const number = Number(value);
        if (number > 2 ** 53 || number < -(2 ** 53)) {
          throw new ArgumentRangeError(`tolist: ${value} is beyond ±2^53, where numbers are exact; use itemBigInt()`);
        }
        return number;
      };
    default:
      return (i) => data[i] as number;
  }
}

/** The elements as nested arrays. */
export function toNested(x: Tensor): NestedArray<number | boolean> {
  const read = elementReader(x.dtype, x.toTypedArray());
  const { shape } = x;
  let next = 0;
  const build = (dim: number): NestedArray<number | boolean> =>
    dim === shape.length ? read(next++) : Array.from({ length: shape[dim] as number }, () => build(dim + 1));
  return build(0);
}

/** How PyTorch prints the elements of one tensor: a common width, integers as `1.`, or scientific notation. */
function elementFormatter(
  x: Tensor,
  values: (number | bigint | boolean)[],
): (value: number | bigint | boolean) => string {
  const plain = (value: number | bigint | boolean) =>
    typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
  let format = plain;
  if (x.isFloatingPoint()) {
    const finite = (values as number[]).filter((v) => Number.isFinite(v) && v !== 0).map(Math.abs);
    const max = Math.max(...finite, 0);
    const min = finite.length ? Math.min(...finite) : 0;
    const integral = (values as number[]).every((v) => !Number.isFinite(v) || Number.isInteger(v));
    const scientific = finite.length > 0 && (max / min > 1000 || max > 1e8 || (!integral && min < 1e-4));
    const special = (v: number) => (Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf');
    format = (value) => {
      const v = value as number;
      if (!Number.isFinite(v)) return special(v);
      if (scientific) return v.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
      return integral ? `${Object.is(v, -0) ? '-0' : v}.` : v.toFixed(precision);
    };
  }
  const width = x.ndim === 0 ? 0 : Math.max(0, ...values.map((v) => format(v).length));
  return (value) => format(value).padStart(width);
}

/** `tensor([[1., 2.],\n        [3., 4.]])`, as PyTorch prints it; more than 1000 elements are summarised. */
export function formatTensor(x: Tensor): string {
  const { shape } = x;
  if (activeRecording()) return `tensor(<recorded>, shape=[${shape.join(', ')}], dtype=${x.dtype})`;
  const data = x.toTypedArray();
  const read: (i: number) => number | bigint | boolean =
    x.dtype === 'int64' ? (i) => data[i] as bigint : elementReader(x.dtype, data);
  const summarize = data.length > summarizeAbove;
  const indices = (size: number): (number | undefined)[] =>
    summarize && size > 2 * edgeItems
      ? [0, 1, 2, undefined, size - 3, size - 2, size - 1]
      : Array.from({ length: size }, (_, i) => i);
  const shown: (number | bigint | boolean)[] = [];
  const visit = (dim: number, base: number): void => {
    if (dim === shape.length) shown.push(read(base));
    else
      for (const i of indices(shape[dim] as number))
        if (i !== undefined) visit(dim + 1, base * (shape[dim] as number) + i);
  };
  visit(0, 0);
  const format = elementFormatter(x, shown);
  const render = (dim: number, base: number, indent: number): string => {
    if (dim === shape.length) return format(read(base));
    const size = shape[dim] as number;
    const parts = indices(size).map((i) => (i === undefined ? '...' : render(dim + 1, base * size + i, indent + 1)));
    if (dim < shape.length - 1) {
      return `[${parts.join(`,${'\n'.repeat(shape.length - 1 - dim)}${' '.repeat(indent + 1)}`)}]`;
    }
    const perLine = Math.max(1, Math.floor((lineWidth - indent) / ((parts[0]?.length ?? 0) + 2)));
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += perLine) lines.push(parts.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${' '.repeat(indent + 1)}`)}]`;
  };
  const suffix: string[] = [];
  if (data.length === 0 && shape.length > 1) suffix.push(`size=(${shape.join(', ')})`);
  const isDefault = x.dtype === 'float32' || (data.length > 0 && (x.dtype === 'int64' || x.dtype === 'bool'));
  if (!isDefault) suffix.push(`dtype=${x.dtype}`);
  if (x.gradFn) suffix.push(`gradFn=<${x.gradFn}>`);
  else if (x.requiresGrad) suffix.push('requiresGrad=true');
  const body = data.length === 0 ? '[]' : render(0, 0, 'tensor('.length);
  return `tensor(${[body, ...suffix].join(', ')})`;
}
