// SPDX-License-Identifier: MIT
import { manualSeed, ones, randn, ShapeError, type Tensor, tensor, zeros } from 'cresset';
import * as keras from 'cresset/keras';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, reference, toTensor } from './models-reference.js';

const { layers } = keras;
type Make = (...args: unknown[]) => keras.layers.Layer;

for (const found of reference.layers) {
  const what = `${found.layer}(${found.args.map((arg) => JSON.stringify(arg)).join(', ')}) on [${found.inputs.shape}]`;
  test(`${what} as Keras computes it`, () => {
    const layer = (layers as unknown as Record<string, Make>)[found.layer]?.(...found.args) as keras.layers.Layer;
    const x = toTensor(found.inputs, found.layer === 'embedding' ? 'int64' : 'float32');
    layer.buildFor([null, ...x.shape.slice(1)]);
    assert.equal(
      layer.weights.map((weight) => weight.name),
      found.names,
    );
    layer.setWeights(found.weights.map((weight) => toTensor(weight)));
    assertClose(layer.apply(x), found.outputs, `${what}: outputs`);
    assertClose(layer.apply(x, { training: true }), found.trainingOutputs, `${what}: in training`);
    found.weightsAfter.forEach((weight, i) => {
      assertClose(layer.getWeights()[i] as Tensor, weight, `${what}: weight ${i} after`);
    });
    assert.equal(layer.computeOutputShape([null, ...x.shape.slice(1)]), found.outputShape);
  });
}

test('integers go through every layer as numbers', () => {
  const x = tensor([[1, 2, 3]], { dtype: 'uint8' });
  for (const layer of [layers.dense(2), layers.batchNormalization(), layers.softmax(), layers.dropout(0.5)]) {
    assert.is(layer.apply(x, { training: true }).dtype, 'float32');
  }
});

test('dropout keeps the mean, draws anew, and obeys its seed and its noise shape', () => {
  const x = ones([100, 50]);
  const layer = layers.dropout(0.4);
  assert.is(layer.apply(x), x);
  const [a, b] = [layer.apply(x, { training: true }), layer.apply(x, { training: true })];
  assert.ok(Math.abs(a.mean().item() - 1) < 0.05);
  assert.not.equal(a.tolist(), b.tolist());
  assert.equal(new Set(a.toTypedArray() as Float32Array).size, 2);
  const draw = () => layers.dropout(0.4, { seed: 3 }).apply(x, { training: true }).tolist();
  manualSeed(1);
  const first = draw();
  assert.equal(draw(), first);
  const rows = layers.dropout(0.5, { noiseShape: [null, 1] }).apply(x, { training: true });
  assert.ok(
    rows
      .eq(rows.narrow(1, 0, 1))
      .all()
      .item(),
  );
});

test('noise has the mean and the spread it is given, in training only', () => {
  manualSeed(2);
  const x = zeros([200, 200]);
  const noisy = layers.gaussianNoise(0.5).apply(x, { training: true });
  assert.ok(Math.abs(noisy.mean().item()) < 0.01 && Math.abs(noisy.std().item() - 0.5) < 0.01);
  assert.is(layers.gaussianNoise(0.5).apply(x), x);
  const scaled = layers.gaussianDropout(0.2).apply(ones([200, 200]), { training: true });
  assert.ok(Math.abs(scaled.mean().item() - 1) < 0.01 && Math.abs(scaled.std().item() - 0.5) < 0.01);
});

test('a frozen batch normalisation uses its moving statistics in training, too', () => {
  const layer = layers.batchNormalization({ trainable: false });
  const x = randn([8, 3]);
  assert.equal(layer.apply(x, { training: true }).tolist(), layer.apply(x).tolist());
  assert.equal(layer.trainableWeights, []);
  assert.is(layer.nonTrainableWeights.length, 4);
});

test('names are those of Keras', () => {
  keras.utils.clearSession();
  const made = [layers.dense(1), layers.dense(1), layers.reLU(), layers.leakyReLU(), layers.batchNormalization()];
  assert.equal(
    made.map((layer) => layer.name),
    ['dense', 'dense_1', 're_lu', 'leaky_re_lu', 'batch_normalization'],
  );
  assert.is(layers.dense(1, { name: 'own' }).name, 'own');
});

test('a layer of your own has weights, layers below it and a place in a model', () => {
  class Scale extends keras.layers.Layer {
    factor: keras.Variable | undefined;
    inner = layers.dense(2, { kernelInitializer: 'ones' });
    override build() {
      this.factor = this.addWeight('factor', [1], { initializer: 'ones', regularizer: 'l2' });
    }
    call(x: Tensor) {
      return this.inner.apply(x).mul(this.factor as Tensor);
    }
    override computeOutputShape() {
      return [null, 2];
    }
  }
  const layer = new Scale();
  assert.equal(layer.apply(tensor([[1, 2, 3]], { dtype: 'float32' })).tolist(), [[6, 6]]);
  assert.equal(
    layer.weights.map((weight) => weight.name),
    ['factor', 'kernel', 'bias'],
  );
  assert.is(layer.countParams(), 9);
  assert.ok(Math.abs((layer.losses[0] as Tensor).item() - 0.01) < 1e-8);
  layer.trainable = false;
  assert.is(layer.inner.trainable, false);
  assert.equal([layer.trainableWeights, layer.losses], [[], []]);
});

test('what does not fit is told with the layer, what came and what was expected', () => {
  const dense = layers.dense(2, { name: 'fc' });
  dense.apply(ones([1, 3]));
  assert.throws(() => dense.apply(ones([1, 4])), /fc: expected inputs of shape \(None, …, 3\), got \[1, 4\]/);
  assert.throws(() => layers.dense(0), /dense: units: expected an integer of at least 1, got 0/);
  assert.throws(() => layers.dense(2, { activation: 'rleu' as 'relu' }), /rleu/);
  assert.throws(() => layers.dropout(2), /dropout: rate/);
  assert.throws(
    () => layers.reshape([2, 2]).apply(ones([1, 3])),
    (e: Error) => e instanceof ShapeError,
  );
  assert.throws(
    () => dense.setWeights([ones([3, 2]), ones([3])]),
    /value 1 \(bias\): expected shape \[2\], got shape \[3\]/,
  );
  assert.equal(dense.bias?.tolist(), [0, 0]);
  assert.throws(() => layers.dense(2).countParams(), /no weights yet/);
  assert.throws(() => dense.apply([[1, 2, 3]] as unknown as Tensor), /inputs: expected a Tensor, got object/);
});

test('a configuration says what a layer was made with', () => {
  assert.equal(layers.dense(3, { name: 'd', activation: 'relu', kernelRegularizer: 'l2' }).getConfig(), {
    name: 'd',
    trainable: true,
    units: 3,
    activation: 'relu',
    useBias: true,
    kernelInitializer: {
      className: 'GlorotUniform',
      config: (layers.dense(1).getConfig().kernelInitializer as { config: unknown }).config,
    },
    biasInitializer: { className: 'Zeros', config: {} },
    kernelRegularizer: { l1: 0, l2: 0.01 },
    biasRegularizer: null,
  });
});

test.run();
