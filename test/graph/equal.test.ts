// SPDX-License-Identifier: MIT
// suites: isa sanitizer
// Compiled equals eager, bit for bit.
import { createHash } from 'node:crypto';
import {
  cat,
  compile,
  grad,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  type Tensor,
  tensor,
  where,
  zeros,
} from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

type Step = (...args: Tensor[]) => Tensor | Tensor[];

const bits = (x: Tensor) => createHash('sha1').update(new Uint8Array(x.toTypedArray().buffer)).digest('hex');

/** Builds the same program twice, runs it `steps` times eagerly and compiled, and compares results and state. */
function compare(build: () => { step: Step; state: () => Tensor[] }, inputs: () => Tensor[], steps = 5): void {
  manualSeed(3);
  const batches = Array.from({ length: steps }, inputs);
  const run = (wrap: (step: Step) => Step) => {
    manualSeed(7);
    const { step, state } = build();
    const wrapped = wrap(step);
    const seen = batches.map((batch) => [wrapped(...batch.map((x) => x.clone()))].flat().map(bits));
    return [seen, state().map(bits)];
  };
  assert.equal(
    run((step) => compile(step)),
    run((step) => step),
  );
}

class Mlp extends nn.Module {
  fc1 = new nn.Linear(12, 16);
  norm = new nn.BatchNorm1d(16);
  dropout = new nn.Dropout(0.3);
  fc2 = new nn.Linear(16, 5);
  forward(x: Tensor) {
    return this.fc2.forward(this.dropout.forward(this.norm.forward(this.fc1.forward(x)).relu()));
  }
}
const batch = () => [randn([6, 12]), randint(0, 5, [6])];

function training(make: (params: Tensor[]) => optim.Optimizer<{ lr: number }>, clip = false) {
  const model = new Mlp();
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = make(model.parameters());
  const step = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    if (clip) nn.utils.clipGradNorm_(model.parameters(), 0.5);
    optimizer.step();
    return loss;
  };
  const gradients = () => model.parameters().map((p) => p.grad as Tensor);
  const state = () => [
    ...Object.values(model.stateDict()),
    ...gradients(),
    ...[...optimizer.state.values()].flatMap((own) => Object.values(own)),
  ];
  return { step: step as Step, state };
}

const make = <O>(Optimizer: new (params: Tensor[], options?: O) => unknown, options?: O) => [
  Optimizer.name,
  (params: Tensor[]) => new Optimizer(params, options) as optim.Optimizer<{ lr: number }>,
];
const optimizers = [
  make(optim.SGD, { lr: 0.1 }),
  make(optim.SGD, { lr: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }),
  make(optim.SGD, { lr: 0.1, momentum: 0.9, nesterov: true, maximize: true }),
  make(optim.Adam),
  make(optim.Adam, { amsgrad: true, weightDecay: 0.1 }),
  make(optim.AdamW, { lr: 0.01 }),
  make(optim.Adagrad, { lrDecay: 0.1, weightDecay: 0.01 }),
  make(optim.Adadelta),
  make(optim.RMSprop, { momentum: 0.9, centered: true }),
  make(optim.Adamax),
  make(optim.RAdam, { betas: [0.9, 0.7] }),
  make(optim.NAdam, { weightDecay: 0.01, decoupledWeightDecay: true }),
  make(optim.Rprop),
  make(optim.ASGD, { t0: 2 }),
] as [string, (params: Tensor[]) => optim.Optimizer<{ lr: number }>][];

optimizers.forEach(([name, create], i) => {
  test(`${name} (${i}): five first steps, with batch norm and dropout`, () => compare(() => training(create), batch));
});

test('every optimizer is among them', () => {
  const concrete = Object.keys(optim).filter((name) => /^[A-Z]/.test(name) && name !== 'Optimizer');
  const tested = new Set([...optimizers.map(([name]) => name), 'Muon']);
  assert.equal(
    concrete.filter((name) => !tested.has(name)),
    [],
  );
});

