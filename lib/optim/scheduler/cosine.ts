// SPDX-License-Identifier: MIT
import { ArgumentRangeError } from '../../errors.js';
import { type AnyOptimizer, checkPositive, LRScheduler } from './base.js';

/** Half a cosine from the base rate to `etaMin` in `tMax` epochs, and back (Loshchilov & Hutter 2017). */
export class CosineAnnealingLR extends LRScheduler {
  readonly tMax: number;
  readonly etaMin: number;
  constructor(optimizer: AnyOptimizer, { tMax, etaMin = 0 }: { tMax: number; etaMin?: number }) {
    super(optimizer);
    checkPositive('CosineAnnealingLR', 'tMax', tMax);
    this.tMax = tMax;
    this.etaMin = etaMin;
    this.apply();
  }
  protected getLr(): number[] {
    const { lastEpoch, tMax, etaMin } = this;
    if (lastEpoch === 0) return this.map((lr) => lr);
    if ((lastEpoch - 1 - tMax) % (2 * tMax) === 0) {
      return this.map((lr, base) => lr + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2);
    }
    const height = (epoch: number) => 1 + Math.cos((Math.PI * epoch) / tMax);
    return this.map((lr) => (height(lastEpoch) / height(lastEpoch - 1)) * (lr - etaMin) + etaMin);
  }
}

/** Half cosines of t0, t0 · tMult, t0 · tMult² … epochs, each from the base rate (Loshchilov & Hutter 2017). */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly t0: number;
  readonly tMult: number;
  readonly etaMin: number;
  constructor(optimizer: AnyOptimizer, { t0, tMult = 1, etaMin = 0 }: { t0: number; tMult?: number; etaMin?: number }) {
    super(optimizer);
    checkPositive('CosineAnnealingWarmRestarts', 't0', t0);
    if (!(Number.isInteger(tMult) && tMult >= 1)) {
      throw new ArgumentRangeError(
        `CosineAnnealingWarmRestarts: tMult: expected an integer of at least 1, got ${tMult}`,
      );
    }
    this.t0 = t0;
    this.tMult = tMult;
    this.etaMin = etaMin;
    this.apply();
  }
  protected getLr(): number[] {
    let [at, length] = [this.lastEpoch, this.t0];
    if (this.tMult === 1) at %= length;
    while (at >= length) {
      at -= length;
      length *= this.tMult;
    }
    const factor = (1 + Math.cos((Math.PI * at) / length)) / 2;
    return this.map((_, base) => this.etaMin + (base - this.etaMin) * factor);
  }
}
