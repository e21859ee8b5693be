// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';

/** Runs `body` while another process of the same session and niceness computes without a pause. */
export function besideNeighbour<T>(body: () => T): T {
  const neighbour = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  const end = () => neighbour.kill('SIGKILL');
  process.once('exit', end);
  const finish = () => {
    end();
    process.off('exit', end);
  };
  try {
    const result = body();
    if (result instanceof Promise) return result.finally(finish) as T;
    finish();
    return result;
  } catch (error) {
    finish();
    throw error;
  }
}
