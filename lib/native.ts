// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The addon's raw functions. They take and return opaque handles and are reachable through `lib/` only. */
export type Native = Record<string, (...args: unknown[]) => unknown>;

/** Where the package lies. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

function isMusl(): boolean {
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return process.platform === 'linux' && report.header.glibcVersionRuntime === undefined;
}

/** Why the addon could not be loaded, and what to do about it. */
function explain(cause: unknown): Error {
  const platform = `${process.platform}-${process.arch}${isMusl() ? ' (musl)' : ''}`;
  const supported =
    ['linux', 'darwin'].includes(process.platform) && ['x64', 'arm64'].includes(process.arch) && !isMusl();
  const advice = supported
    ? 'Build it from source with: npx cresset build'
    : 'Supported now: Linux with glibc and macOS, on x64 and arm64. This platform is not supported yet.';
  const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
  const message = `cresset: no native addon for ${platform}, Node ${process.version}. ${advice}\nThe loader said: ${reason}`;
  return Object.assign(new Error(message, { cause }), { code: 'ERR_CRESSET_NATIVE' });
}

function load(): Native {
  const find = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => Native;
  try {
    return find(packageRoot);
  } catch (cause) {
    throw explain(cause);
  }
}

/** Loaded once a process: a prebuilt binary, or what `npm run build` left under `build/`. */
export const native = load();