test('Muon and clipped gradients', () => {
  compare(() => training((params) => new optim.SGD(params, { lr: 0.5 }), true), batch);
  const build = () => {
    const w = randn([12, 5]).requiresGrad_();
    const optimizer = new optim.Muon([w]);
    const step = (x: Tensor) => {
      optimizer.zeroGrad();
      const loss = x.matmul(w).square().mean();
      loss.backward();
      optimizer.step();
      return loss;
    };
    return { step: step as Step, state: () => [w] };
  };
  compare(build, batch);
});

class Cnn extends nn.Module {
  conv1 = new nn.Conv2d(1, 6, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(6);
  pool = new nn.MaxPool2d(2);
  conv2 = new nn.Conv2d(6, 8, 3, { stride: 2 });
  fc = new nn.Linear(8 * 2 * 2, 5);
  forward(x: Tensor) {
    const y = this.pool.forward(this.norm.forward(this.conv1.forward(x)).relu());
    return this.fc.forward(this.conv2.forward(y).relu().flatten(1));
  }
}
class Lstm extends nn.Module {
  lstm = new nn.LSTM(6, 10, { numLayers: 2, batchFirst: true, dropout: 0.2 });
  gru = new nn.GRU(10, 7, { batchFirst: true });
  fc = new nn.Linear(7, 5);
  forward(x: Tensor) {
    const [y] = this.lstm.forward(x);
    const [z] = this.gru.forward(y);
    return this.fc.forward(z.select(1, -1));
  }
}
class Gpt extends nn.Module {
  tokens = new nn.Embedding(11, 16);
  block = new nn.TransformerEncoderLayer(16, 4, {
    dimFeedforward: 32,
    batchFirst: true,
    activation: 'gelu',
    dropout: 0.1,
  });
  norm = new nn.LayerNorm(16);
  head = new nn.Linear(16, 5);
  forward(x: Tensor) {
    return this.head.forward(this.norm.forward(this.block.forward(this.tokens.forward(x))).mean(1));
  }
}
const models: [string, () => nn.Module & { forward(x: Tensor): Tensor }, () => Tensor][] = [
  ['a CNN', () => new Cnn(), () => randn([4, 1, 10, 10])],
  ['LSTM and GRU', () => new Lstm(), () => randn([4, 9, 6])],
  ['a transformer', () => new Gpt(), () => randint(0, 11, [4, 7])],
];
for (const [name, create, input] of models) {
  test(`${name} under AdamW`, () => {
    const build = () => {
      const model = create();
      const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
      const step = (x: Tensor, y: Tensor) => {
        optimizer.zeroGrad();
        const loss = new nn.CrossEntropyLoss().forward(model.forward(x), y);
        loss.backward();
        optimizer.step();
        return loss;
      };
      return { step: step as Step, state: () => Object.values(model.stateDict()) };
    };
    compare(build, () => [input(), randint(0, 5, [4])]);
  });
}

test('attention writes where its results are only copied to', () => {
  const attend = (qkv: Tensor) => {
    const heads = qkv.view([2, 5, 3, 2, 4]).permute([2, 0, 3, 1, 4]);
    const [q, k, v] = heads.unbind(0) as [Tensor, Tensor, Tensor];
    return nn.functional.scaledDotProductAttention(q, k, v, { isCausal: true });
  };
  const merged = (y: Tensor) => y.transpose(1, 2).reshape([2, 5, -1]);
  // Of the copies two join the gradients of q, k and v of one projection.
  const uses: [copies: number, use: (y: Tensor, z: Tensor) => Tensor][] = [
    [3, (y) => merged(y)],
    [2, (y) => y.permute([3, 1, 0, 2]).reshape([8, -1])], // no rows are left
    [6, (y, z) => merged(cat([y, z], 1))],
    [3, (y) => merged(cat([y, y], 1))], // in two places
    [2, (y) => merged(y).add(y.sum())], // read by others too
  ];
  for (const [copies, use] of uses) {
    const weight = randn([7, 24]).requiresGrad_();
    const step = (x: Tensor) => {
      const qkv = x.matmul(weight);
      const y = use(attend(qkv), attend(qkv.neg()));
      return [y.sum(), ...grad(y.square().sum(), weight)] as Tensor[];
    };
    const compiled = compile(step);
    for (let i = 0; i < 3; i++) {
      const x = randn([2, 5, 7]);
      assert.equal(compiled(x).map(bits), step(x).map(bits));
    }
    assert.is(compile.explain(compiled).programs[0]?.copies, copies);
  }
});

test('higher orders, with arguments that require gradients', () => {
  const build = () => {
    const w = randn([12, 3]).requiresGrad_();
    const step = (x: Tensor) => {
      const input = x.detach().requiresGrad_();
      const [first] = grad(input.matmul(w).tanh().pow(3).sum(), input, { createGraph: true }) as [Tensor];
      const [second] = grad(first.square().sum(), w) as [Tensor];
      return [first, second];
    };
    return { step: step as Step, state: () => [w] };
  };
  compare(build, batch);
  const penalty = (x: Tensor) => {
    x.grad = undefined;
    const [g] = grad(x.exp().sum(), x, { createGraph: true }) as [Tensor];
    g.square().sum().backward();
    return x.grad as unknown as Tensor;
  };
  const x = randn([4]).requiresGrad_();
  const eager = bits(penalty(x));
  const compiled = compile(penalty);
  assert.is(bits(compiled(x)), eager);
  const [first, other] = [x.grad as unknown as Tensor, randn([4]).requiresGrad_()];
  compiled(other);
  assert.is(bits(first), eager, 'a gradient of an argument is not another argument’s');
  assert.is(bits(other.grad as unknown as Tensor), bits(other.detach().mul(2).exp().mul(2)));
});

test('views, writes through views, and writes to arguments', () => {
  const build = () => {
    const table = zeros([4, 6]);
    const step = (x: Tensor) => {
      const rows = x.reshape([6, 3, 4]).permute([1, 0, 2]).select(2, 1);
      table
        .narrow(0, 1, 2)
        .select(1, 2)
        .add_(rows.sum([0, 1]));
      const copy = x.clone();
      copy.slice(0, 0, 2).mul_(3);
      copy.t().select(0, 0).copy_(7);
      copy.reshape([-1]).slice(0, 5, 9).copy_(0);
      x.add_(1).div_(2);
      return [copy, rows, x.t().exp(), cat([copy, x], 0).argmax(0)];
    };
    return { step: step as Step, state: () => [table] };
  };
  compare(build, () => [randn([6, 12])]);
});

for (const dtype of ['float32', 'float64', 'bfloat16', 'int32', 'uint8'] as const) {
  test(`chains of elementwise calls on ${dtype}: broadcast, strided, converted, written in place`, () => {
    const build = () => {
      const state = zeros([37, 531], { dtype });
      const step = (a: Tensor, b: Tensor, row: Tensor, column: Tensor) => {
        const x = a.mul(3).add(row).sub(column).maximum(b.t());
        const chosen = where(x.gt(b.t()).logicalAnd(a.ne(0)), x.neg(), row);
        const y = chosen.to('float32').sigmoid().mul(a.to('float32')).exp();
        state.add_(x).mul_(2).copy_(state.minimum(chosen));
        const half = state.narrow(1, 3, 200);
        half.sub_(x.narrow(1, 5, 200)).mul_(half);
        return [y, chosen.abs(), y.isfinite().sum(), y.log().to(dtype), half.add(1), a.add(1).mul(2).sum(0)];
      };
      return { step: step as Step, state: () => [state] };
    };
    const random = (shape: number[]) => randn(shape).mul(9).abs().to(dtype);
    compare(build, () => [random([37, 531]), random([531, 37]), random([531]), random([37, 1])], 3);
  });
}

test('a loop of several results overwrites an argument only when no later step reads it', () => {
  const w = randn([32, 32]);
  const step = (x: Tensor) => {
    const y = x.matmul(w);
    const [early, late] = [y.exp(), y.mul(3)];
    const z = late.add(early);
    return [early.matmul(w), late.matmul(w), z.matmul(w)];
  };
  compare(
    () => ({ step, state: () => [] }),
    () => [randn([32, 32])],
  );
});

test('long chains, and scalars', () => {
  const build = () => {
    const step = (x: Tensor) => {
      let y = x;
      let z = x.select(0, 0).select(0, 0);
      for (let i = 0; i < 50; i++) {
        y = y.mul(0.9).add(x).tanh();
        z = z.add(i).div(2);
      }
      const many = Array.from({ length: 30 }, (_, i) => x.add(i).mul(y));
      return [y, z, ...many, many.reduce((sum, part) => sum.add(part), y)];
    };
    return { step: step as Step, state: () => [] };
  };
  compare(build, () => [randn([300, 700])], 2);
});

test('the same call before and after a change of its argument is two', () => {
  const build = () => {
    const w = randn([8]);
    const step = (x: Tensor) => {
      const before = w.mul(x);
      w.add_(1);
      return [before.sub(1), w.mul(x).sub(2)];
    };
    return { step: step as Step, state: () => [w] };
  };
  compare(build, () => [randn([8])]);
});

test('one’s own names for one result: what is returned is not written again', () => {
  const w = tensor([1, 2]).to('float32');
  const step = compile((x: Tensor) => {
    const y = x.mul(2);
    w.add_(y);
    return { y, same: y, view: y.select(0, 1), w };
  });
  const a = step(tensor([1, 1]).to('float32'));
  const b = step(tensor([5, 5]).to('float32'));
  assert.equal(a.y.tolist(), [2, 2]);
  assert.equal([b.y.tolist(), b.view.item()], [[10, 10], 10]);
  assert.ok(b.w.add(0).eq(w).all().item());
  assert.equal(w.tolist(), [13, 14]);
});

test('gradients accumulate over calls, whoever clears them', () => {
  const run = (wrap: (step: (x: Tensor) => void) => (x: Tensor) => void) => {
    manualSeed(1);
    const w = randn([3]).requiresGrad_();
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    const step = wrap((x) => w.mul(x).square().sum().backward());
    const seen: unknown[] = [];
    for (let i = 0; i < 9; i++) {
      step(randn([3]));
      seen.push(w.grad?.tolist());
      if (i % 3 < 2) continue;
      optimizer.step();
      optimizer.zeroGrad();
    }
    return [seen, w.tolist()];
  };
  assert.equal(
    run((step) => compile(step)),
    run((step) => step),
  );
});

test('random numbers are those of eager calls, in any mixture', () => {
  const layer = new nn.Dropout(0.5);
  const draw = (x: Tensor) => layer.forward(x).add(randn([8]));
  const compiled = compile(draw);
  const x = randn([8]);
  const run = (calls: ((x: Tensor) => Tensor)[]) => {
    manualSeed(11);
    return calls.map((call) => bits(call(x)));
  };
  assert.equal(run([compiled, draw, compiled, compiled, draw]), run([draw, draw, draw, draw, draw]));
});

test('train and eval steps share weights', () => {
  manualSeed(5);
  const model = new Mlp();
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const train = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const test = compile((x: Tensor) => noGrad(() => model.forward(x)));
  const [x, y] = batch() as [Tensor, Tensor];
  for (let i = 0; i < 3; i++) {
    model.train();
    train(x, y);
    model.eval();
    assert.is(bits(test(x)), bits(noGrad(() => model.forward(x))));
  }
  assert.is(compile.explain(train).programs.length, 1);
});

test('a changed rate, a schedule and a loaded state need no other recording, or get one', () => {
  const run = (wrap: (step: Step) => Step) => {
    manualSeed(2);
    const w = randn([4, 4]).requiresGrad_();
    const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9 });
    const second = new optim.RMSprop([w], { lr: 0.01 });
    const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
    const step = wrap((x) => {
      optimizer.zeroGrad();
      const loss = x.matmul(w).square().sum();
      loss.backward();
      optimizer.step();
      second.step();
      return loss;
    });
    for (let i = 0; i < 6; i++) {
      step(randn([2, 4]));
      schedule.step();
      (second.paramGroups[0] as { lr: number }).lr *= 0.5;
      if (i === 3) optimizer.loadStateDict(optimizer.stateDict());
    }
    return { step, values: bits(w) };
  };
  const compiled = run((step) => compile(step) as Step);
  assert.is(compiled.values, run((step) => step).values);
  assert.is(
    compile.explain(compiled.step as never).programs.length,
    2,
    'one before and one after the state was loaded',
  );
});

test.run();
