// SPDX-License-Identifier: MIT
import { type Compiled, compile } from '../compile.js';
import { ArgumentTypeError } from '../errors.js';

/**
 * A function of tensors as one step: `const trainStep = tf.function((x, y) => …)`. It is traced once for each signature
 * of its arguments and replayed natively; variables are bound by identity. See `compile` for what it may do, and
 * `trainStep.run(x, y)` for the form that leaves the event loop free.
 * @throws TypeError, when called, if `fn` returns a promise
 */
function tfFunction<A extends readonly unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  if (typeof fn !== 'function') throw new ArgumentTypeError(`tf.function: expected a function, got ${typeof fn}`);
  return compile(fn);
}

export { tfFunction as function };
