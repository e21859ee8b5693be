// SPDX-License-Identifier: MIT
import { manualSeed } from '../random.js';

export { clearSession } from './layers/names.js';

/** Seeds all random numbers: initial weights, dropout and the order of the samples. A run is then repeatable. */
export function setRandomSeed(seed: number | bigint): void {
  manualSeed(seed);
}
