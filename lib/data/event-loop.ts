// SPDX-License-Identifier: MIT

/** Longest time between two turns of the event loop while a loader is iterated. */
const turnMilliseconds = 5;

let lastTurn = 0;

/** Whether timers and I/O have waited for 5 ms or more since {@link nextTurn} last let them run. */
export function turnIsDue(): boolean {
  return performance.now() - lastTurn >= turnMilliseconds;
}

/** Lets the event loop turn once: due timers and finished I/O run before the promise resolves. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      lastTurn = performance.now();
      resolve();
    });
  });
}
