// SPDX-License-Identifier: MIT

/** Median and range of some measurements. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (i: number) => sorted[i] as number;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}

const format = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** `1.23 (1.1–1.4)`, in three digits; `1.23` where all are the same. */
export function show({ median, min, max }: Spread): string {
  const [middle, low, high] = [median, min, max].map((value) => format.format(value));
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}
