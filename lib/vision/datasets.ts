// SPDX-License-Identifier: MIT
export { IdxDataset, type IdxFolderOptions, type IdxTransforms, idxFolder } from './idx-dataset.js';
export { FashionMNIST, MNIST, type MNISTOptions } from './mnist.js';
export { SyntheticDigits, type SyntheticDigitsOptions } from './synthetic.js';
