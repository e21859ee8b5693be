// SPDX-License-Identifier: MIT
export { type Collated, defaultCollate } from './collate.js';
export { type CsvOptions, type CsvRow, type CsvRows, type CsvSource, type CsvType, csv } from './csv.js';
export { CsvDataset, type CsvDatasetOptions } from './csv-dataset.js';
export { Dataset, type Generators, type Indices, IterableDataset } from './dataset.js';
export { DataLoader, type DataLoaderOptions, type DataSource, type SampleOf } from './loader.js';
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  type SamplerOptions,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from './sampler.js';
export { ConcatDataset, randomSplit, Subset } from './subset.js';
export { TensorDataset, type TensorTuple } from './tensor-dataset.js';
