// SPDX-License-Identifier: MIT
export {
  loadSafetensors,
  readSafetensorsHeader,
  type SafetensorsOptions,
  type SafetensorsSource,
  saveSafetensors,
} from './safetensors.js';
export type { SafetensorsEntry, SafetensorsHeader } from './safetensors-header.js';
