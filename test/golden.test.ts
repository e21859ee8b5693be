// SPDX-License-Identifier: MIT
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DType, Tensor } from 'cresset';
import { loadSafetensors, saveSafetensors } from 'cresset/io';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCaseFile } from './golden/data.js';
import { runGolden, type Summary } from './golden/run.js';

const golden = fileURLToPath(new URL('../../../shared/golden', import.meta.url));
const check = existsSync(golden) ? test : test.skip;

const failuresOf = ({ outcomes }: Summary) => outcomes.flatMap((outcome) => outcome.failures);

check('agrees with PyTorch on every case that is covered', async () => {
  const summary = await runGolden(golden);
  const lines = failuresOf(summary).map(({ id, reason }) => `${id}: ${reason}`);
  assert.equal([...lines, ...summary.problems], []);
  assert.is(summary.cases, summary.passed + summary.notCovered);
});

/** Changes tensors of one copied file; the rest of it stays as it is. */
async function damage(dir: string, name: string, change: Record<string, (x: Tensor) => Tensor>): Promise<void> {
  const path = join(dir, 'ops', `${name}.safetensors`);
  const tensors = await loadSafetensors(path);
  for (const [key, edit] of Object.entries(change)) tensors[key] = edit(tensors[key] as Tensor);
  await saveSafetensors(path, tensors);
}

check('finds a changed value, dtype, gradient and shape, and nothing else', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'cresset-golden-'));
  try {
    mkdirSync(join(dir, 'ops'));
    const names = ['exp', 'mul', 'sum', 'tanh'];
    for (const name of names) {
      for (const ending of ['json', 'safetensors'])
        cpSync(join(golden, `ops/${name}.${ending}`), join(dir, `ops/${name}.${ending}`));
    }
    const ids = await Promise.all(
      names.map(
        async (name) => (await readCaseFile(golden, 'ops', name)).cases.find(({ dtype }) => dtype === 'float32')?.id,
      ),
    );
    const [exp, mul, sum, tanh] = ids;
    assert.equal(failuresOf(await runGolden(dir)), []);
    const grow = (x: Tensor) => x.mul(1.01);
    await damage(dir, 'exp', { [`${exp}/output.0`]: grow });
    await damage(dir, 'mul', { [`${mul}/output.0`]: (x) => x.to('float64' satisfies DType) });
    await damage(dir, 'sum', { [`${sum}/grads.args.0`]: grow });
    await damage(dir, 'tanh', { [`${tanh}/output.0`]: (x) => x.unsqueeze(0) });
    const failures = failuresOf(await runGolden(dir));
    assert.equal(
      failures.map(({ id }) => id),
      ids,
    );
    const reasons = [/^output 0: element/, /^output 0: dtype/, /^gradient of args\.0: element/, /^output 0: shape/];
    for (const [i, reason] of reasons.entries()) assert.match(failures[i]?.reason ?? '', reason);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

check('says when a folder holds no cases', async () => {
  const summary = await runGolden(golden, () => false);
  assert.is(summary.problems.length, 1);
});

test.run();
