// SPDX-License-Identifier: MIT

/** What there is to compute on besides the CPU. */
export const device = {
  cuda: {
    /** Can tensors live on a CUDA device? This build has no CUDA support. */
    isAvailable: (): boolean => false,
  },
};
