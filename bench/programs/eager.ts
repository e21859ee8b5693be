// SPDX-License-Identifier: MIT
// Eager overhead: nanoseconds of one tiny op and of one tiny graph. Prints one JSON line.
import { rand, tensor } from 'cresset';
import { isAsked, print } from './support.js';

function tinyOp(): () => void {
  const x = tensor([1.5]);
  const y = tensor([2.5]);
  return () => x.add(y);
}

function tinyGraph(): () => void {
  const a = rand([8, 8]).requiresGrad_();
  const b = rand([8, 8]).requiresGrad_();
  const c = rand([8]).requiresGrad_();
  return () => {
    a.grad = b.grad = c.grad = undefined;
    a.matmul(b).relu().add(c).sum().backward();
  };
}

function measure(step: () => void, count: number): number {
  for (let i = 0; i < count / 10; i++) step();
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) step();
  return Number(process.hrtime.bigint() - start) / count;
}

const values: Record<string, number> = {};
if (isAsked('tiny-op')) values['tiny-op'] = measure(tinyOp(), 1_000_000);
if (isAsked('tiny-graph')) values['tiny-graph'] = measure(tinyGraph(), 50_000);
print({ values });
