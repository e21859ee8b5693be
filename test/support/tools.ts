// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root, also from `dist/`. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** The Node versions that cresset is tested on, by major version. */
export const nodeVersions = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' } as const;

/** Runs npm whatever the shell is: through the npm that started this process, else the one on `PATH`. */
export function npm(args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const script = process.env.npm_execpath;
  const [command, all] = script?.endsWith('.js') ? [process.execPath, [script, ...args]] : ['npm', args];
  return execFileSync(command, all, { ...options, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Installs one npm package under `build-tools/` unless it is there already; returns its folder. */
export function installTool(name: string, version: string, flags: string[] = []): string {
  const folder = join(projectRoot, 'build-tools', `${name}-${version}`);
  const installed = join(folder, 'node_modules', name);
  if (!existsSync(join(installed, 'package.json'))) {
    const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', '--ignore-scripts'];
    npm(['install', '--prefix', folder, ...quiet, ...flags, `${name}@${version}`]);
  }
  return installed;
}

/** A Node executable of another version or architecture, as the npm registry has it. */
export function installNode(major: keyof typeof nodeVersions, arch: string = process.arch): string {
  const name = `node-${process.platform}-${arch}`;
  return join(installTool(name, nodeVersions[major], ['--force', `--cpu=${arch}`]), 'bin/node');
}
