// SPDX-License-Identifier: MIT
// Milliseconds of single ops on large arrays, as bench/peers/torch_kernels.py measures them.
import { type DType, nn, noGrad, optim, randn, type Tensor } from 'cresset';
import { isAsked, measure, print } from './support.js';

const F = nn.functional;
const large = [1 << 24];
const rows: Record<string, () => () => Tensor | undefined> = {};

for (const n of [256, 512, 1024, 2048]) rows[`sgemm-${n}`] = () => matmul([n, n], [n, n]);
rows['sgemm-64x784x128'] = () => matmul([64, 784], [784, 128]);
rows['gemm-bf16-1024'] = () => matmul([1024, 1024], [1024, 1024], 'bfloat16');
rows['gemm-bf16-64x784x128'] = () => matmul([64, 784], [784, 128], 'bfloat16');
rows['linear-1x4096x4096'] = () => linear(1, 4096, 4096, 'float32');
rows['linear-bf16-1x4096x4096'] = () => linear(1, 4096, 4096, 'bfloat16');
rows['linear-bf16-16x4096x4096'] = () => linear(16, 4096, 4096, 'bfloat16');
rows['add-16m'] = () => onOne(large, (x) => x.add(x));
rows['sum-16m'] = () => onOne(large, (x) => x.sum());
rows['exp-16m'] = () => onOne(large, (x) => x.exp());
rows['gelu-tanh-16m'] = () => onOne(large, (x) => F.gelu(x, { approximate: 'tanh' }));
rows['softmax-4096x1024'] = () => onOne([4096, 1024], (x) => x.softmax(-1));
rows['layer-norm-4096x1024'] = () => onOne([4096, 1024], (x) => F.layerNorm(x, [1024]));
rows['transposed-copy-4096'] = () => onOne([4096, 4096], (x) => x.t().contiguous());
rows['adam-10m'] = () => {
  const parameter = randn([10_000_000]).requiresGrad_();
  parameter.grad = randn([10_000_000]);
  const optimizer = new optim.Adam([parameter]);
  return () => {
    optimizer.step();
    return undefined;
  };
};

function matmul(a: number[], b: number[], dtype: DType = 'float32'): () => Tensor {
  const [x, y] = [randn(a).to(dtype), randn(b).to(dtype)];
  return () => x.matmul(y);
}

/** As a layer stores its weight: a row for each output. */
function linear(m: number, k: number, n: number, dtype: DType): () => Tensor {
  const [x, weight] = [randn([m, k]).to(dtype), randn([n, k]).to(dtype)];
  return () => F.linear(x, weight);
}

function onOne(shape: number[], op: (x: Tensor) => Tensor): () => Tensor {
  const x = randn(shape);
  return () => op(x);
}

/** A result's memory is given back within the time, as Python's reference counts do it. */
function timed(op: () => Tensor | undefined): number {
  return measure(() => op()?.dispose());
}

const values: Record<string, number> = {};
for (const [name, prepare] of Object.entries(rows)) if (isAsked(name)) values[name] = noGrad(() => timed(prepare()));
print({ values });
