// SPDX-License-Identifier: MIT
// Valid calls that the sweep spoils. Most exports are found to work with one of the candidates; the table holds the rest.
import { AutogradFunction, Generator, nn, optim, type Tensor, tensor } from 'cresset';
import { TensorDataset } from 'cresset/data';
import { writeIdxFolder } from '../support/idx.js';
import { isKerasInternal, kerasExamples } from './keras-examples.js';
import { isModelInternal, kerasModelExamples } from './keras-model-examples.js';
import { tfExamples } from './tf-examples.js';

const fill = (shape: readonly number[], dtype: 'float32' | 'float64' = 'float32') => {
  const count = shape.reduce((n, size) => n * size, 1);
  const values = Float64Array.from({ length: count }, (_, i) => 0.1 + ((i * 0.618) % 0.8));
  return tensor(values).to(dtype).reshape(shape);
};
const x = () => fill([4, 6]);
const y = () => fill([4, 6]).add(0.05);
const square = () => fill([4, 4]);
const vector = () => fill([6]);
const index = () => tensor([1, 0, 2, 1]);
const mask = () => x().gt(0.4);
const leaf = () => fill([3], 'float64').requiresGrad_();
const image = () => fill([2, 4, 8, 8]);
const batches = () => fill([2, 3, 3]);
const volume = () => fill([1, 2, 4, 4, 4]);
const sequence = () => fill([2, 4, 8]);
const batchesOf6 = () => fill([3, 2, 6]);
const parameter = () => fill([4, 6]).requiresGrad_();
const stepped = () => {
  const p = parameter();
  p.mul(2).sum().backward();
  return p;
};

const optimizer = () => new optim.SGD([stepped()], { lr: 0.1 });

/** Tried in this order; the first that works is the example. */
export const candidates: readonly (() => unknown[])[] = [
  () => [x(), { dim: 0, keepdim: true }],
  () => [x(), y(), 0.5],
  () => [x(), y()],
  () => [x(), 1, 0],
  () => [x(), 1],
  () => [x(), [6, 4]],
  () => [x(), 0.5],
  () => [x()],
  () => [x(), 'float64'],
  () => [mask()],
  () => [tensor([1, 2]), tensor([3, 4])],
  () => [tensor([1, 2])],
  () => [tensor([1, 2]), tensor([1, 2])],
  () => [square(), square()],
  () => [square(), square(), square()],
  () => [square()],
  () => [vector(), vector()],
  () => [vector()],
  () => [x(), vector()],
  () => [x(), 0, index()],
  () => [x(), index()],
  () => [x(), 1, index(), x().narrow(1, 0, 4)],
  () => [batches(), batches()],
  () => [batches(), batches(), batches()],
  () => [batches()],
  () => [image(), 2],
  () => [image()],
  () => [[x(), y()], 1],
  () => [[x(), y()]],
  () => [[square(), square()]],
  () => [index(), x()],
  () => [[x()]],
  () => [[4, 6], 1],
  () => [[4, 6]],
  () => [4, 6],
  () => [6],
  () => [0.5],
  () => [() => 1],
  () => ['float32'],
  () => ['text'],
  () => [[new nn.Identity()]],
  () => [{ a: new nn.Identity() }],
  () => [new nn.Linear(6, 4)],
  () => [[stepped()], { lr: 0.1 }],
  () => [[stepped()]],
  () => [optimizer(), 0.5],
  () => [optimizer(), 2],
  () => [optimizer(), [2, 4]],
  () => [optimizer(), () => 0.5],
  () => [optimizer()],
  () => [],
];

class Twice extends AutogradFunction {
  static override forward(_: unknown, a: Tensor): Tensor {
    return a.mul(2);
  }
  static override backward(_: unknown, g: Tensor): Tensor {
    return g.mul(2);
  }
}
const gradcheckExample = () => [(a: Tensor) => Twice.apply(a), [leaf()], { eps: 1e-6, atol: 1e-5, rtol: 1e-3 }];
const creation = () => ({ dtype: 'float64', requiresGrad: true });
const random = () => ({ ...creation(), generator: new Generator(1) });
const makeNet = () => new nn.Sequential(new nn.Linear(6, 4), new nn.ReLU());

