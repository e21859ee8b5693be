// SPDX-License-Identifier: MIT
import { type CallCase, checkCall } from './call.js';
import type { CaseFile } from './data.js';
import { resolve } from './functions.js';
import type { Check } from './run.js';
import { decode, decodeOptions } from './values.js';

/** The check of `ops/<name>`: the function of that name on each case's arguments. */
export function opCheck({ call = '', tensors }: CaseFile): Check | undefined {
  const run = resolve(call);
  return (
    run &&
    ((test) => {
      const { args: stored, kwargs: options } = test as CallCase;
      const args = stored.map((value) => decode(value, tensors));
      const kwargs = decodeOptions(options, tensors);
      checkCall(test as CallCase, { args, kwargs }, tensors, () => run(args, kwargs));
    })
  );
}
