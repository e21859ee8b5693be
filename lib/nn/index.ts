// SPDX-License-Identifier: MIT
export * as functional from './functional/index.js';
