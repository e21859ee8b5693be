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

/** `1.23 (1.1–1.4)`. */
export function show({ median, min, max }: Spread, digits = 3): string {
  return `${median.toPrecision(digits)} (${min.toPrecision(digits)}–${max.toPrecision(digits)})`;
}
