// SPDX-License-Identifier: MIT

import { gradgradcheck, nn, type Tensor, tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGradients, sample } from '../support/gradients.js';

const { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } = nn.functional;

const second = (f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]) =>
  gradgradcheck(
    f,
    inputs.map((x) => x.clone().requiresGrad_()),
  );
const toLast = (x: Tensor) => x.movedim(1, -1);
const toFirst = (x: Tensor) => x.movedim(-1, 1);

type Run = (x: Tensor, weight: Tensor, bias: Tensor | undefined, options: object) => Tensor;
const forward: [name: string, f: Run, x: number[], w: number[], options: nn.functional.ConvOptions][] = [
  ['1d', conv1d, [2, 2, 7], [3, 2, 3], { padding: 1, stride: 2 }],
  ['2d', conv2d, [2, 2, 5, 4], [4, 1, 3, 2], { padding: [1, 0], stride: [2, 1], groups: 2 }],
  ['2d dilated', conv2d, [1, 2, 6, 7], [2, 2, 2, 3], { dilation: [3, 2], padding: 'same' }],
  ['2d depthwise', conv2d, [1, 3, 4, 4], [3, 1, 3, 3], { padding: 1, groups: 3 }],
  ['2d, 1 x 1', conv2d, [2, 3, 3, 2], [4, 3, 1, 1], {}],
  ['3d', conv3d, [1, 2, 3, 3, 4], [2, 2, 2, 2, 2], { padding: [1, 0, 1], stride: [2, 1, 2] }],
];
const backward: [name: string, f: Run, x: number[], w: number[], options: nn.functional.ConvTransposeOptions][] = [
  ['1d', convTranspose1d, [2, 2, 4], [2, 3, 3], { stride: 3, padding: 1, outputPadding: 2 }],
  ['2d', convTranspose2d, [1, 4, 3, 2], [4, 1, 2, 3], { stride: [2, 1], groups: 2, dilation: [1, 2] }],
  ['2d, gaps between windows', convTranspose2d, [1, 2, 2, 2], [2, 2, 1, 1], { stride: 3 }],
  ['3d', convTranspose3d, [1, 2, 2, 2, 2], [2, 1, 2, 2, 1], { stride: [1, 2, 1], padding: [1, 0, 0] }],
];
const gradientCases = [
  ...forward.map(([name, f, x, w, options]) => [`conv${name}`, f, x, w, w[0] as number, options] as const),
  ...backward.map(([name, f, x, w, options]) => {
    const channels = (w[1] as number) * (options.groups ?? 1);
    return [`convTranspose${name}`, f, x, w, channels, options] as const;
  }),
];

for (const [name, f, x, w, channels, options] of gradientCases) {
  test(`${name}: gradients of first and second order`, () => {
    const inputs = [sample(x, 1), sample(w, 2), sample([channels], 3)];
    const run = (...[a, b, c]: Tensor[]) => f(a as Tensor, b as Tensor, c, options);
    checkGradients(run, inputs);
    second(run, inputs);
  });

  test(`${name}: channels last give the same bits and gradients`, () => {
    const [image, weight, bias] = [sample(x, 1), sample(w, 2), sample([channels], 3)];
    const want = f(image, weight, bias, options);
    const last = toLast(image).contiguous();
    const lastOptions = { ...options, channelsLast: true };
    const got = f(last, weight, bias, lastOptions);
    assert.equal(toFirst(got).tolist(), want.tolist());
    checkGradients((a, b, c) => f(a, b, c, lastOptions), [last, weight, bias]);
    // a view of another layout is as good as a copy
    assert.equal(f(toFirst(last), weight, bias, options).tolist(), want.tolist());
  });
}

test('a wide image, channels last or first, gives the same bits', () => {
  const [x, w] = [sample([3, 20, 9, 11]).to('float32'), sample([50, 20, 3, 3], 2).to('float32')];
  const want = conv2d(x, w, undefined, { padding: 1 });
  const got = conv2d(toLast(x).contiguous(), w, undefined, { padding: 1, channelsLast: true });
  assert.equal(toFirst(got).tolist(), want.tolist());
});

