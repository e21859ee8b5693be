// SPDX-License-Identifier: MIT
export * as functional from './functional/index.js';
export * as utils from './utils.js';
