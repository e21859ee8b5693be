// SPDX-License-Identifier: MIT

// Values as Python prints them, for modules' printed form.

export const pyBool = (value: boolean) => (value ? 'True' : 'False');
export const pyFloat = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value));