test('many channels: forward and gradient close to those in float64', () => {
  const [x, w] = [sample([3, 40, 9, 11]), sample([50, 40, 3, 3], 2)];
  const [single, double] = (['float32', 'float64'] as const).map((dtype) => {
    const [a, b] = [x.to(dtype).requiresGrad_(), w.to(dtype).requiresGrad_()];
    const y = conv2d(a, b, undefined, { padding: 1 });
    y.mul(sample(y.shape, 3).to(dtype)).sum().backward();
    return [y, a.grad as Tensor, b.grad as Tensor];
  }) as [Tensor[], Tensor[]];
  for (const [i, got] of single.entries()) {
    const want = double[i] as Tensor;
    const error = got.detach().to('float64').sub(want.detach()).abs().max().item();
    assert.ok(error < 1e-5 * want.detach().abs().max().item(), `result ${i}: off by ${error}`);
  }
});

test('a kernel of one 1 shifts the image', () => {
  const x = sample([2, 1, 5, 6]);
  const w = tensor([0, 0, 0, 0, 0, 1, 0, 0, 0], { dtype: 'float64' }).reshape([1, 1, 3, 3]);
  const y = conv2d(x, w, undefined, { padding: 1 });
  assert.equal(y.narrow(3, 0, 5).tolist(), x.narrow(3, 1, 5).tolist());
  assert.equal(y.narrow(3, 5, 1).tolist(), x.narrow(3, 0, 1).mul(0).tolist());
});

test('an image without a batch, and empty batches', () => {
  const [x, w] = [sample([2, 5, 5]), sample([3, 2, 3, 3], 2)];
  assert.equal(conv2d(x, w).tolist(), conv2d(x.unsqueeze(0), w).squeeze(0).tolist());
  const none = sample([0, 2, 5, 5]).requiresGrad_();
  const weight = w.clone().requiresGrad_();
  const y = conv2d(none, weight);
  assert.equal(y.shape, [0, 3, 3, 3]);
  y.sum().backward();
  assert.equal(weight.grad?.abs().sum().item(), 0);
});

test('half precision is computed in float32', () => {
  const [x, w] = [sample([1, 2, 4, 4]).to('bfloat16'), sample([2, 2, 3, 3], 2).to('bfloat16')];
  const y = conv2d(x, w);
  assert.is(y.dtype, 'bfloat16');
  assert.equal(y.tolist(), conv2d(x.to('float32'), w.to('float32')).to('bfloat16').tolist());
});

// Of so many channels that processors with instructions for it compute in bfloat16 itself.
const shortCases: [name: string, f: Run, x: number[], w: number[], options: nn.functional.ConvOptions][] = [
  ['conv1d', conv1d, [3, 20, 70], [24, 20, 5], { padding: 'same' }],
  ['conv1d, channels last', conv1d, [2, 9, 16], [10, 16, 2], { channelsLast: true, stride: 3 }],
  ['conv2d', conv2d, [2, 40, 9, 11], [33, 40, 3, 3], { padding: 1 }],
  ['conv2d, stride 2', conv2d, [2, 33, 9, 11], [40, 33, 3, 3], { padding: 1, stride: 2 }],
  ['conv2d, 1 x 1', conv2d, [2, 32, 5, 7], [48, 32, 1, 1], { stride: [2, 1] }],
  ['conv2d, groups', conv2d, [2, 48, 6, 5], [36, 16, 2, 3], { groups: 3, dilation: 2, padding: 2 }],
  ['conv2d, channels last', conv2d, [2, 7, 6, 20], [24, 20, 3, 2], { channelsLast: true, padding: [1, 0] }],
  ['conv2d, far reaching', conv2d, [1, 16, 2, 3], [16, 16, 2, 2], { padding: 1e6, dilation: 2e6 }],
  ['conv3d', conv3d, [1, 16, 5, 6, 7], [17, 16, 2, 3, 2], { padding: [1, 2, 0], stride: [1, 2, 3] }],
  ['convTranspose2d', convTranspose2d, [2, 24, 5, 4], [24, 20, 3, 3], { stride: 2, padding: 1 }],
];

