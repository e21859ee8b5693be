// SPDX-License-Identifier: MIT
// The models of the rows, as bench/peers/torch_mnist.py and torch_training.py have them.
import { nn, randn, type Tensor } from 'cresset';
import { DataLoader } from 'cresset/data';
import { datasets, transforms } from 'cresset/vision';

const F = nn.functional;

/** MNIST's training images, shuffled and normalised. */
export async function mnistLoader(batchSize: number) {
  const transform = transforms.compose([transforms.toTensor(), transforms.normalize([0.1307], [0.3081])]);
  return new DataLoader(await datasets.MNIST({ train: true, transform }), { batchSize, shuffle: true });
}

/** The classifier of the three programs. */
export class Classifier extends nn.Module {
  flatten = new nn.Flatten();
  fc1 = new nn.Linear(28 * 28, 128);
  dropout = new nn.Dropout(0.2);
  fc2 = new nn.Linear(128, 10);
  forward(x: Tensor) {
    return this.fc2.forward(this.dropout.forward(this.fc1.forward(this.flatten.forward(x)).relu()));
  }
}

/** Two convolutions, a pool and two linear layers, for MNIST's images. */
export class Cnn extends nn.Module {
  conv1 = new nn.Conv2d(1, 32, 3);
  conv2 = new nn.Conv2d(32, 64, 3);
  fc1 = new nn.Linear(9216, 128);
  fc2 = new nn.Linear(128, 10);
  forward(x: Tensor) {
    const features = F.maxPool2d(this.conv2.forward(this.conv1.forward(x).relu()).relu(), 2);
    return this.fc2.forward(this.fc1.forward(features.flatten(1)).relu());
  }
}

class Residual extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  downsample: nn.Sequential | undefined;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(from, to, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(to);
    this.conv2 = new nn.Conv2d(to, to, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(to);
    if (from === to) return;
    this.downsample = new nn.Sequential(new nn.Conv2d(from, to, 1, { stride, bias: false }), new nn.BatchNorm2d(to));
  }

  forward(x: Tensor) {
    const y = this.bn1.forward(this.conv1.forward(x)).relu();
    const shortcut = (this.downsample?.forward(x) as Tensor | undefined) ?? x;
    return this.bn2.forward(this.conv2.forward(y)).add(shortcut).relu();
  }
}

/** torchvision's ResNet-18 with CIFAR's stem: a 3x3 convolution and no pool. */
export class ResNet18 extends nn.Module {
  conv1 = new nn.Conv2d(3, 64, 3, { padding: 1, bias: false });
  bn1 = new nn.BatchNorm2d(64);
  layers: nn.Sequential;
  fc = new nn.Linear(512, 10);

  constructor() {
    super();
    const widths = [64, 64, 128, 256, 512];
    const blocks = widths
      .slice(1)
      .flatMap((to, i) => [new Residual(widths[i] as number, to, i === 0 ? 1 : 2), new Residual(to, to, 1)]);
    this.layers = new nn.Sequential(...blocks);
  }

  forward(x: Tensor) {
    const features = this.layers.forward(this.bn1.forward(this.conv1.forward(x)).relu()) as Tensor;
    return this.fc.forward(features.mean([2, 3]));
  }
}

/** Two LSTM layers; the last step's output classifies the sequence. */
export class Recurrent extends nn.Module {
  lstm = new nn.LSTM(128, 256, { numLayers: 2, batchFirst: true });
  out = new nn.Linear(256, 10);
  forward(x: Tensor) {
    const [output] = this.lstm.forward(x);
    return this.out.forward(output.select(1, -1));
  }
}

class Block extends nn.Module {
  norm1: nn.LayerNorm;
  norm2: nn.LayerNorm;
  qkv: nn.Linear;
  proj: nn.Linear;
  up: nn.Linear;
  down: nn.Linear;

  constructor(
    width: number,
    readonly heads: number,
  ) {
    super();
    this.norm1 = new nn.LayerNorm(width);
    this.norm2 = new nn.LayerNorm(width);
    this.qkv = new nn.Linear(width, 3 * width);
    this.proj = new nn.Linear(width, width);
    this.up = new nn.Linear(width, 4 * width);
    this.down = new nn.Linear(4 * width, width);
  }

  forward(x: Tensor) {
    const [n, t, d] = x.shape as [number, number, number];
    const heads = this.qkv.forward(this.norm1.forward(x)).view([n, t, 3, this.heads, d / this.heads]);
    const [q, k, v] = heads.permute([2, 0, 3, 1, 4]).unbind(0) as [Tensor, Tensor, Tensor];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true }).transpose(1, 2).reshape([n, t, d]);
    const z = x.add(this.proj.forward(y));
    return z.add(this.down.forward(F.gelu(this.up.forward(this.norm2.forward(z)))));
  }
}

/** A decoder of GPT's kind over characters. */
export class Gpt extends nn.Module {
  embedding: nn.Embedding;
  position: Tensor;
  blocks: nn.Sequential;
  norm: nn.LayerNorm;
  out: nn.Linear;

  constructor(vocabulary: number, length: number, layers: number, heads: number, width: number) {
    super();
    this.embedding = new nn.Embedding(vocabulary, width);
    this.position = new nn.Parameter(randn([length, width]).mul(0.02));
    this.blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block(width, heads)));
    this.norm = new nn.LayerNorm(width);
    this.out = new nn.Linear(width, vocabulary, { bias: false });
  }

  forward(tokens: Tensor) {
    const x = this.embedding.forward(tokens).add(this.position);
    return this.out.forward(this.norm.forward(this.blocks.forward(x) as Tensor));
  }
}
