// SPDX-License-Identifier: MIT
import { rawFunction } from './raw.js';

/** Bytes and blocks of tensor memory. */
export interface MemoryStats {
  /** Bytes in use now. */
  live: number;
  /** Most bytes in use since the start or `resetPeakMemory()`. */
  peak: number;
  /** Freed bytes kept for reuse. */
  cached: number;
  /** Blocks in use now. */
  allocations: number;
}
/** What the parallel loops did since the start or `resetParallelStats()`. */
export interface ParallelStats {
  /** Loops that were split. */
  loops: number;
  /** Pieces they were split into. */
  chunks: number;
  /** The most threads that took part in one loop. */
  maxThreads: number;
  backend: ParallelBackend;
}
/** Who runs parallel loops. */
export type ParallelBackend = 'pool' | 'openmp';

/** Tensor memory of the process. */
export const memoryStats = rawFunction<() => MemoryStats>('memoryStats');
/** Starts a new measurement of `memoryStats().peak`. */
export const resetPeakMemory = rawFunction<() => void>('resetPeakMemory');
/** Gives freed blocks back to the system. */
export const releaseCache = rawFunction<() => void>('releaseCache');
/** Caps tensor memory; beyond it ops throw OutOfMemoryError. 0 = no cap. Also `CRESSET_MEMORY_LIMIT`. */
export const setMemoryLimit = rawFunction<(bytes: number) => void>('setMemoryLimit');
/** The cap in bytes, 0 if there is none. */
export const getMemoryLimit = rawFunction<() => number>('getMemoryLimit');
/** Compute threads, at least 1. Default: what affinity and the cgroup quota give. Also `CRESSET_NUM_THREADS`. */
export const setNumThreads = rawFunction<(n: number) => void>('setNumThreads');
/** Compute threads in use. */
export const getNumThreads = rawFunction<() => number>('getNumThreads');
/** Chooses who runs parallel loops. @throws DeviceError if OpenMP cannot be loaded. Also `CRESSET_PARALLEL`. */
export const setParallelBackend = rawFunction<(backend: ParallelBackend) => void>('setParallelBackend');
/** What the parallel loops did so far. */
export const parallelStats = rawFunction<() => ParallelStats>('parallelStats');
/** Sets `parallelStats()` to zero. */
export const resetParallelStats = rawFunction<() => void>('resetParallelStats');
/** The instruction set in use: `baseline`, `avx2`, `avx512`, `avx512bf16`, `amx` or `neon`. Forced by `CRESSET_ISA`. */
export const isa = rawFunction<() => string>('isa');
