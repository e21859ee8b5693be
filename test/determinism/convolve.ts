// SPDX-License-Identifier: MIT
// node dist/test/determinism/convolve.js [compiled]: trains a network of every kind of convolution, pool and normalisation for a few
// steps and prints the hash of its weights.
import { createHash } from 'node:crypto';
import { compile, manualSeed, nn, optim, randint, randn, type Tensor } from 'cresset';

manualSeed(7);
class Net extends nn.Module {
  stem = new nn.Conv2d(3, 40, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(40);
  wide = new nn.Conv2d(40, 36, 3, { padding: 1 });
  depthwise = new nn.Conv2d(36, 36, 3, { stride: 2, padding: 1, groups: 36 });
  grouped = new nn.Conv2d(36, 48, [1, 5], { groups: 3, padding: 'same', dilation: [1, 2] });
  up = new nn.ConvTranspose2d(48, 20, 3, { stride: 2 });
  last = new nn.LayerNorm(20);
  head = new nn.Linear(20, 5);
  override forward(x: Tensor): Tensor {
    const { adaptiveAvgPool2d, avgPool2d, batchNorm, conv2d, maxPool2d } = nn.functional;
    const y = this.wide.forward(maxPool2d(this.norm.forward(this.stem.forward(x)).relu(), 2)).relu();
    const z = this.up.forward(avgPool2d(this.grouped.forward(this.depthwise.forward(y)), 3, { stride: 1 })).relu();
    const pooled = adaptiveAvgPool2d(z, 3).movedim(1, -1).contiguous();
    const channelsLast = batchNorm(pooled, undefined, undefined, { training: true, channelsLast: true });
    const kernel = this.head.weight.narrow(0, 0, 1).reshape([1, 20, 1, 1]).expand([20, 20, 1, 1]);
    return this.head.forward(
      this.last.forward(conv2d(channelsLast, kernel, undefined, { channelsLast: true }).mean([1, 2])),
    );
  }
}
const model = new Net();
const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
const step = (x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  nn.functional.crossEntropy(model.forward(x), y).backward();
  optimizer.step();
};
const run = process.argv[2] ? compile(step) : step;
for (let i = 0; i < 4; i++) run(randn([12, 3, 26, 30]), randint(0, 5, [12]));
const hash = createHash('sha256');
for (const p of Object.values(model.stateDict())) hash.update(Buffer.from(p.toTypedArray().buffer));
// Weight gradients whose sums are cut into parts by the number of positions.
for (const [samples, channels, rows, size, taps] of [
  [12, 3, 40, 28, 3],
  [7, 3, 8, 28, 3],
  [8, 4, 8, 24, 5],
  [16, 20, 24, 14, 1],
] as const) {
  const conv = new nn.Conv2d(channels, rows, taps);
  conv
    .forward(randn([samples, channels, size, size]))
    .square()
    .mean()
    .backward();
  hash.update(Buffer.from((conv.weight.grad as Tensor).toTypedArray().buffer));
}
console.log(hash.digest('hex'));
