// SPDX-License-Identifier: MIT
import { contended, least, most, ours, type Row, type Suite, tf, tfjs, torch } from './suite.js';

const million = 1e6;

// Kernels

const gemm = (m: number, k: number, n: number) => ({ flops: 2 * m * k * n, bytes: 4 * (m * k + k * n + m * n) });
const gemmBf16 = (m: number, k: number, n: number) => ({
  bf16Flops: 2 * m * k * n,
  bytes: 2 * (m * k + k * n + m * n),
});
const traffic = (elements: number, passes: number) => ({ bytes: 4 * elements * passes });
const large = 1 << 24;

const kernels: Suite = {
  name: 'kernels',
  rows: [
    ...[256, 512, 1024, 2048].map((n) =>
      least('ms', `sgemm-${n}`, `product of ${n} × ${n}`, { work: gemm(n, n, n), goal: 1 }),
    ),
    least('ms', 'sgemm-64x784x128', 'product of 64 × 784 and 784 × 128', { work: gemm(64, 784, 128), goal: 1.1 }),
    least('ms', 'gemm-bf16-1024', 'product of 1024 × 1024 in bfloat16', { work: gemmBf16(1024, 1024, 1024) }),
    least('ms', 'gemm-bf16-64x784x128', 'product of 64 × 784 and 784 × 128 in bfloat16', {
      work: gemmBf16(64, 784, 128),
    }),
    least('ms', 'linear-1x4096x4096', 'linear layer, 1 row by 4096 × 4096', { work: gemm(1, 4096, 4096) }),
    least('ms', 'linear-bf16-1x4096x4096', 'linear layer, 1 row by 4096 × 4096 in bfloat16', {
      work: gemmBf16(1, 4096, 4096),
    }),
    least('ms', 'linear-bf16-16x4096x4096', 'linear layer, 16 rows by 4096 × 4096 in bfloat16', {
      work: gemmBf16(16, 4096, 4096),
    }),
    // x + x reads one array.
    least('ms', 'add-16m', 'add, 16M elements', { work: traffic(large, 2), goal: 1 }),
    least('ms', 'sum-16m', 'sum, 16M elements', { work: traffic(large, 1), goal: 1 }),
    least('ms', 'exp-16m', 'exp, 16M elements', { work: traffic(large, 2), goal: 2 }),
    least('ms', 'gelu-tanh-16m', 'GELU by tanh, 16M elements', { work: traffic(large, 2), goal: 5 }),
    least('ms', 'softmax-4096x1024', 'softmax, 4096 × 1024', { work: traffic(4096 * 1024, 2), goal: 1.5 }),
    least('ms', 'layer-norm-4096x1024', 'layer norm, 4096 × 1024', { work: traffic(4096 * 1024, 2), goal: 1.5 }),
    least('ms', 'transposed-copy-4096', 'transposed copy, 4096²', { work: traffic(4096 * 4096, 2), goal: 4 }),
    least('ms', 'adam-10m', 'Adam, 10M parameters', { work: traffic(10 * million, 7), goal: 1 }),
  ],
  ours: ours('kernels'),
  peers: { torch: torch('torch_kernels'), jax: torch('jax_kernels') },
};

const eager: Suite = {
  name: 'eager',
  rows: [
    least('ns', 'tiny-op', '`x.add(y)`, one element', { goal: 2, headline: true }),
    least('ns', 'tiny-graph', 'matmul, relu, add, sum of 8 × 8, forward and backward', { goal: 6, headline: true }),
  ],
  ours: ours('eager'),
  peers: { torch: torch('torch_eager') },
};

// Training steps

/** Multiply-adds of one sample (a token where there are many) forward; backward takes twice as many. */
const gptMacs = (layers: number, width: number, length: number) =>
  layers * (12 * width * width + width * length) + 65 * width;
const lstmMacs = 4 * 256 * (128 + 256 + 256 + 256);
const models = {
  cnn: { title: 'CNN, batch 64', macs: 64 * (26 * 26 * 288 + 24 * 24 * 64 * 288 + 9216 * 128 + 1280), goal: 1.4 },
  resnet18: { title: 'ResNet-18, CIFAR shape, batch 32', macs: 32 * 555.4 * million, goal: 1.2 },
  lstm: { title: 'LSTM 2 × 256, 64 steps, batch 32', macs: 32 * 64 * lstmMacs, goal: 1.1 },
  'gpt-nano': { title: 'GPT, 4 layers of 128, 64 tokens, batch 12', macs: 12 * 64 * gptMacs(4, 128, 64), goal: 1.4 },
  'gpt-mini': { title: 'GPT, 6 layers of 384, 256 tokens, batch 8', macs: 8 * 256 * gptMacs(6, 384, 256), goal: 1.15 },
} as const;
/** The first layer's input needs no gradient. */
const firstMacs: Record<string, number> = {
  cnn: 64 * 26 * 26 * 288,
  resnet18: 32 * 32 * 32 * 1728,
  lstm: 32 * 64 * 4 * 256 * 128,
};

