// SPDX-License-Identifier: MIT
// What the transforms do, as functions of an image and of numbers that are given rather than drawn.
export {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  convertDtype,
  grayscale,
} from './color.js';
export { centerCrop, crop, erase, horizontalFlip, pad, resize, rotate, verticalFlip } from './geometry.js';