for (const [name, f, xShape, wShape, options] of shortCases) {
  test(`${name} of bfloat16 and its gradients are float32's, rounded`, () => {
    const x = sample(xShape).to('bfloat16');
    const weight = sample(wShape, 2).to('bfloat16');
    const channels = name.startsWith('convT') ? (wShape[1] as number) : (wShape[0] as number);
    const run = (dtype: 'bfloat16' | 'float32') => {
      const inputs = [x, weight, sample([channels], 3).to('bfloat16')].map((t) => t.to(dtype).requiresGrad_());
      const y = f(inputs[0] as Tensor, inputs[1] as Tensor, inputs[2], options);
      y.backward({ gradient: sample(y.shape, 4).to('bfloat16').to(dtype) });
      return [y, ...inputs.map((t) => t.grad as Tensor)].map((t) => t.detach().to('float32'));
    };
    const exact = run('float32');
    for (const [i, short] of run('bfloat16').entries()) {
      const want = exact[i] as Tensor;
      // Half a unit in the last of eight bits, and the sums' own error.
      const bound = want
        .abs()
        .mul(2 ** -8)
        .add(
          want
            .abs()
            .max()
            .mul(2 ** -18),
        );
      assert.ok(short.sub(want).abs().le(bound).all().item(), ['y', 'x', 'weight', 'bias'][i]);
    }
  });
}

test('errors name the op, what came and what was expected', () => {
  const [x, w] = [sample([1, 2, 5, 5]), sample([3, 2, 3, 3], 2)];
  assert.throws(() => conv2d(sample([5]), w), /conv2d: expected an input of 3 or 4 dimensions, got shape \[5\]/);
  assert.throws(() => conv2d(x, sample([3, 1, 3, 3])), /\[1, 2, 5, 5\] has 2 channels.*expects 1/);
  assert.throws(() => conv2d(x, w, sample([2])), /expected a bias of shape \[3\], got \[2\]/);
  assert.throws(() => conv2d(x, w.to('float32')), /weight: expected the input's dtype float64, got float32/);
  assert.throws(() => conv2d(x, w, undefined, { dilation: 3 }), /does not fit into an input/);
  assert.throws(
    () => conv2d(x, w, undefined, { stride: 0 }),
    /stride: expected one or 2 integers of at least 1, got 0/,
  );
  assert.throws(() => conv2d(x, w, undefined, { padding: 'same', stride: 2 }), /padding 'same' takes a stride of 1/);
  assert.throws(() => conv2d(x, w, undefined, { groups: 2 ** 40 }), /groups/);
  assert.throws(() => convTranspose2d(sample([1, 3, 5, 5]), w, undefined, { outputPadding: 1 }), /outputPadding/);
});

test('layers print like PyTorch', () => {
  const text = (layer: nn.Module) => String(layer);
  assert.is(
    text(new nn.Conv2d(3, 4, 3, { padding: 1, paddingMode: 'reflect' })),
    'Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), padding_mode=reflect)',
  );
  assert.is(
    text(new nn.ConvTranspose1d(4, 6, 3, { stride: 2, outputPadding: 1, groups: 2, bias: false })),
    'ConvTranspose1d(4, 6, kernel_size=(3,), stride=(2,), output_padding=(1,), groups=2, bias=False)',
  );
  assert.is(
    text(new nn.Conv1d(3, 4, 3, { padding: 'same' })),
    'Conv1d(3, 4, kernel_size=(3,), stride=(1,), padding=same)',
  );
  assert.is(text(new nn.MaxPool2d(2)), 'MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)');
  assert.is(text(new nn.AvgPool1d(2)), 'AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))');
  assert.is(text(new nn.AdaptiveAvgPool2d([1, null])), 'AdaptiveAvgPool2d(output_size=(1, None))');
});

test.run();
