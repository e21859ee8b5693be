// SPDX-License-Identifier: MIT
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor' }) => void;

/** V8's `gc`, which contexts get that are made while the flag is set. */
function findCollect(): Collect {
  const exposed = (globalThis as { gc?: unknown }).gc;
  if (typeof exposed === 'function') return exposed as Collect;
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as Collect;
  } catch {
    return () => {}; // a process that may not: full collections come all the same
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

// At load, not at the first collection: V8 prints its bootstrap code where a worker that is terminated at work is just
// making a context.
const collect = findCollect();

/** Collects young objects, and with them the tensors nobody holds any more. */
export function collectYoung(): void {
  collect({ type: 'minor' });
}
