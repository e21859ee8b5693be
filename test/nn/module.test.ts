// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';
import * as cr from 'cresset';
import { nn, type Tensor } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

class Net extends nn.Module {
  flatten = new nn.Flatten();
  fc1 = new nn.Linear(28 * 28, 128);
  dropout = new nn.Dropout(0.2);
  fc2 = new nn.Linear(128, 10);
  forward(x: Tensor) {
    return this.fc2.forward(this.dropout.forward(this.fc1.forward(this.flatten.forward(x)).relu()));
  }
}

class Scaled extends nn.Module {
  inner = new nn.Linear(2, 2, { bias: false });
  scale = new nn.Parameter(cr.ones([2]));
  notMine = cr.ones([2]);
  constructor() {
    super();
    this.registerBuffer('count', cr.tensor([0]));
    this.registerBuffer('scratch', cr.zeros([1]), { persistent: false });
  }
  forward(x: Tensor) {
    return this.inner.forward(x).mul(this.scale);
  }
}

const names = (entries: [string, unknown][]) => entries.map(([name]) => name);
const values = (x: Tensor) => Array.from(x.toTypedArray(), Number);

test("it prints as PyTorch's module does", () => {
  assert.is(
    inspect(new Net()),
    `Net(
  (flatten): Flatten(start_dim=1, end_dim=-1)
  (fc1): Linear(in_features=784, out_features=128, bias=True)
  (dropout): Dropout(p=0.2, inplace=False)
  (fc2): Linear(in_features=128, out_features=10, bias=True)
)`,
  );
  const relus = new nn.ModuleList([new nn.ReLU(), new nn.ReLU(), new nn.Softmax(1)]);
  assert.is(
    String(new nn.Sequential(new nn.Identity(), relus as unknown as nn.Layer)),
    `Sequential(
  (0): Identity()
  (1): ModuleList(
    (0-1): 2 x ReLU()
    (2): Softmax(dim=1)
  )
)`,
  );
  assert.is(String(new nn.Unflatten(1, [2, 3])), 'Unflatten(dim=1, unflattened_size=(2, 3))');
  assert.is(String(new nn.GELU()), "GELU(approximate='none')");
  assert.is(String(new nn.Dropout()), 'Dropout(p=0.5, inplace=False)');
});

test('parameters, buffers and modules are found with their names, in order', () => {
  const net = new Scaled();
  assert.equal(names(net.namedParameters()), ['scale', 'inner.weight']);
  assert.equal(names(net.namedBuffers()), ['count', 'scratch']);
  assert.equal(names(net.namedModules()), ['', 'inner']);
  assert.equal(names(net.namedChildren()), ['inner']);
  assert.equal(Object.keys(net.stateDict()), ['scale', 'count', 'inner.weight']);
  assert.ok(net.scale instanceof nn.Parameter && net.scale instanceof cr.Tensor);
  assert.not.ok(net.notMine instanceof nn.Parameter);
  assert.ok(net.parameters().every((x) => x.requiresGrad && x.isLeaf));
});

test('shared parts appear once among the parameters, twice in the state', () => {
  const layer = new nn.Linear(2, 2);
  const both = new nn.Sequential(layer, new nn.ReLU(), layer);
  assert.is(both.parameters().length, 2);
  assert.is(both.modules().length, 3);
  assert.is(Object.keys(both.stateDict()).length, 4);
});

test('train, eval, apply, requiresGrad_ and zeroGrad reach everything', () => {
  const net = new Net();
  assert.ok(net.training);
  net.eval();
  assert.ok(net.modules().every((module) => !module.training));
  net.train();
  assert.ok(net.dropout.training);
  const visited: string[] = [];
  net.apply((module) => visited.push(module.constructor.name));
  assert.equal(visited, ['Flatten', 'Linear', 'Dropout', 'Linear', 'Net']);
  net
    .forward(cr.zeros([2, 28, 28]))
    .sum()
    .backward();
  assert.ok(net.parameters().every((x) => x.grad));
  net.zeroGrad();
  assert.ok(net.parameters().every((x) => !x.grad));
  net.requiresGrad_(false);
  assert.ok(net.parameters().every((x) => !x.requiresGrad));
});

