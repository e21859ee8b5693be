// SPDX-License-Identifier: MIT
import { ArgumentRangeError, ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { matmul } from './products.js';

// Einstein's summation by pairwise matrix products. Dimensions of an ellipsis get the labels '.0', '.1', … from the right.

interface Labelled {
  x: Tensor;
  labels: string[];
}

function expandLabels(term: string, ndim: number): string[] {
  const [before = '', after] = term.split('...');
  const letters = [...before, ...(after ?? '')];
  if (letters.some((letter) => !/[a-zA-Z]/.test(letter)))
    throw new ArgumentRangeError(`einsum: '${term}' is not letters and '...'`);
  const hidden = after === undefined ? 0 : ndim - letters.length;
  if (hidden < 0 || hidden + letters.length !== ndim) {
    throw new ShapeError(`einsum: '${term}' names ${letters.length} dimensions, its tensor has ${ndim}`);
  }
  return [...before, ...Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`), ...(after ?? '')];
}

/** A repeated label of one tensor stands for its diagonal. */
function takeDiagonals({ x, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (second < 0) return { x, labels };
  const label = labels[second] as string;
  const first = labels.indexOf(label);
  const rest = labels.filter((_, i) => i !== first && i !== second);
  return takeDiagonals({ x: x.diagonal({ dim1: first, dim2: second }), labels: [...rest, label] });
}

/** Sums over labels that nobody else needs. */
function sumAway({ x, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const dims = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  if (dims.length === 0) return { x, labels };
  return { x: x.sum({ dim: dims }), labels: labels.filter((label) => needed.has(label)) };
}

const numel = (sizes: readonly number[]) => sizes.reduce((n, size) => n * size, 1);

/** The product of two tensors with the sum over `summed`, as a stack of matrix products. */
function contract(a: Labelled, b: Labelled, kept: ReadonlySet<string>, sizes: ReadonlyMap<string, number>): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => kept.has(label));
  const inside = shared.filter((label) => !kept.has(label));
  const left = a.labels.filter((label) => !shared.includes(label));
  const right = b.labels.filter((label) => !shared.includes(label));
  const sizesOf = (labels: string[]) => labels.map((label) => sizes.get(label) as number);
  const stack = ({ x, labels }: Labelled, order: string[], shape: number[]) => {
    const full = x.permute(order.map((label) => labels.indexOf(label))).expand(sizesOf(order));
    return full.reshape(shape);
  };
  const [n, m, k, r] = [batch, left, inside, right].map((labels) => numel(sizesOf(labels))) as [
    number,
    number,
    number,
    number,
  ];
  const x = stack(a, [...batch, ...left, ...inside], [n, m, k]);
  const y = stack(b, [...batch, ...inside, ...right], [n, k, r]);
  const wide = x.dtype !== y.dtype && !x.isFloatingPoint() && !y.isFloatingPoint();
  const product = wide ? matmul(x.to('int64'), y.to('int64')) : matmul(x, y);
  const labels = [...batch, ...left, ...right];
  return { x: product.reshape(sizesOf(labels)), labels };
}

/** Labels and sizes; size 1 broadcasts against any other. */
function sizesOfLabels(operands: Labelled[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { x, labels } of operands) {
    labels.forEach((label, i) => {
      const size = x.shape[i] as number;
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && size !== 1 && known !== size) {
        throw new ShapeError(`einsum: label '${label}' has sizes ${known} and ${size}`);
      }
      sizes.set(label, known === 1 ? size : known);
    });
  }
  return sizes;
}

function outputLabels(inputs: string[], output: string | undefined, operands: Labelled[]): string[] {
  const hidden = [...new Set(operands.flatMap(({ labels }) => labels.filter((label) => label.startsWith('.'))))]
    .sort()
    .reverse();
  if (output === undefined) {
    const letters = inputs.join('').replaceAll('.', '');
    return [...hidden, ...[...new Set(letters)].filter((letter) => letters.split(letter).length === 2).sort()];
  }
  const [before = '', after] = output.split('...');
  return [...before, ...(after === undefined ? [] : hidden), ...(after ?? '')];
}

/**
 * Sum of products by labels: `einsum('bij,bjk->bik', [a, b])`. Labels that the output leaves out are summed over; without
 * `->` the output has all labels that occur once, in alphabetical order. `...` stands for dimensions that broadcast.
 * @throws ShapeError if sizes do not fit
 */
export function einsum(equation: string, operands: readonly Tensor[]): Tensor {
  const [left = '', output] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',');
  if (terms.length !== operands.length) {
    throw new ArgumentRangeError(`einsum: '${equation}' has ${terms.length} terms for ${operands.length} tensors`);
  }
  const labelled = operands.map((x, i) => ({ x, labels: expandLabels(terms[i] as string, x.ndim) }));
  const wanted = outputLabels(terms, output, labelled);
  const sizes = sizesOfLabels(labelled);
  const unknown = wanted.find((label, i) => !sizes.has(label) || wanted.indexOf(label) !== i);
  if (unknown !== undefined)
    throw new ArgumentRangeError(`einsum: output label '${unknown}' is repeated or in no term`);
  const rest = labelled.map(takeDiagonals);
  let result = rest.shift() as Labelled;
  for (;;) {
    const needed = new Set([...wanted, ...rest.flatMap(({ labels }) => labels)]);
    result = sumAway(result, needed);
    const next = rest.shift();
    if (!next) break;
    const later = new Set([...wanted, ...rest.flatMap(({ labels }) => labels)]);
    result = contract(result, sumAway(next, new Set([...later, ...result.labels])), later, sizes);
  }
  return result.x.permute(wanted.map((label) => result.labels.indexOf(label)));
}
