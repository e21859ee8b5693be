// SPDX-License-Identifier: MIT
import { inScope } from './autograd.js';
import { ArgumentTypeError } from './errors.js';
import { cast } from './ops/define.js';
import type { Tensor } from './tensor.js';

// Which functions ask for lower or full precision is PyTorch's list for the CPU.

/** Options of {@link autocast}. */
export interface AutocastOptions {
  /** What matrix products and convolutions run in. Default `'bfloat16'`, the only one. */
  dtype?: 'bfloat16' | undefined;
  /** False: full precision again, inside another scope. Default true. */
  enabled?: boolean | undefined;
}

let active = false;

/**
 * Runs `body` with matrix products, linear layers, convolutions and attention in bfloat16, as `torch.autocast('cpu')`:
 * their float32 arguments are converted, their results are bfloat16, sums run in float32. Losses convert to float32;
 * everything else keeps the dtype it gets. Recurrent layers stay in float32. Parameters, their gradients and the
 * optimizer's state keep their dtype. Call `backward` and the optimizer outside or inside, it makes no difference to
 * gradients. Products are faster on processors with AMX or AVX512-BF16, convolutions on those with AMX; attention
 * computes in float32 between rounded ends. `body` must be synchronous.
 *
 * ```ts
 * const loss = autocast(() => criterion.forward(model.forward(x), y));
 * loss.backward();
 * ```
 * @throws TypeError for another dtype, or for a function that returns a promise
 */
export function autocast<T>(body: () => T, { dtype = 'bfloat16', enabled = true }: AutocastOptions = {}): T {
  if (dtype !== 'bfloat16') throw new ArgumentTypeError(`autocast: dtype: expected 'bfloat16', got ${String(dtype)}`);
  if (typeof enabled !== 'boolean') {
    throw new ArgumentTypeError(`autocast: enabled: expected a boolean, got ${typeof enabled}`);
  }
  return inScope('autocast', body, () => {
    const previous = active;
    active = enabled;
    return () => {
      active = previous;
    };
  });
}

/** Is an `autocast` scope in effect? */
export function isAutocastEnabled(): boolean {
  return active;
}

const isShort = (x: Tensor) => x.dtype === 'bfloat16' || x.dtype === 'float16';

/** @internal What lower precision does for: bfloat16 instead of float32, in a scope. */
export function lowered(x: Tensor): Tensor {
  return active && (x.dtype === 'float32' || x.dtype === 'float16') ? cast(x, 'bfloat16') : x;
}

/** @internal What needs full precision: float32 instead of 16 bits, in a scope. */
export function raised(x: Tensor): Tensor {
  return active && isShort(x) ? cast(x, 'float32') : x;
}
