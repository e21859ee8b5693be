// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/project.mjs';

const needed = {
  baseline: ['sse4_2', 'ssse3', 'popcnt'],
  avx2: ['avx2', 'fma', 'f16c'],
  avx512: ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'],
  avx512bf16: ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_bf16'],
  amx: ['avx512_bf16', 'amx_tile', 'amx_bf16'],
};

/** The instruction sets that this machine can run, read from the kernel and not from the addon under test. */
export function instructionSets() {
  if (process.arch === 'arm64') return ['neon'];
  const flags = readFileSync('/proc/cpuinfo', 'utf8')
    .match(/^flags\s*:(.*)$/m)[1]
    .split(' ');
  return Object.keys(needed).filter((isa) => needed[isa].every((flag) => flags.includes(flag)));
}

const compilerFile = (name) => execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();

/** The environment in which Node loads the addon of `npm run build:asan`. */
export function sanitizerEnvironment() {
  return {
    CRESSET_PREBUILD: join(root, 'build-asan'),
    LD_PRELOAD: `${compilerFile('libasan.so')} ${compilerFile('libstdc++.so')}`,
    // V8 keeps what it allocates until the end; a failed allocation is one of the things under test.
    ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  };
}
