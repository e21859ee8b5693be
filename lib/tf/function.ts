// SPDX-License-Identifier: MIT
import { type Compiled, compile } from '../compile.js';

/**
 * A function of tensors as one step: traced once for each signature of its arguments, then replayed natively, with the
 * same numbers as before. `await step.run(x, y)` does it off the JS thread. Inside of a tape it runs as it is written.
 * See `compile`, which this is by TensorFlow's name, for what a function may hold.
 *
 * ```ts
 * const trainStep = tf.function((x: tf.Tensor, y: tf.Tensor) => {
 *   const tape = new tf.GradientTape();
 *   const loss = tape.record(() => lossFn(model(x), y));
 *   optimizer.applyGradients(tape.gradient(loss, variables).map((g, i) => [g, variables[i]]));
 *   return loss;
 * });
 * ```
 * @throws GraphError, when called, if a value is read inside; TypeError if `fn` returns a promise
 */
function tfFunction<A extends readonly unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  return compile(fn);
}

export { tfFunction as function };
