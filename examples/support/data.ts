// SPDX-License-Identifier: MIT
import type { Tensor } from 'cresset';
import { datasets } from 'cresset/vision';

/** What `load` gives; where the data are neither on this machine nor to be had, and says so, what `draw` gives. */
async function orDrawn<T>(load: () => Promise<T>, draw: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_CRESSET_DATA') throw error;
    console.error(`${(error as Error).message}\nUsing SyntheticDigits, drawn by a program, in place of MNIST.`);
    return draw();
  }
}

/** MNIST, or digits drawn by a program. */
export function mnist(options: { train: boolean; transform: (image: Tensor) => Tensor }) {
  return orDrawn(
    () => datasets.MNIST(options),
    () => datasets.SyntheticDigits(options),
  );
}

interface Examples {
  x: Tensor;
  y: Tensor;
}

/** All images and labels as `mnist.loadData` of Keras' and TensorFlow's way gives them, or digits drawn by a program. */
export function loadTensors(dataset: { loadData(): Promise<{ train: Examples; test: Examples }> }) {
  const drawn = async (train: boolean): Promise<Examples> => {
    const { data, targets } = await datasets.SyntheticDigits({ train });
    return { x: data, y: targets };
  };
  return orDrawn(
    () => dataset.loadData(),
    async () => ({ train: await drawn(true), test: await drawn(false) }),
  );
}
