// SPDX-License-Identifier: MIT
import { ArgumentTypeError } from '../errors.js';

/**
 * A function of tensors as one step: `const trainStep = tf.function((x, y) => …)`. It must be synchronous.
 * @throws TypeError, when called, if `fn` returns a promise
 */
function tfFunction<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  if (typeof fn !== 'function') throw new ArgumentTypeError(`tf.function: expected a function, got ${typeof fn}`);
  return (...args) => {
    const result = fn(...args);
    if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
      throw new ArgumentTypeError('tf.function: the function returned a promise; a step is synchronous');
    }
    return result;
  };
}

export { tfFunction as function };
