// SPDX-License-Identifier: MIT

// Values as Python prints them, for modules' printed form.

export const pyBool = (value: boolean) => (value ? 'True' : 'False');
/** A float: 1.0, 0.5, 1e-05. */
export function pyFloat(value: number): string {
  if (Number.isInteger(value)) return `${value}.0`;
  if (Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, 'e-0$1');
}
