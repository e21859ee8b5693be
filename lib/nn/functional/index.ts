// SPDX-License-Identifier: MIT
export * from './activations.js';
export * from './distance.js';
export * from './losses.js';
export * from './normalization.js';
export * from './shuffles.js';