const columns = () =>
  tensor([
    [0, 1],
    [2, 3],
    [4, 5],
    [1, 0],
  ]);
const scatter = () => [x(), 1, columns(), y().narrow(1, 0, 2)];
const scatterReduce = () => [x(), 1, columns(), y().narrow(1, 0, 2), 'sum', { includeSelf: true }];
const indexFill = () => [x(), 0, index(), 0.5];
const indexPut = () => [x(), [index()], y(), { accumulate: false }];
const maskedFill = () => [x(), mask(), 0.5];
const maskedScatter = () => [x(), mask(), y()];
const bitwise = () => [tensor([1, 2]), tensor([3, 1])];

const colours = () => fill([3, 5, 6]);
const grey = () => tensor(new Uint8Array(24)).reshape([2, 4, 3]);
/** Two samples each, in the folder that the sweep runs in, which is also `CRESSET_DATA`: nothing is downloaded. */
const idxFolder = writeIdxFolder('mnist');
writeIdxFolder('fashion-mnist');
const dataset = () => new TensorDataset(x(), index());

/** A safetensors file with one tensor. */
function checkpoint(): Uint8Array {
  const json = Buffer.from('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return new Uint8Array(Buffer.concat([length, json, Buffer.alloc(8)]));
}

/** An npy file of two numbers. */
function npyFile(): Uint8Array {
  const dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".padEnd(117);
  return Buffer.concat([Buffer.from(`\x93NUMPY\x01\0v\0${dict}\n`, 'latin1'), Buffer.alloc(8)]);
}
/** An archive without members: the end record alone. */
const emptyZip = () => Uint8Array.of(0x50, 0x4b, 5, 6, ...Array(18).fill(0));

/** Calls that no candidate is, or that should have more options than candidates have. */
export const examples: Record<string, (() => unknown[]) | undefined> = {
  ...tfExamples,
  ...kerasExamples,
  ...kerasModelExamples,
  'Tensor.backward': () => [
    parameter().mul(2).sum(),
    { gradient: tensor(1, { dtype: 'float32' }), retainGraph: true, createGraph: false },
  ],
  'Tensor.item': () => [tensor([1.5])],
  'Tensor.itemBigInt': () => [tensor([3])],
  'Tensor.grad (set)': () => [parameter(), x()],
  normal_: () => [x(), 0, 1, { generator: new Generator(1) }],
  random_: () => [x(), 0, 9, { generator: new Generator(1) }],
  'Generator.setState': () => [new Generator(1).getState()],
  'random.Generator.setState': () => [new Generator(1).getState()],
  gather: () => [x(), 1, columns()],
  scatter,
  scatter_: scatter,
  scatterAdd: scatter,
  scatterAdd_: scatter,
  scatterReduce,
  scatterReduce_: scatterReduce,
  indexFill,
  indexFill_: indexFill,
  indexPut,
  indexPut_: indexPut,
  maskedFill,
  maskedFill_: maskedFill,
  maskedScatter,
  maskedScatter_: maskedScatter,
  maskedSelect: () => [x(), mask()],
  selectScatter: () => [x(), vector(), 0, 1],
  meshgrid: () => [[vector(), fill([4])]],
  bitwiseAnd: bitwise,
  bitwiseOr: bitwise,
  bitwiseXor: bitwise,
  bitwiseLeftShift: bitwise,
  bitwiseRightShift: bitwise,
  bitwiseNot: () => [tensor([1, 2])],
  addmv: () => [fill([4]), square(), fill([4]), { beta: 2, alpha: 3 }],
  addr: () => [x(), fill([4]), vector(), { beta: 2, alpha: 3 }],
  addbmm: () => [fill([3, 3]), batches(), batches(), { beta: 2, alpha: 3 }],
  baddbmm: () => [batches(), batches(), batches(), { beta: 2, alpha: 3 }],
  expand: () => [vector(), [4, 6]],
  broadcastTo: () => [vector(), [4, 6]],
  normal: () => [0, 1, [2, 3], random()],
  randintLike: () => [x(), 0, 9, random()],
  unflatten: () => [x(), 1, [2, 3]],
  movedim: () => [x(), 0, 1],
  unsqueeze: () => [x(), 1],
  softmax: () => [x(), 1, { dtype: 'float64' }],
  logSoftmax: () => [x(), 1, { dtype: 'float64' }],
  arange: () => [0, 10, { step: 2, ...creation() }],
  linspace: () => [0, 1, 5, creation()],
  full: () => [[2, 3], 1.5, creation()],
  zeros: () => [[2, 3], creation()],
  ones: () => [[2, 3], creation()],
  tensor: () => [[[1, 2, 3]], creation()],
  fromBuffer: () => [new Float32Array(6), { shape: [2, 3], dtype: 'float32', requiresGrad: true }],
  rand: () => [[2, 3], random()],
  randn: () => [[2, 3], random()],
  randint: () => [0, 10, [2, 3], { dtype: 'int32', generator: new Generator(1) }],
  randperm: () => [8, { dtype: 'int64', generator: new Generator(1) }],
  noGrad: () => [() => 1],
  enableGrad: () => [() => 1],
  grad: () => {
    const a = leaf();
    return [
      [a.mul(a).sum()],
      [a],
      { gradOutputs: [tensor(1)], retainGraph: true, createGraph: true, allowUnused: true },
    ];
  },
  gradcheck: gradcheckExample,
  gradgradcheck: gradcheckExample,
  setMemoryLimit: () => [0],
  setNumThreads: () => [2],
  setParallelBackend: () => ['pool'],
  einsum: () => ['ij,kj->ik', [x(), y()]],
  where: () => [mask(), x(), y()],
  slice: () => [x(), 1, 0, 5, 2],
  narrow: () => [x(), 1, 1, 3],
  select: () => [x(), 1, 2],
  unfold: () => [x(), 1, 3, 2],
  asStrided: () => [x(), [2, 2], [6, 1], 1],
  transpose: () => [x(), 0, 1],
  permute: () => [x(), [1, 0]],
  clamp: () => [x(), 0.2, 0.6],
  lerp: () => [x(), y(), 0.3],
  addmm: () => [square(), square(), square(), { beta: 2, alpha: 3 }],
  tensordot: () => [square(), square(), 1],
  multinomial: () => [x(), 3, { replacement: true, generator: new Generator(1) }],
  imageBatch: () => [tensor(new Uint8Array(24)).reshape([4, 6]), index(), { mean: 0.1, std: 0.3 }],
  'new optim.lrScheduler.ChainedScheduler': () => [[new optim.lrScheduler.StepLR(optimizer(), { stepSize: 2 })]],
  'new optim.lrScheduler.CosineAnnealingLR': () => [optimizer(), { tMax: 5, etaMin: 0 }],
  'new optim.lrScheduler.CosineAnnealingWarmRestarts': () => [optimizer(), { t0: 5, tMult: 2, etaMin: 0 }],
  'new optim.lrScheduler.ExponentialLR': () => [optimizer(), { gamma: 0.9 }],
  'new optim.lrScheduler.MultiStepLR': () => [optimizer(), { milestones: [2, 4], gamma: 0.1 }],
  'new optim.lrScheduler.OneCycleLR': () => [optimizer(), { maxLr: 0.5, totalSteps: 10 }],
  'new optim.lrScheduler.SequentialLR': () => {
    const shared = optimizer();
    const make = () => new optim.lrScheduler.StepLR(shared, { stepSize: 2 });
    return [shared, { schedulers: [make(), make()], milestones: [3] }];
  },
  'new optim.lrScheduler.StepLR': () => [optimizer(), { stepSize: 2, gamma: 0.1 }],
  'new TensorDataset': () => [x(), index()],
  'TensorDataset.get': () => [1],
  'TensorDataset.getBatch': () => [Int32Array.of(0, 1)],
  'Subset.get': () => [1],
  'Subset.getBatch': () => [Int32Array.of(0, 1)],
  csv: () => [
    { text: 'a,b\n1,2\n' },
    { delimiter: ',', header: true, columns: ['a'], dtypes: { a: 'int8' }, missing: 0 },
  ],
  'new CsvDataset': () => [x(), index(), ['a'], ['b']],
  'CsvDataset.read': () => [{ text: 'a,b\n1,2\n' }, { label: 'b', classes: ['2'], dtypes: { a: 'int8' } }],
  'new ConcatDataset': () => [[dataset(), dataset()]],
  'new Subset': () => [dataset(), [0, 2]],
  randomSplit: () => [dataset(), [2, 2], { generator: new Generator(1) }],
  'new DataLoader': () => [
    dataset(),
    { batchSize: 2, shuffle: true, dropLast: true, prefetch: 1, generator: new Generator(1) },
  ],
  loadSafetensors: () => [checkpoint()],
  readSafetensorsHeader: () => [checkpoint()],
  saveSafetensors: () => ['a.safetensors', { a: x() }, { note: 'text' }],
  readIdx: () => [Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 3, 4)],
  'new ImageDataset': () => [grey(), tensor([1, 0], { dtype: 'uint8' }), ['a', 'b'], { transform: (t: Tensor) => t }],
  'ImageDataset.get': () => [1],
  'ImageDataset.getBatch': () => [Int32Array.of(0, 1)],
  'new datasets.IdxDataset': () => [x(), index(), { transform: (t: Tensor) => t }],
  'datasets.IdxDataset.get': () => [1],
  'datasets.IdxDataset.getBatch': () => [Int32Array.of(0, 1)],
  'datasets.idxFolder': () => [idxFolder, { train: true }],
  'datasets.MNIST': () => [{ root: idxFolder, download: false, train: true, mirrors: [] }],
  'datasets.FashionMNIST': () => [{ root: idxFolder, download: false, train: true, mirrors: [] }],
  'datasets.SyntheticDigits': () => [{ train: true, length: 2, seed: 1 }],
  loadNpy: () => [npyFile()],
  loadNpz: () => [emptyZip()],
  saveNpy: () => ['a.npy', x()],
  saveNpz: () => ['a.npz', { a: x() }, { compress: true }],
  'transforms.randomCrop': () => [4, { padding: 1, padIfNeeded: true, fill: 0, paddingMode: 'edge' }],
  'transforms.randomRotation': () => [15, { interpolation: 'bilinear', fill: 0 }],
  'transforms.randomApply': () => [[(t: Tensor) => t], { p: 0.5 }],
  'transforms.colorJitter': () => [{ brightness: 0.2, contrast: [0.5, 1.5], saturation: 0.2, hue: 0.1 }],
  'transforms.randomErasing': () => [{ p: 1, scale: [0.1, 0.2], ratio: [0.5, 2], value: 0 }],
  'transforms.functional.crop': () => [colours(), 1, 1, 2, 2],
  'transforms.functional.erase': () => [colours(), 1, 1, 2, 2, 0.5],
  'transforms.functional.pad': () => [colours(), 1, { fill: 0, mode: 'constant' }],
  'transforms.functional.resize': () => [colours(), 3, { interpolation: 'bilinear' }],
  'transforms.functional.rotate': () => [colours(), 30, { interpolation: 'bilinear', fill: 0 }],
  'transforms.functional.grayscale': () => [colours(), 3],
  'transforms.functional.convertDtype': () => [colours(), 'uint8'],
  'transforms.functional.adjustBrightness': () => [colours(), 0.5],
  'transforms.functional.adjustContrast': () => [colours(), 0.5],
  'transforms.functional.adjustSaturation': () => [colours(), 0.5],
  'transforms.functional.adjustHue': () => [colours(), 0.5],
  'transforms.compose': () => [[(t: unknown) => t]],
  'transforms.normalize': () => [[0.1], [0.3]],
  'new optim.SGD': () => [
    [stepped()],
    { lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0.01, nesterov: true, maximize: false },
  ],
  'new optim.Adam': () => [
    [stepped()],
    { lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.01, amsgrad: true, maximize: false },
  ],
  'new optim.AdamW': () => [[stepped()], { lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.01, amsgrad: true }],
  'new nn.Linear': () => [6, 4, { bias: true, dtype: 'float32' }],
  'new nn.Sequential': () => [new nn.Linear(6, 4), new nn.ReLU()],
  'nn.Sequential.forward': () => [x()],
  'new nn.Bilinear': () => [6, 6, 4, { bias: true }],
  'nn.Bilinear.forward': () => [x(), y()],
  'new nn.Unflatten': () => [1, [2, 3]],
  'new nn.Flatten': () => [1, -1],
  'new nn.LogSoftmax': () => [1],
  'new nn.Softmax': () => [1],
  'new nn.Softmin': () => [1],
  'new nn.Threshold': () => [0.1, 20],
  'new nn.ParameterList': () => [[new nn.Parameter(x()), new nn.Parameter(y())]],
  'nn.ParameterList.at': () => [1],
  'nn.ParameterList.append': () => [new nn.Parameter(x())],
  'nn.ModuleDict.set': () => ['name', new nn.Identity()],
  'nn.Module.registerBuffer': () => ['running', x(), { persistent: false }],
  'nn.Module.registerParameter': () => ['extra', new nn.Parameter(x())],
  'nn.Module.registerModule': () => ['extra', new nn.Identity()],
  'new nn.ModuleList': () => [[makeNet()]],
  'nn.init.calculateGain': () => ['leakyRelu', 0.1],
  'nn.functional.batchNorm': () => [
    image(),
    fill([4]),
    fill([4]),
    { weight: fill([4]), bias: fill([4]), training: true, momentum: 0.1, eps: 1e-5 },
  ],
  'nn.functional.layerNorm': () => [x(), [6], { weight: vector(), bias: vector(), eps: 1e-5 }],
  'nn.functional.rmsNorm': () => [x(), [6], { weight: vector(), eps: 1e-5 }],
  'nn.functional.linear': () => [x(), fill([3, 6]), fill([3])],
  'nn.functional.crossEntropy': () => [
    x(),
    index(),
    { weight: vector(), ignoreIndex: -100, reduction: 'mean', labelSmoothing: 0.1 },
  ],
  'nn.functional.nllLoss': () => [x(), index(), { weight: vector(), ignoreIndex: -100, reduction: 'sum' }],
  'linalg.multiDot': () => [[square(), square(), square()]],
  'new nn.GroupNorm': () => [2, 6, { eps: 1e-5, affine: true }],
  'new nn.MultiheadAttention': () => [6, 2, { bias: true, addBiasKv: true, addZeroAttn: true, batchFirst: true }],
  'nn.MultiheadAttention.forward': () => [batchesOf6(), batchesOf6(), batchesOf6(), { needWeights: true }],
  'new nn.TransformerEncoderLayer': () => [6, 2, { dimFeedforward: 8, dropout: 0.1, normFirst: true }],
  'nn.TransformerEncoderLayer.forward': () => [batchesOf6()],
  'new nn.TransformerDecoderLayer': () => [6, 2, { dimFeedforward: 8, dropout: 0.1, batchFirst: true }],
  'nn.TransformerDecoderLayer.forward': () => [batchesOf6(), batchesOf6()],
  'nn.functional.embedding': () => [index(), x(), { paddingIdx: 1, scaleGradByFreq: true }],
  'nn.functional.embeddingBag': () => [tensor([[0, 1]]), x(), { mode: 'mean', paddingIdx: 1 }],
  'nn.functional.fold': () => [fill([2, 8, 16]), [8, 8], 2, { stride: 2, padding: 0, dilation: 1 }],
  'new nn.Conv1d': () => [
    4,
    4,
    3,
    { stride: 1, padding: 1, dilation: 1, groups: 2, bias: true, paddingMode: 'circular' },
  ],
  'nn.Conv1d.forward': () => [sequence()],
  'new nn.ConvTranspose1d': () => [4, 4, 3, { stride: 2, padding: 1, outputPadding: 1, dilation: 1, groups: 2 }],
  'nn.ConvTranspose1d.forward': () => [sequence()],
  'new nn.MaxPool1d': () => [2, { stride: 2, padding: 1, dilation: 1, ceilMode: true, returnIndices: true }],
  'nn.MaxPool1d.forward': () => [sequence()],
  'new nn.AvgPool1d': () => [2, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false, divisorOverride: 3 }],
  'nn.AvgPool1d.forward': () => [sequence()],
  'new nn.AdaptiveAvgPool1d': () => [2],
  'nn.AdaptiveAvgPool1d.forward': () => [sequence()],
  'new nn.AdaptiveMaxPool1d': () => [2, { returnIndices: true }],
  'nn.AdaptiveMaxPool1d.forward': () => [sequence()],
  'nn.functional.conv1d': () => [
    sequence(),
    fill([4, 2, 3]),
    fill([4]),
    { stride: 1, padding: 1, dilation: 1, groups: 2, channelsLast: false },
  ],
  'nn.functional.convTranspose1d': () => [
    sequence(),
    fill([4, 2, 3]),
    fill([4]),
    { stride: 2, padding: 1, outputPadding: 1, dilation: 1, groups: 2, channelsLast: false },
  ],
  'nn.functional.maxPool1d': () => [
    sequence(),
    2,
    { stride: 2, padding: 1, dilation: 1, ceilMode: true, returnIndices: true, channelsLast: false },
  ],
  'nn.functional.avgPool1d': () => [
    sequence(),
    2,
    { stride: 2, padding: 1, ceilMode: true, countIncludePad: false, divisorOverride: 3, channelsLast: false },
  ],
  'nn.functional.adaptiveAvgPool1d': () => [sequence(), 2, { channelsLast: false }],
  'nn.functional.adaptiveMaxPool1d': () => [sequence(), 2, { returnIndices: true, channelsLast: false }],
  'new nn.Conv2d': () => [
    4,
    4,
    3,
    { stride: 1, padding: 1, dilation: 1, groups: 2, bias: true, paddingMode: 'circular' },
  ],
  'nn.Conv2d.forward': () => [image()],
  'new nn.ConvTranspose2d': () => [4, 4, 3, { stride: 2, padding: 1, outputPadding: 1, dilation: 1, groups: 2 }],
  'nn.ConvTranspose2d.forward': () => [image()],
  'new nn.MaxPool2d': () => [2, { stride: 2, padding: 1, dilation: 1, ceilMode: true, returnIndices: true }],
  'nn.MaxPool2d.forward': () => [image()],
  'new nn.AvgPool2d': () => [2, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false, divisorOverride: 3 }],
  'nn.AvgPool2d.forward': () => [image()],
  'new nn.AdaptiveAvgPool2d': () => [2],
  'nn.AdaptiveAvgPool2d.forward': () => [image()],
  'new nn.AdaptiveMaxPool2d': () => [2, { returnIndices: true }],
  'nn.AdaptiveMaxPool2d.forward': () => [image()],
  'nn.functional.conv2d': () => [
    image(),
    fill([4, 2, 3, 3]),
    fill([4]),
    { stride: 1, padding: 1, dilation: 1, groups: 2, channelsLast: false },
  ],
  'nn.functional.convTranspose2d': () => [
    image(),
    fill([4, 2, 3, 3]),
    fill([4]),
    { stride: 2, padding: 1, outputPadding: 1, dilation: 1, groups: 2, channelsLast: false },
  ],
  'nn.functional.maxPool2d': () => [
    image(),
    2,
    { stride: 2, padding: 1, dilation: 1, ceilMode: true, returnIndices: true, channelsLast: false },
  ],
  'nn.functional.avgPool2d': () => [
    image(),
    2,
    { stride: 2, padding: 1, ceilMode: true, countIncludePad: false, divisorOverride: 3, channelsLast: false },
  ],
  'nn.functional.adaptiveAvgPool2d': () => [image(), 2, { channelsLast: false }],
  'nn.functional.adaptiveMaxPool2d': () => [image(), 2, { returnIndices: true, channelsLast: false }],
  'new nn.Conv3d': () => [
    2,
    4,
    3,
    { stride: 1, padding: 1, dilation: 1, groups: 2, bias: true, paddingMode: 'circular' },
  ],
  'nn.Conv3d.forward': () => [volume()],
  'new nn.ConvTranspose3d': () => [2, 4, 3, { stride: 2, padding: 1, outputPadding: 1, dilation: 1, groups: 2 }],
  'nn.ConvTranspose3d.forward': () => [volume()],
  'new nn.MaxPool3d': () => [2, { stride: 2, padding: 1, dilation: 1, ceilMode: true, returnIndices: true }],
  'nn.MaxPool3d.forward': () => [volume()],
  'new nn.AvgPool3d': () => [2, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false, divisorOverride: 3 }],
  'nn.AvgPool3d.forward': () => [volume()],
  'new nn.AdaptiveAvgPool3d': () => [2],
  'nn.AdaptiveAvgPool3d.forward': () => [volume()],
  'new nn.AdaptiveMaxPool3d': () => [2, { returnIndices: true }],
  'nn.AdaptiveMaxPool3d.forward': () => [volume()],
  'nn.functional.conv3d': () => [
    volume(),
    fill([4, 1, 3, 3, 3]),
    fill([4]),
    { stride: 1, padding: 1, dilation: 1, groups: 2, channelsLast: false },
  ],
  'nn.functional.convTranspose3d': () => [
    volume(),
    fill([2, 2, 3, 3, 3]),
    fill([4]),
    { stride: 2, padding: 1, outputPadding: 1, dilation: 1, groups: 2, channelsLast: false },
  ],
  'nn.functional.maxPool3d': () => [
    volume(),
    2,
    { stride: 2, padding: 1, dilation: 1, ceilMode: true, returnIndices: true, channelsLast: false },
  ],
  'nn.functional.avgPool3d': () => [
    volume(),
    2,
    { stride: 2, padding: 1, ceilMode: true, countIncludePad: false, divisorOverride: 3, channelsLast: false },
  ],
  'nn.functional.adaptiveAvgPool3d': () => [volume(), 2, { channelsLast: false }],
  'nn.functional.adaptiveMaxPool3d': () => [volume(), 2, { returnIndices: true, channelsLast: false }],
  'nn.functional.interpolate': () => [image(), { size: [5, 6], mode: 'bilinear', alignCorners: true }],
  'new nn.Upsample': () => [{ scaleFactor: 2, mode: 'bicubic', alignCorners: false, recomputeScaleFactor: true }],
  'nn.Upsample.forward': () => [image()],
  'nn.functional.dropout': () => [x(), { p: 0.5, training: true, generator: new Generator(1) }],
};

/** What has no valid call by itself: abstract classes and what only the library calls. */
const omitted = new Set([
  'Dataset.getBatch',
  'new AutogradFunction',
  'AutogradFunction.apply',
  'AutogradFunction.forward',
  'AutogradFunction.backward',
  'FunctionContext.use',
  'nn.ModuleDict.forward',
  'nn.ModuleList.forward',
  'nn.ParameterList.forward',
  'new optim.Optimizer',
  'new optim.lrScheduler.LRScheduler',
  'new data.Dataset',
  'GradientTape.stopRecording',
]);
const isProtected = (name: string) =>
  (/^optim\.[A-Z]/.test(name) && !/\.(step|zeroGrad|stateDict|loadStateDict|addParamGroup)$/.test(name)) ||
  /^nn\..*\.(advance|run|zeroState|checkInput|addParameters|project|extend|heads|masked|around|feedForward)$/.test(
    name,
  );
export const isOmitted = (name: string): boolean =>
  omitted.has(name) || isProtected(name) || isKerasInternal(name) || isModelInternal(name);
