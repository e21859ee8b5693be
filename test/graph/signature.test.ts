// SPDX-License-Identifier: MIT
import { compile, nn, noGrad, ones, randn, Tensor, tensor, zeros } from 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const programs = (step: unknown) => compile.explain(step as never).programs.length;

test('one recording for each combination of shapes, dtypes, constants and structure', () => {
  let recorded = 0;
  const step = compile((x: Tensor, options: { scale: number; parts?: Tensor[] }) => {
    recorded++;
    return (options.parts ?? []).reduce((sum, part) => sum.add(part), x.mul(options.scale));
  });
  const calls: (() => Tensor)[] = [
    () => step(ones([2]), { scale: 2 }),
    () => step(ones([3]), { scale: 2 }),
    () => step(ones([3], { dtype: 'float64' }), { scale: 2 }),
    () => step(ones([2]), { scale: 3 }),
    () => step(ones([2]), { scale: 3, parts: [ones([2])] }),
    () => step(ones([2]), { scale: 3, parts: [ones([2]), ones([2])] }),
    () => noGrad(() => step(ones([2]), { scale: 2 })),
  ];
  const sums = () => calls.map((call) => call().sum().item());
  assert.equal(sums(), [4, 6, 6, 6, 8, 10, 4]);
  assert.equal(sums(), [4, 6, 6, 6, 8, 10, 4]);
  assert.is(recorded, 7);
  assert.is(programs(step), 7);
});

test('results: tensors, numbers, arrays, records, nothing', () => {
  const x = tensor([1, 2]);
  assert.is(compile(() => undefined)(), undefined);
  assert.is(compile((y: Tensor) => y.size(0))(x), 2);
  const result = compile((y: Tensor) => ({ twice: y.mul(2), list: [y, 'name', [y.sum()]] as const }))(x);
  assert.equal(result.twice.tolist(), [2, 4]);
  assert.equal([result.list[0].tolist(), result.list[1], result.list[2][0].item()], [[1, 2], 'name', 3]);
});

test('training mode, frozen leaves and gradients that are there belong to the signature', () => {
  const layer = new nn.Linear(2, 2);
  const dropout = new nn.Dropout(0.5);
  const step = compile((x: Tensor) => {
    const y = dropout.forward(layer.forward(x)).sum();
    if (y.requiresGrad) y.backward();
    return y;
  });
  const x = ones([1, 2]);
  step(x);
  assert.is(programs(step), 1);
  step(x);
  assert.is(programs(step), 2, 'a gradient to add to');
  step(x);
  assert.is(programs(step), 2);
  dropout.eval();
  step(x);
  assert.is(programs(step), 3);
  for (const p of layer.parameters()) p.requiresGrad_(false);
  step(x);
  assert.is(programs(step), 4);
});

test('a compiled function inside another is part of it; parameters may be arguments', () => {
  const square = compile((x: Tensor) => x.mul(x));
  const outer = compile((x: Tensor) => square(x).add(1));
  assert.is(outer(tensor([3])).item(), 10);
  assert.is(programs(square), 0);
  const p = new nn.Parameter(tensor([2]).to('float32'));
  const grow = compile((w: Tensor) => noGrad(() => w.add_(1)));
  grow(p);
  grow(p);
  assert.is(p.item(), 4);
});

test('strided arguments and empty ones', () => {
  const step = compile((x: Tensor) => x.mul(2));
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  assert.equal(step(x).tolist(), [
    [2, 4],
    [6, 8],
  ]);
  assert.equal(step(x.t()).tolist(), [
    [2, 6],
    [4, 8],
  ]);
  assert.equal(step(x.slice(0, 1, 2)).tolist(), [[6, 8]]);
  assert.equal(step(zeros([0, 2])).shape, [0, 2]);
});

test('explain tells what was recorded, from where, and the memory', () => {
  const step = compile((x: Tensor) => x.exp().add(1).log().sum());
  step(ones([1000]));
  const explanation = compile.explain(step);
  const [program] = explanation.programs;
  assert.is(program?.recorded, 4);
  assert.ok(program?.ops.every(({ at }) => /signature\.test\.(js|ts):\d+/.test(at ?? '')));
  assert.ok((program?.memory.after ?? 0) < (program?.memory.before ?? 0));
  assert.match(String(explanation), /4 recorded/);
});

test('an activation goes into the product before it', () => {
  const layer = new nn.Linear(5, 7);
  const step = compile((x: Tensor) => layer.forward(x).relu());
  const x = ones([3, 5]);
  assert.equal(step(x).tolist(), layer.forward(x).relu().tolist());
  const [program] = compile.explain(step).programs;
  assert.equal(program?.fused, ['linear relu']);
  assert.equal(
    program?.ops.map(({ op }) => op),
    ['linear_relu'],
  );
});

test('a residual goes into the product before it, where it is there and lies as the product does', () => {
  const square = new nn.Linear(6, 6);
  const [x, kept, turned] = [randn([4, 6]), randn([2, 2, 2]), randn([6, 4]).t()];
  const cases: [joined: string | undefined, f: (x: Tensor) => Tensor][] = [
    ['linear add', (a) => square.forward(a).add(a)],
    ['linear add', (a) => a.add(square.forward(a))],
    ['linear add', (a) => square.forward(a.view([2, 2, 6])).add(a.view([2, 2, 6]))],
    ['linear add', (a) => square.forward(a).add(square.forward(a.neg()))],
    ['matmul add', (a) => a.matmul(square.weight).add(a)],
    [
      'matmul add',
      (a) =>
        a
          .view([2, 2, 6])
          .matmul(a.view([2, 6, 2]))
          .add(kept),
    ],
    [undefined, (a) => square.forward(a).add(a.exp())],
    [undefined, (a) => square.forward(a).add(square.weight.select(0, 0))],
    [undefined, (a) => square.forward(a).add(turned)],
    [
      undefined,
      (a) =>
        square
          .forward(a)
          .slice(0, 0, 2)
          .add(a.slice(0, 0, 2)),
    ],
    [undefined, (a) => a.to('bfloat16').matmul(square.weight.to('bfloat16')).add(a.to('bfloat16'))],
    [undefined, (a) => a.to('int32').matmul(square.weight.mul(9).to('int32')).add(a.to('int32'))],
    [
      undefined,
      (a) => {
        const y = square.forward(a);
        return y.add(y);
      },
    ],
    [
      undefined,
      (a) => {
        const y = square.forward(a);
        return y.add(a).add(y.exp());
      },
    ],
  ];
  for (const [joined, f] of cases) {
    const step = compile(f);
    assert.equal(step(x).tolist(), f(x).tolist(), String(f));
    const fused = compile.explain(step).programs[0]?.fused ?? [];
    assert.equal(
      fused.filter((name) => /^(linear|matmul) add$/.test(name)),
      joined ? [joined] : [],
      String(f),
    );
  }
});

test('the results are plain tensors', () => {
  assert.is(Object.getPrototypeOf(compile((x: Tensor) => x.add(1))(ones([1]))), Tensor.prototype);
});

test.run();
