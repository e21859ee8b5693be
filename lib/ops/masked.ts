// SPDX-License-Identifier: MIT
import { DTypeError, ShapeError } from '../errors.js';
import { Tensor, type TensorLike } from '../tensor.js';
import { cast } from './define.js';
import { index, indexPut } from './indexing.js';
import { broadcastShapes } from './join.js';
import { clone, expand, ravel, reshape, select, slice } from './view.js';
import { where } from './where.js';

// Writing where a mask is true, or into a part of a copy.

function requireMask(op: string, mask: Tensor): void {
  if (mask.dtype !== 'bool') throw new DTypeError(`${op}: expected a mask of dtype bool, got ${mask.dtype}`);
}

/** x with `value` (a number or zero-dim tensor) where the mask, which broadcasts, is true. */
export function maskedFill(x: Tensor, mask: Tensor, value: TensorLike): Tensor {
  requireMask('maskedFill', mask);
  if (value instanceof Tensor && value.ndim > 0) {
    throw new ShapeError(`maskedFill: expected a number or a zero-dim tensor, got shape [${value.shape.join(', ')}]`);
  }
  return cast(where(mask, value, x), x.dtype);
}
/** `maskedFill` in place. */
export function maskedFill_(x: Tensor, mask: Tensor, value: TensorLike): Tensor {
  return x.copy_(maskedFill(x, mask, value));
}
/** The elements where the mask, broadcast against x, is true: a vector. */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  requireMask('maskedSelect', mask);
  const shape = broadcastShapes('maskedSelect', x.shape, mask.shape);
  return index(ravel(expand(x, shape)), ravel(expand(mask, shape)));
}
/** x with the elements where the mask is true replaced by the first ones of `source`, in order. */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  requireMask('maskedScatter', mask);
  const shape = broadcastShapes('maskedScatter', x.shape, mask.shape);
  const flags = ravel(expand(mask, shape));
  const count = flags.sum().item();
  if (source.numel() < count) {
    throw new ShapeError(`maskedScatter: the mask selects ${count} elements, the source has ${source.numel()}`);
  }
  return reshape(indexPut(ravel(expand(x, shape)), [flags], slice(ravel(source), 0, 0, count)), shape);
}
/** `maskedScatter` in place. */
export function maskedScatter_(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  return x.copy_(maskedScatter(x, mask, source));
}

function replaced(op: string, x: Tensor, part: (x: Tensor) => Tensor, source: Tensor): Tensor {
  const copy = clone(x);
  const target = part(copy);
  if (target.ndim !== source.ndim || target.shape.some((size, d) => size !== source.shape[d])) {
    throw new ShapeError(
      `${op}: expected a source of shape [${target.shape.join(', ')}], got [${source.shape.join(', ')}]`,
    );
  }
  target.copy_(source);
  return copy;
}
/** A copy of x whose element `index` along `dim` is `source`. */
export function selectScatter(x: Tensor, source: Tensor, dim: number, index: number): Tensor {
  return replaced('selectScatter', x, (copy) => select(copy, dim, index), source);
}
/** A copy of x whose slice `start`, `stop`, `step` along `dim` is `source`. */
export function sliceScatter(x: Tensor, source: Tensor, dim = 0, start?: number, stop?: number, step?: number): Tensor {
  return replaced('sliceScatter', x, (copy) => slice(copy, dim, start, stop, step), source);
}

/** Sets every element to a number or the value of a zero-dim tensor. */
export function fill_(x: Tensor, value: TensorLike): Tensor {
  if (value instanceof Tensor && value.ndim > 0) {
    throw new ShapeError(`fill_: expected a number or a zero-dim tensor, got shape [${value.shape.join(', ')}]`);
  }
  return x.copy_(value);
}
/** Sets every element to 0. */
export function zero_(x: Tensor): Tensor {
  return x.copy_(0);
}
