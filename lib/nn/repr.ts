// SPDX-License-Identifier: MIT

// Values as Python prints them, for modules' printed form.

export const pyBool = (value: boolean) => (value ? 'True' : 'False');
export const pyFloat = (value: number) => {
  if (Number.isInteger(value)) return `${value}.0`;
  return Math.abs(value) < 1e-4 ? value.toExponential().replace(/e-(\d)$/, 'e-0$1') : String(value);
};
export const pyTuple = (values: readonly number[]) => `(${values.join(', ')}${values.length === 1 ? ',' : ''})`;