type ModelName = keyof typeof models;
const flopsOf = (name: ModelName) => 6 * models[name].macs - 2 * (firstMacs[name] ?? 0);

function trainingRows(prefix: string, names: readonly ModelName[], extra: (name: ModelName) => Partial<Row>) {
  return names.map((name) => {
    const { title, goal } = models[name];
    return least('ms', `${prefix}-${name}`, title, { work: { flops: flopsOf(name) }, goal, ...extra(name) });
  });
}
const all = Object.keys(models) as ModelName[];

const training: Suite = {
  name: 'training',
  rows: trainingRows('train', all, () => ({ headline: true })),
  ours: ours('training', 'train'),
  peers: { torch: torch('torch_training', 'eager', 'train') },
  rounds: 3,
};
const trainingEager: Suite = {
  name: 'training-eager',
  rows: trainingRows('train-eager', all, (name) => ({ title: `${models[name].title}, not compiled` })),
  ours: ours('training', 'train-eager'),
  peers: { torch: torch('torch_training', 'eager', 'train-eager') },
  rounds: 3,
};

/** Where products are bfloat16's; recurrent layers stay in float32. */
const trainingAutocast: Suite = {
  name: 'training-autocast',
  rows: trainingRows('train-autocast', ['cnn', 'resnet18', 'gpt-nano', 'gpt-mini'], (name) => ({
    title: `${models[name].title}, autocast to bfloat16`,
    work: { bf16Flops: flopsOf(name) },
    goal: 1,
  })),
  ours: ours('training', 'train-autocast'),
  peers: { torch: torch('torch_training', 'eager', 'train-autocast') },
  rounds: 3,
};

/** Both backends of the parallel loops. */
const backends = [false, true].map((neighbour): Suite => {
  const prefix = neighbour ? 'busy' : 'quiet';
  const title = (name: ModelName) =>
    `pool against OpenMP${neighbour ? ' beside a busy process' : ''}: ${models[name].title}`;
  return {
    name: `backends-${prefix}`,
    rows: trainingRows(prefix, ['cnn', 'lstm', 'gpt-nano'], (name) => ({ title: title(name), goal: 1 })),
    ours: { ...ours('training', prefix), env: { CRESSET_PARALLEL: 'pool' } },
    peers: { openmp: { ...ours('training', prefix), env: { CRESSET_PARALLEL: 'openmp' } } },
    neighbour,
    rounds: 3,
  };
});

// The three programs on MNIST

/** An epoch of the classifier: products of forward and backward; the images need no gradient. */
const mnistWork = { flops: 60_000 * (4 * 784 * 128 + 6 * 128 * 10) };

function epochRows(name: string, title: string, limit: number, epoch: Partial<Row>): Row[] {
  return [
    least('s', name, `MNIST epoch, ${title}`, { work: mnistWork, headline: true, ...epoch }),
    least('s', `${name}-first`, `first epoch, ${title}`),
    least('MB', `${name}-memory`, `peak memory, ${title}`, { limit }),
  ];
}

const mnist: Suite = {
  name: 'mnist',
  rows: epochRows('mnist-epoch', "PyTorch's way, batch 64", 200, {
    goal: { 'torch as written': 10, 'torch by hand': 1.2 },
  }),
  ours: ours('mnist', '4'),
  peers: {
    'torch as written': { ...torch('torch_mnist', 'written', '1', '64', 'mnist-epoch'), rounds: 3 },
    'torch by hand': torch('torch_mnist', 'fused', '3', '64', 'mnist-epoch'),
  },
};

