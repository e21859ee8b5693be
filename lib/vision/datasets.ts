// SPDX-License-Identifier: MIT
export { MNIST, type MNISTOptions } from './mnist.js';
export { SyntheticDigits, type SyntheticDigitsOptions } from './synthetic.js';
