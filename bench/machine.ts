// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from './suite.js';

/** The best of this machine with `threads` threads: GFLOP/s of float32 and of bfloat16, GB/s of memory traffic. */
export interface Limits {
  gflops: number;
  bf16Gflops: number;
  gbs: number;
}

/** Compiles bench/native/machine.cc for this machine and runs it. */
export function measureLimits(threads: number): Limits {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-bench-'));
  const source = fileURLToPath(new URL('../../bench/native/machine.cc', import.meta.url));
  const program = join(folder, 'machine');
  try {
    const flags = ['-O3', '-march=native', '-std=c++20', '-pthread'];
    execFileSync(process.env.CRESSET_BENCH_CXX ?? 'c++', [...flags, source, '-o', program]);
    return JSON.parse(execFileSync(program, [String(threads)], { encoding: 'utf8' })) as Limits;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The better of each figure: what else runs on a machine takes away from one measurement, never adds to it. */
export function betterLimits(a: Limits, b: Limits): Limits {
  return {
    gflops: Math.max(a.gflops, b.gflops),
    bf16Gflops: Math.max(a.bf16Gflops, b.bf16Gflops),
    gbs: Math.max(a.gbs, b.gbs),
  };
}

const perSecond = { s: 1, ms: 1e-3, ns: 1e-9 } as const;

/** The least time the row's work can take on this machine, in the row's unit. */
export function floorOf(row: Row, limits: Limits): number | undefined {
  if (!row.work || !(row.unit in perSecond)) return undefined;
  const { flops = 0, bf16Flops = 0, bytes = 0 } = row.work;
  const computing = flops / limits.gflops + bf16Flops / limits.bf16Gflops;
  const seconds = Math.max(computing, bytes / limits.gbs) / 1e9;
  return seconds / perSecond[row.unit as keyof typeof perSecond];
}
