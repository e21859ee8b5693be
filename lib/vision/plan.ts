// SPDX-License-Identifier: MIT
import { type PaddingMode, paddingModes } from './geometry.js';
import type { Border, Sides, Step } from './recognised.js';

// Writes what is known of a transform as numbers for native/data/augment.cc.

/** Bounds of the native side. */
const mostSide = 1024;
const mostChannels = 4;

const kinds = { pad: 0, crop: 1, flipX: 2, flipY: 3 } as const;

class Unplanned extends Error {}

function need(condition: boolean): asserts condition {
  if (!condition) throw new Unplanned();
}

/** Follows an image through the steps: its size, whether it is a tensor yet, and what borders are worth at the end. */
class Planner {
  readonly #steps: number[][] = [];
  readonly #borders: { fill: number; stage: number }[] = [];
  /** 0: bytes, 1: floats from 0 to 1, 2: normalized. */
  #stage = 0;
  #scale: { mean: readonly number[]; std: readonly number[] } = { mean: [0], std: [1] };

  constructor(
    private height: number,
    private width: number,
    private readonly channels: number,
    private readonly isGrey: boolean,
  ) {}

  add(step: Step): void {
    if (step.kind === 'toTensor') {
      need(this.#stage === 0);
      this.#stage = 1;
    } else if (step.kind === 'normalize') {
      need(this.#stage === 1 && [1, this.channels].includes(step.mean.length));
      this.#stage = 2;
      this.#scale = step;
    } else {
      need(this.#stage > 0 || this.isGrey); // before, an image [H, W, C] has its sides elsewhere
      if (step.kind === 'pad') this.#pad(step.padding, step.border);
      else if (step.kind === 'crop') this.#crop(step);
      else this.#write(step.vertical ? kinds.flipY : kinds.flipX, { p: step.p });
    }
  }

  #crop({ size: [height, width], padding, padIfNeeded, border }: Extract<Step, { kind: 'crop' }>): void {
    if (padding) this.#pad(padding, border);
    const [x, y] = [Math.max(width - this.width, 0), Math.max(height - this.height, 0)];
    need(padIfNeeded || x + y === 0);
    if (x + y > 0) this.#pad([x, y, x, y], border);
    [this.height, this.width] = [height, width];
    this.#write(kinds.crop, { height, width });
  }

  #pad(padding: Sides, { fill, mode }: Border): void {
    const [left, top, right, bottom] = padding;
    const most = mode === 'reflect' ? -1 : mode === 'symmetric' ? 0 : mostSide;
    need(Math.max(left, right) <= this.width + most && Math.max(top, bottom) <= this.height + most);
    const value = this.#stage === 0 ? Math.trunc(fill) : fill;
    need(this.#stage > 0 || (value >= 0 && value <= 255));
    this.#write(kinds.pad, { padding, mode, fill: this.#borders.push({ fill: value, stage: this.#stage }) - 1 });
    this.width += left + right;
    this.height += top + bottom;
    need(this.width <= mostSide && this.height <= mostSide);
  }

  #write(
    kind: number,
    step: { padding?: Sides; mode?: PaddingMode; fill?: number; height?: number; width?: number; p?: number },
  ): void {
    const { padding = [0, 0, 0, 0], mode = 'constant', fill = 0, height = 0, width = 0, p = 0 } = step;
    this.#steps.push([kind, ...padding, paddingModes.indexOf(mode), fill, height, width, p]);
  }

  /** What a border is in channel `c` of the result, each step rounded to float32 as that of a pixel. */
  #valueOf({ fill, stage }: { fill: number; stage: number }, mean: number, std: number): number {
    const f = Math.fround;
    if (stage === 2) return f(fill);
    const value = stage === 0 ? f(fill / 255) : f(fill);
    return this.#stage === 2 ? f(f(value - f(mean)) / f(std)) : value;
  }

  finish(from: readonly [number, number]): Float64Array {
    need(this.#stage > 0);
    const each = (list: readonly number[]) =>
      Array.from({ length: this.channels }, (_, c) => list[list.length === 1 ? 0 : c] as number);
    const [mean, std] = [each(this.#scale.mean), each(this.#scale.std)];
    const fills = this.#borders.flatMap((border) => mean.map((m, c) => this.#valueOf(border, m, std[c] as number)));
    const sizes = [this.channels, ...from, this.height, this.width];
    const steps = this.#steps.flat();
    return Float64Array.of(...sizes, ...mean, ...std, this.#borders.length, ...fills, this.#steps.length, ...steps);
  }
}

/**
 * What the steps do to uint8 images of `shape`, `[H, W]` or `[H, W, C]`, as floats `[C, H', W']`; undefined where that is
 * not known, or goes wrong: the transforms themselves then say how.
 */
export function planOf(steps: readonly Step[] | undefined, shape: readonly number[]): Float64Array | undefined {
  const [height = 0, width = 0, channels = 1] = shape;
  const isFit = [2, 3].includes(shape.length) && Math.max(height, width) <= mostSide && channels <= mostChannels;
  if (!steps || !isFit || height * width * channels === 0) return undefined;
  const planner = new Planner(height, width, channels, shape.length === 2);
  try {
    for (const step of steps) planner.add(step);
    return planner.finish([height, width]);
  } catch (error) {
    if (error instanceof Unplanned) return undefined;
    throw error;
  }
}
