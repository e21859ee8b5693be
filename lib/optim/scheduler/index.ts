// SPDX-License-Identifier: MIT
export { type AnyOptimizer, LRScheduler } from './base.js';
export { ChainedScheduler, SequentialLR } from './combined.js';
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from './cosine.js';
export { CyclicLR, type CyclicLROptions, OneCycleLR, type OneCycleLROptions } from './cyclic.js';
export * from './decay.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau.js';
