// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cr from 'cresset';
import { nn, optim, type Tensor } from 'cresset';
import { loadSafetensors, saveSafetensors } from 'cresset/io';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const values = (x: Tensor) => Array.from(x.toTypedArray(), Number);

function setUp(seed: number) {
  cr.manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
  return { model, optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }) };
}
function trainOnce({ model, optimizer }: ReturnType<typeof setUp>, x: Tensor, y: Tensor): number {
  const loss = nn.functional.crossEntropy(model.forward(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss.item();
}

test('training goes on, bit for bit, from weights and optimizer state in safetensors files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cresset-checkpoint-'));
  try {
    const first = setUp(1);
    const x = cr.randn([16, 4]);
    const y = cr.randint(3, [16]);
    for (let i = 0; i < 5; i++) trainOnce(first, x, y);

    const { state, paramGroups } = first.optimizer.stateDict();
    const named = Object.entries(state).flatMap(([i, s]) => Object.entries(s).map(([key, t]) => [`${i}.${key}`, t]));
    await saveSafetensors(join(folder, 'model.safetensors'), first.model.stateDict());
    await saveSafetensors(join(folder, 'optimizer.safetensors'), Object.fromEntries(named));

    const second = setUp(2);
    second.model.loadStateDict(await loadSafetensors(join(folder, 'model.safetensors')));
    const loaded: Record<number, optim.ParamState> = {};
    for (const [name, t] of Object.entries(await loadSafetensors(join(folder, 'optimizer.safetensors')))) {
      const [i, key] = name.split('.') as [string, string];
      loaded[Number(i)] = { ...loaded[Number(i)], [key]: t };
    }
    second.optimizer.loadStateDict({ state: loaded, paramGroups: JSON.parse(JSON.stringify(paramGroups)) });

    for (let i = 0; i < 5; i++) assert.is(trainOnce(second, x, y), trainOnce(first, x, y));
    const [a, b] = [first.model.parameters(), second.model.parameters()];
    a.forEach((parameter, i) => {
      assert.equal(values(b[i] as Tensor), values(parameter));
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
