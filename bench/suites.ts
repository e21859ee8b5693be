// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';

/** A program that prints one JSON line, an {@link Outcome}. */
export interface Program {
  command: string;
  args: readonly string[];
}

/** What a program prints: a figure for each of its rows, and what proves that it did the work. */
export interface Outcome {
  /** By row name, in the row's unit. */
  values: Record<string, number>;
  version?: string;
  /** By row: training losses, compared between ours and a peer's before a ratio is shown. */
  losses?: Record<string, number[]>;
  /** By row: what else was seen, such as how often a timer fired; printed below it. */
  notes?: Record<string, Record<string, number>>;
}

/** One line of the table. */
export interface Row {
  name: string;
  unit: 'ns' | 'ms' | 's' | 'MB' | '/s';
  better: 'lower' | 'higher';
  /** The least that any program must compute and move; the floor is the slower of both at the machine's best. */
  work?: { flops?: number; bytes?: number };
}

/** Rows measured by the same programs, ours and the peers' in turn. */
export interface Suite {
  name: string;
  rows: readonly Row[];
  ours: Program;
  peers: Readonly<Record<string, Program>>;
}

const ours = (name: string, ...args: string[]): Program => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url)), ...args],
});
const python = process.env.CRESSET_PEERS_PYTHON ?? 'python3';
/** TensorFlow and PyTorch may live in environments of their own. */
const tensorflow = process.env.CRESSET_PEERS_TENSORFLOW ?? python;
const peer = (name: string, ...args: string[]): Program => ({
  command: /^(keras|tf)_/.test(name) ? tensorflow : python,
  args: [fileURLToPath(new URL(`../../bench/peers/${name}.py`, import.meta.url)), ...args],
});

const milliseconds = (name: string, work?: Row['work']): Row => ({
  name,
  unit: 'ms',
  better: 'lower',
  ...(work && { work }),
});
const gemm = (m: number, k: number, n: number) => ({ flops: 2 * m * k * n, bytes: 4 * (m * k + k * n + m * n) });
const traffic = (elements: number, passes: number) => ({ bytes: 4 * elements * passes });
const large = 1 << 24;
/** An epoch of the classifier: products of forward and backward; the images need no gradient. */
const mnistWork = { flops: 60_000 * (4 * 784 * 128 + 6 * 128 * 10) };

export const suites: readonly Suite[] = [
  {
    name: 'eager',
    rows: [
      { name: 'tiny-op', unit: 'ns', better: 'lower' },
      { name: 'tiny-graph', unit: 'ns', better: 'lower' },
    ],
    ours: ours('eager'),
    peers: { torch: peer('torch_eager') },
  },
  {
    name: 'kernels',
    rows: [
      ...[256, 512, 1024, 2048].map((n) => milliseconds(`sgemm-${n}`, gemm(n, n, n))),
      milliseconds('sgemm-64x784x128', gemm(64, 784, 128)),
      milliseconds('add-16m', traffic(large, 3)),
      milliseconds('sum-16m', traffic(large, 1)),
      milliseconds('exp-16m', traffic(large, 2)),
      milliseconds('gelu-tanh-16m', traffic(large, 2)),
      milliseconds('softmax-4096x1024', traffic(4096 * 1024, 2)),
      milliseconds('layer-norm-4096x1024', traffic(4096 * 1024, 2)),
      milliseconds('transposed-copy-4096', traffic(4096 * 4096, 2)),
      milliseconds('adam-10m', traffic(10_000_000, 7)),
    ],
    ours: ours('kernels'),
    peers: { torch: peer('torch_kernels'), jax: peer('jax_kernels') },
  },
  {
    name: 'training',
    rows: ['cnn', 'resnet18', 'lstm', 'gpt-nano', 'gpt-mini'].map((model) => milliseconds(`train-${model}`)),
    ours: ours('training'),
    peers: { torch: peer('torch_training', 'eager') },
  },
  {
    name: 'mnist',
    rows: [{ name: 'mnist-epoch', unit: 's', better: 'lower', work: mnistWork }],
    ours: ours('mnist', '3'),
    peers: {
      'torch as written': peer('torch_mnist', 'written', '1', '64', 'mnist-epoch'),
      'torch fused': peer('torch_mnist', 'fused', '3', '64', 'mnist-epoch'),
    },
  },
  ...['64', '1024'].map((size) => {
    const row = `mnist-epoch-compiled-${size}`;
    return {
      name: `mnist-compiled-${size}`,
      rows: [{ name: row, unit: 's', better: 'lower', work: mnistWork } as const],
      ours: ours('compiled', '4', size),
      peers: { 'torch fused': peer('torch_mnist', 'fused', '3', size, row), 'jax scan': peer('jax_mnist', '3', size) },
    };
  }),
  {
    name: 'tf',
    rows: [{ name: 'tf-epoch', unit: 's', better: 'lower', work: mnistWork }],
    ours: ours('tf', '3'),
    peers: { tensorflow: peer('tf_mnist', '3') },
  },
  {
    name: 'keras',
    rows: [{ name: 'keras-epoch', unit: 's', better: 'lower', work: mnistWork }],
    ours: ours('keras', '3'),
    peers: { keras: peer('keras_mnist', '3') },
  },
  {
    name: 'import',
    rows: [{ name: 'import', unit: 'ms', better: 'lower' }],
    ours: ours('import'),
    peers: {},
  },
];
