// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';
import { CressetError, GraphError } from '../errors.js';
import { packageRoot } from '../native.js';

// Where in the user's program a call stands.

/** The library's own files: bundled, compiled, or by source maps. */
const own = ['dist/bundle/', 'dist/lib/', 'lib/'].map((folder) => packageRoot + folder);

/** The first line of a stack that is not ours, as `file:line:column`. */
export function userPlace(stack: string | undefined): string | undefined {
  for (const line of stack?.split('\n') ?? []) {
    const frame = /^ +at (?:.*\()?((?:file:\/\/|\/|[A-Za-z]:\\).*:\d+:\d+)\)?$/.exec(line)?.[1];
    if (!frame) continue;
    const file = frame.startsWith('file://') ? fileURLToPath(frame) : frame;
    if (!own.some((folder) => file.startsWith(folder))) return file;
  }
  return undefined;
}

/** Stacks are taken down at every recorded call and read only when somebody asks. */
export class Places {
  readonly #stacks: { stack?: string }[] = [];

  /** The present place's number. */
  readonly take = (): number => {
    const place = {};
    Error.captureStackTrace(place, this.take);
    return this.#stacks.push(place) - 1;
  };
  at(number: number): string | undefined {
    return userPlace(this.#stacks[number]?.stack);
  }
}

const withPlace = <E extends Error>(error: E, place: string | undefined): E => {
  if (place) error.message += ` (at ${place})`;
  return error;
};

/** An error of recording, with the user's line where recording itself is the cause. */
export function whileRecording(error: unknown): unknown {
  return error instanceof GraphError ? withPlace(error, userPlace(error.stack)) : error;
}
/** An error of a run, with the line that recorded the call. */
export function whileRunning(error: unknown, place: string | undefined): unknown {
  const ours = error instanceof CressetError || (error as { code?: string })?.code?.startsWith?.('ERR_CRESSET');
  return ours ? withPlace(error as Error, place) : error;
}