/** The compiled step in a loop that awaits each run, or an epoch in one call, as JAX' scan is. */
function compiledSuite(how: 'loop' | 'all', size: string, goal: Record<string, number>, title: string): Suite {
  const kind = how === 'loop' ? 'compiled' : 'all';
  const name = `mnist-epoch-${kind}-${size}`;
  const byHand = (mode: string, epochs: string) => torch('torch_mnist', mode, epochs, size, name);
  const compileRow = least('ms', `mnist-compile-${size}`, "recording and compiling the classifier's step", {
    limit: 20,
  });
  const isFirst = how === 'loop' && size === '64';
  return {
    name: `mnist-${kind}-${size}`,
    rows: [...epochRows(name, `${title}, batch ${size}`, 200, { goal }), ...(isFirst ? [compileRow] : [])],
    ours: ours('compiled', '10', size, how),
    peers: {
      'torch by hand': byHand('fused', '3'),
      ...(size === '64' && { 'torch as written': { ...byHand('written', '1'), rounds: 3 } }),
      ...(isFirst && { 'torch.compile': { ...byHand('compile', '3'), rounds: 1 } }),
      'jax scan': torch('jax_mnist', '3', size, name),
    },
  };
}
const loopGoals = {
  64: { 'torch as written': 30, 'torch by hand': 3, 'torch.compile': 3 },
  1024: { 'torch by hand': 2 },
};
const allGoals = {
  32: { 'jax scan': 2.5 },
  64: { 'jax scan': 1.5, 'torch by hand': 3, 'torch as written': 30 },
  1024: { 'jax scan': 2 },
};
const sizes = ['64', '32', '1024'] as const;
const mnistCompiled = [
  ...sizes.map((size) =>
    compiledSuite('loop', size, { ...loopGoals[size as '64'] }, "PyTorch's way, compiled, each step awaited"),
  ),
  ...sizes.map((size) =>
    compiledSuite('all', size, { ...allGoals[size] }, "PyTorch's way, compiled, an epoch in one call"),
  ),
];

const tensorflow: Suite = {
  name: 'tf',
  rows: epochRows('tf-epoch', "TensorFlow's way, batch 32", 550, { goal: 6 }),
  ours: ours('tf', '8'),
  peers: { tensorflow: tf('tf_mnist', '3') },
};
const keras: Suite = {
  name: 'keras',
  rows: epochRows('keras-epoch', "Keras' way, batch 32", 350, { goal: { keras: 8, 'tfjs wasm': 40 } }),
  ours: ours('keras', '8'),
  peers: { keras: tf('keras_mnist', '3'), 'tfjs wasm': { ...tfjs('tfjs_mnist', '1'), rounds: 1 } },
};

// On a server

const meanwhile = {
  fit: 'Keras `fit`',
  run: 'a loop of `await step.run()`',
  all: '`await step.runAll()`',
  slow: 'steps of half a second',
} as const;
const responsive: Suite = {
  name: 'responsive',
  rows: Object.entries(meanwhile).flatMap(([name, what]) => [
    least('ms', `loop-delay-${name}`, `event loop's delay, p99, during ${what}`, { limit: 5, headline: true }),
    least('ms', `http-${name}`, `HTTP answer at 50 a second, p99, during ${what}`, { limit: 20, headline: true }),
  ]),
  ours: ours('responsive', '10'),
  peers: {},
  rounds: 3,
};

const neighbour: Suite = {
  name: 'neighbour',
  rows: [
    most('×', 'busy-throughput', 'speed beside a busy process, of the quiet one', { limit: 0.55, headline: true }),
    most('%', 'busy-share', 'the same, of what the scheduler allows', { limit: 85, headline: true }),
  ],
  ours: contended(ours('compiled', '12', '64', 'loop')),
  peers: {
    'torch, 2 threads': { ...contended(torch('torch_mnist', 'fused', '2', '64', 'epoch')), rounds: 2 },
    'jax scan': contended(torch('jax_mnist', '6', '64', 'epoch')),
  },
};

const data: Suite = {
  name: 'data',
  rows: [
    most('/s', 'loader', 'images a second of a loader: toTensor, normalize', { headline: true }),
    most('/s', 'loader-own', 'the same with a transform of the user'),
    most('/s', 'loader-augmented', 'the same with random crop, flip and rotation'),
  ],
  ours: ours('data'),
  peers: { torch: torch('torch_data') },
  rounds: 3,
};

const install: Suite = {
  name: 'install',
  rows: [
    least('ms', 'import', 'import', { limit: 50, headline: true }),
    least('MB', 'install-size', 'installed size', { limit: 15, headline: true }),
  ],
  ours: ours('install'),
  peers: { torch: torch('footprint', 'torch'), tensorflow: tf('footprint', 'tensorflow') },
  rounds: 3,
};

export const suites: readonly Suite[] = [
  install,
  eager,
  kernels,
  training,
  trainingEager,
  trainingAutocast,
  mnist,
  ...mnistCompiled,
  tensorflow,
  keras,
  data,
  responsive,
  neighbour,
  ...backends,
];