test('a state dict shares memory and loads into another module', () => {
  const [a, b] = [new Net(), new Net()];
  const result = b.loadStateDict(a.stateDict());
  assert.equal(result, { missingKeys: [], unexpectedKeys: [] });
  const x = cr.randn([3, 784]);
  assert.equal(values(b.eval().forward(x)), values(a.eval().forward(x)));
  a.stateDict()['fc2.bias']?.copy_(7);
  assert.is(a.fc2.bias?.select(0, 0).item(), 7);
});

test('what does not fit is listed, and nothing is changed', () => {
  const net = new nn.Linear(2, 3);
  const before = values(net.weight);
  const record = { weight: cr.ones([3, 2]), bias: cr.ones([2]), other: cr.ones([1]) };
  assert.throws(
    () => net.loadStateDict(record),
    (error: Error) =>
      error instanceof cr.CheckpointError &&
      /Error\(s\) in loading state_dict for Linear/.test(error.message) &&
      /Unexpected key\(s\) in state_dict: "other"/.test(error.message) &&
      /size mismatch for bias: copying a param with shape \[2\]/.test(error.message),
  );
  assert.throws(() => net.loadStateDict({ weight: cr.ones([3, 2]) }), /Missing key\(s\) in state_dict: "bias"/);
  assert.equal(values(net.weight), before);
  const { missingKeys } = net.loadStateDict({ weight: cr.ones([3, 2]) }, { strict: false });
  assert.equal(missingKeys, ['bias']);
  assert.equal(values(net.weight), [1, 1, 1, 1, 1, 1]);
});

test('to converts floats, keeps sharing, gradients and what is a parameter', () => {
  const net = new Scaled();
  net.scale.grad = cr.ones([2]);
  const before = net.inner.weight;
  net.to('float64');
  assert.is(net.scale.dtype, 'float64');
  assert.is(net.scale.grad?.dtype, 'float64');
  assert.is((net as unknown as { count: Tensor }).count.dtype, 'int64');
  assert.is.not(net.inner.weight, before);
  assert.is(net.parameters().length, 2);
  assert.is(net.to('cpu'), net);
  assert.throws(() => net.to('cuda'), /no CUDA/);
  assert.throws(() => net.to('float' as 'float32'), /expected a dtype or a device, got float/);
});

test('hooks run around forward in order, change values and can be removed', () => {
  const layer = new nn.Identity();
  const seen: string[] = [];
  const pre = layer.registerForwardPreHook((_module, [x]) => {
    seen.push('pre');
    return [(x as Tensor).add(1)];
  });
  const post = layer.registerForwardHook((module, _args, output) => {
    seen.push('post');
    assert.is(module, layer);
    return (output as Tensor).mul(10);
  });
  assert.is(layer.forward(cr.tensor(1)).item(), 20);
  pre.remove();
  assert.is(layer.forward(cr.tensor(1)).item(), 10);
  post.remove();
  assert.is(layer.forward(cr.tensor(1)).item(), 1);
  assert.equal(seen, ['pre', 'post', 'post']);
  assert.equal(layer.namedChildren(), []);
});

test('containers', () => {
  const list = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 1)]);
  assert.is(list.length, 2);
  assert.is(list.at(-1).outFeatures, 1);
  assert.equal(
    [...list].map((layer) => layer.outFeatures),
    [2, 1],
  );
  assert.equal(names(list.namedParameters()), ['0.weight', '0.bias', '1.weight', '1.bias']);
  assert.throws(() => list.at(2), /index 2 is out of range for 2 modules/);
  const named = new nn.Sequential({ a: new nn.Linear(2, 3), b: new nn.ReLU() });
  assert.equal(named.forward(cr.ones([1, 2])).shape, [1, 3]);
  assert.equal(names(named.namedParameters()), ['a.weight', 'a.bias']);
  const dict = new nn.ModuleDict({ left: new nn.ReLU(), right: new nn.Tanh() });
  assert.equal(dict.keys(), ['left', 'right']);
  assert.ok(dict.get('left') instanceof nn.ReLU);
  assert.is(dict.get('forward'), undefined);
  assert.throws(() => dict.set('forward', new nn.ReLU()), /'forward' is a method/);
  assert.throws(() => dict.set('a.b', new nn.ReLU()), /without a dot/);
  const weights = new nn.ParameterList([new nn.Parameter(cr.ones([1]))]);
  assert.is(weights.parameters().length, 1);
  assert.throws(() => weights.append(cr.ones([1])), /nn.Parameter/);
});

test.run();
