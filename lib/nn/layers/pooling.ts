// SPDX-License-Identifier: MIT
import {
  type AdaptiveMaxPoolOptions,
  type AdaptiveSize,
  type AvgPoolOptions,
  adaptiveAvgPoolNd,
  adaptiveMaxPoolNd,
  avgPoolNd,
  type MaxPoolOptions,
  type MaxPoolResult,
  maxPoolNd,
} from '../../ops/pool.js';
import type { Spatial } from '../../ops/spatial.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { pyBool } from '../repr.js';

/** A number or a tuple, as it was given. */
const py = (value: AdaptiveSize): string => {
  const list = [value].flat() as (number | null)[];
  const texts = list.map((n) => (n === null ? 'None' : String(n)));
  return Array.isArray(value) ? `(${texts.join(', ')}${texts.length === 1 ? ',' : ''})` : (texts[0] as string);
};

abstract class MaxPool<O extends MaxPoolOptions> extends Module {
  protected abstract readonly dims: number;
  constructor(
    readonly kernelSize: Spatial,
    readonly options: O = {} as O,
  ) {
    super();
  }
  forward(x: Tensor): MaxPoolResult<O> {
    return maxPoolNd(this.constructor.name, this.dims, x, this.kernelSize, this.options);
  }
  override extraRepr(): string {
    const { stride, padding = 0, dilation = 1, ceilMode = false } = this.options;
    const { kernelSize } = this;
    return `kernel_size=${py(kernelSize)}, stride=${py(stride ?? kernelSize)}, padding=${py(padding)}, dilation=${py(dilation)}, ceil_mode=${pyBool(ceilMode)}`;
  }
}
/** The largest element of each window of sequences [N, C, L] (or [C, L]). */
export class MaxPool1d<O extends MaxPoolOptions = MaxPoolOptions> extends MaxPool<O> {
  protected readonly dims = 1;
}
/** The largest element of each window of images [N, C, H, W]. */
export class MaxPool2d<O extends MaxPoolOptions = MaxPoolOptions> extends MaxPool<O> {
  protected readonly dims = 2;
}
/** The largest element of each window of volumes [N, C, D, H, W]. */
export class MaxPool3d<O extends MaxPoolOptions = MaxPoolOptions> extends MaxPool<O> {
  protected readonly dims = 3;
}

abstract class AvgPool extends Module {
  protected abstract readonly dims: number;
  constructor(
    readonly kernelSize: Spatial,
    readonly options: AvgPoolOptions = {},
  ) {
    super();
  }
  forward(x: Tensor): Tensor {
    return avgPoolNd(this.constructor.name, this.dims, x, this.kernelSize, this.options);
  }
  override extraRepr(): string {
    const { stride, padding = 0 } = this.options;
    const { kernelSize, dims } = this;
    // PyTorch keeps tuples in one dimension, and what was given in more
    const tuple = (value: Spatial) => (dims === 1 && typeof value === 'number' ? py([value]) : py(value));
    return `kernel_size=${tuple(kernelSize)}, stride=${tuple(stride ?? kernelSize)}, padding=${tuple(padding)}`;
  }
}
/** The mean of each window of sequences [N, C, L] (or [C, L]). */
export class AvgPool1d extends AvgPool {
  protected readonly dims = 1;
}
/** The mean of each window of images [N, C, H, W]. */
export class AvgPool2d extends AvgPool {
  protected readonly dims = 2;
}
/** The mean of each window of volumes [N, C, D, H, W]. */
export class AvgPool3d extends AvgPool {
  protected readonly dims = 3;
}

abstract class AdaptiveAvgPool extends Module {
  protected abstract readonly dims: number;
  constructor(readonly outputSize: AdaptiveSize) {
    super();
  }
  forward(x: Tensor): Tensor {
    return adaptiveAvgPoolNd(this.constructor.name, this.dims, x, this.outputSize, {});
  }
  override extraRepr(): string {
    return `output_size=${py(this.outputSize)}`;
  }
}
/** Means over as many windows of sequences [N, C, L] (or [C, L]) as the output is to have; null keeps a size. */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool {
  protected readonly dims = 1;
}
/** Means over as many windows of images [N, C, H, W] as the output is to have; null keeps a size. */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool {
  protected readonly dims = 2;
}
/** Means over as many windows of volumes [N, C, D, H, W] as the output is to have; null keeps a size. */
export class AdaptiveAvgPool3d extends AdaptiveAvgPool {
  protected readonly dims = 3;
}

abstract class AdaptiveMaxPool<O extends AdaptiveMaxPoolOptions> extends Module {
  protected abstract readonly dims: number;
  constructor(
    readonly outputSize: AdaptiveSize,
    readonly options: O = {} as O,
  ) {
    super();
  }
  forward(x: Tensor): MaxPoolResult<O> {
    return adaptiveMaxPoolNd(this.constructor.name, this.dims, x, this.outputSize, this.options);
  }
  override extraRepr(): string {
    return `output_size=${py(this.outputSize)}`;
  }
}
/** Maxima over as many windows of sequences [N, C, L] (or [C, L]) as the output is to have; null keeps a size. */
export class AdaptiveMaxPool1d<O extends AdaptiveMaxPoolOptions = AdaptiveMaxPoolOptions> extends AdaptiveMaxPool<O> {
  protected readonly dims = 1;
}
/** Maxima over as many windows of images [N, C, H, W] as the output is to have; null keeps a size. */
export class AdaptiveMaxPool2d<O extends AdaptiveMaxPoolOptions = AdaptiveMaxPoolOptions> extends AdaptiveMaxPool<O> {
  protected readonly dims = 2;
}
/** Maxima over as many windows of volumes [N, C, D, H, W] as the output is to have; null keeps a size. */
export class AdaptiveMaxPool3d<O extends AdaptiveMaxPoolOptions = AdaptiveMaxPoolOptions> extends AdaptiveMaxPool<O> {
  protected readonly dims = 3;
}
