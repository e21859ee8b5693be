// SPDX-License-Identifier: MIT
export { loadNpy, type NpyOptions, type NpySource, saveNpy } from './npy.js';
export { loadNpz, type SaveNpzOptions, saveNpz } from './npz.js';
export {
  loadSafetensors,
  readSafetensorsHeader,
  type SafetensorsOptions,
  type SafetensorsSource,
  saveSafetensors,
} from './safetensors.js';
export type { SafetensorsEntry, SafetensorsHeader } from './safetensors-header.js';
