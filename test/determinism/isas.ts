// SPDX-License-Identifier: MIT
import { native } from '#internal';

/** This machine's instruction sets with float32 kernels of their own, but the baseline, which has no FMA. */
export const isas = (native.isas as () => string[])().filter((isa) => !['baseline', 'avx512bf16', 'amx'].includes(isa));
