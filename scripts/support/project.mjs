// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const jobs = Number(process.env.JOBS) || availableParallelism();

/** Runs a command in the project's root with inherited output; a failure throws and names the command. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) throw new Error(`cannot run ${command}: ${result.error.message}`);
  if (result.status !== 0) {
    throw new Error(`${[command, ...args].join(' ')} failed with ${result.signal ?? `exit code ${result.status}`}`);
  }
  return result;
}

/** Runs a Node script of an installed package, for example `runTool('typescript/bin/tsc', ['-b'])`. */
export function runTool(script, args, options) {
  return run(process.execPath, [join(root, 'node_modules', script), ...args], options);
}

/** Calls `work` for each item in turn, up to `lanes` of them at a time. */
export async function inLanes(lanes, items, work) {
  const queue = [...items];
  const lane = async () => {
    while (queue.length > 0) await work(queue.shift());
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** All files under a folder of the project, as sorted paths relative to its root. */
export function filesUnder(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !file.includes('node_modules'))
    .sort();
}

export function hashOf(files) {
  const hash = createHash('sha256').update(process.arch);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Runs `work` unless `stampFile` holds this hash already; the stamp is written only after success. */
export function once(stampFile, hash, work) {
  const path = join(root, stampFile);
  if (existsSync(path) && readFileSync(path, 'utf8') === hash) return false;
  work();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, hash);
  return true;
}

/** Ends the process with the error's message alone: a build failure needs no stack of ours. */
export function fail(error) {
  console.error(`\n${error.message}`);
  process.exit(1);
}
