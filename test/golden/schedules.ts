// SPDX-License-Identifier: MIT
import { optim, zeros } from 'cresset';
import { Mismatch } from './compare.js';
import type { Case, CaseFile } from './data.js';
import type { Check } from './run.js';
import { decodeOptions } from './values.js';

interface ScheduleCase extends Case {
  options: Record<string, unknown>;
  momentum: number;
  base_lr: number[];
  lr: number[][];
  momentum_seq?: number[][];
  metrics?: number[];
}
type Scheduler = { step(metric?: number): void };
type SchedulerClass = new (...args: unknown[]) => Scheduler;

const classes = optim.lrScheduler as unknown as Record<string, SchedulerClass>;

/** The formulas of LambdaLR and MultiplicativeLR. */
const formulas: Record<string, (e: number) => number> = {
  '0.95^e': (e) => 0.95 ** e,
  '0.95': () => 0.95,
  'min(1,(e+1)/5)': (e) => Math.min(1, (e + 1) / 5),
  '1/(1+0.1e)': (e) => 1 / (1 + 0.1 * e),
};

/** T_max -> tMax. */
const decapitalised = (options: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [`${name[0]?.toLowerCase()}${name.slice(1)}`, value]),
  );

function build(name: string, options: Record<string, unknown>, optimizer: optim.SGD): Scheduler {
  const { formula, schedulers, ...rest } = decapitalised(decodeOptions(options, {}));
  const Class = classes[name] as SchedulerClass;
  if (typeof formula === 'string') return new Class(optimizer, formulas[formula]);
  if (!Array.isArray(schedulers)) return new Class(optimizer, rest);
  const parts = schedulers.map(({ type, ...own }) => build(type, own, optimizer));
  return name === 'ChainedScheduler' ? new Class(parts) : new Class(optimizer, { schedulers: parts, ...rest });
}

function compareRates(what: string, step: number, got: number[], want: number[], { rtol, atol }: Case): void {
  const differs = want.findIndex(
    (value, i) => !(Math.abs((got[i] as number) - value) <= atol + rtol * Math.abs(value)),
  );
  if (differs < 0) return;
  throw new Mismatch(`${what} of group ${differs} in step ${step}: got ${got[differs]}, want ${want[differs]}`);
}

/** The check of `lr_scheduler/<name>`: the rates of every step. */
export function scheduleCheck({ name }: CaseFile): Check | undefined {
  if (!(name in classes)) return undefined;
  return (untyped) => {
    const test = untyped as ScheduleCase;
    const groups = test.base_lr.map((lr) => ({ params: [zeros([1], { requiresGrad: true })], lr }));
    const optimizer = new optim.SGD(groups, { lr: test.base_lr[0] as number, momentum: test.momentum });
    const scheduler = build(name, test.options, optimizer);
    test.lr.forEach((want, step) => {
      const { paramGroups } = optimizer;
      const momenta = test.momentum_seq?.[step];
      compareRates(
        'lr',
        step,
        paramGroups.map(({ lr }) => lr),
        want,
        test,
      );
      if (momenta)
        compareRates(
          'momentum',
          step,
          paramGroups.map(({ momentum }) => momentum),
          momenta,
          test,
        );
      if (step + 1 < test.lr.length) scheduler.step(test.metrics?.[step]);
    });
  };
}
