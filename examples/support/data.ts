// SPDX-License-Identifier: MIT
import type { Tensor } from 'cresset';
import { datasets } from 'cresset/vision';

/** MNIST; where it is neither on this machine nor to be had, and says so, digits drawn by a program. */
export async function mnist(options: { train: boolean; transform: (image: Tensor) => Tensor }) {
  try {
    return await datasets.MNIST(options);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_CRESSET_DATA') throw error;
    console.error(`${(error as Error).message}\nUsing SyntheticDigits, drawn by a program, in place of MNIST.`);
    return datasets.SyntheticDigits(options);
  }
}
