// SPDX-License-Identifier: MIT
import { native } from '#internal';
import { compositeCheck } from './composite.js';
import { type Case, type CaseFile, namesIn, readCaseFile, readJson } from './data.js';
import { castCheck, promotionCheck, promotionFiles } from './dtypes.js';
import { exceptionOf } from './exceptions.js';
import { moduleCheck } from './modules.js';
import { opCheck } from './ops.js';
import { optimCheck } from './optim.js';
import { scheduleCheck } from './schedules.js';
import { trainingCheck } from './training.js';

/** Runs one case. @throws Mismatch, or whatever the library threw. */
export type Check = (test: Case) => void | Promise<void>;

/** What became of the cases of one file. */
export interface Outcome {
  title: string;
  cases: number;
  passed: number;
  failures: { id: string; reason: string }[];
  notCovered: number;
}

/** All of them. */
export interface Summary {
  outcomes: Outcome[];
  cases: number;
  passed: number;
  failed: number;
  notCovered: number;
  /** Why the run is not good, beside failed cases: a wrong total, or ops of the addon that nothing covers. */
  problems: string[];
}

const folders: Record<string, (file: CaseFile, dir: string) => Check | undefined | Promise<Check | undefined>> = {
  ops: opCheck,
  modules: moduleCheck,
  composite: compositeCheck,
  optim: optimCheck,
  lr_scheduler: scheduleCheck,
  training: trainingCheck,
};

async function runFile(file: CaseFile, check: Check | undefined): Promise<Outcome> {
  const outcome: Outcome = { title: file.title, cases: file.cases.length, passed: 0, failures: [], notCovered: 0 };
  for (const test of file.cases) {
    if (!check || exceptionOf(file.title, test)) {
      outcome.notCovered++;
      continue;
    }
    try {
      await check(test);
      outcome.passed++;
    } catch (error) {
      outcome.failures.push({ id: test.id, reason: (error as Error).message });
    }
  }
  return outcome;
}

async function* runFiles(dir: string, filter: (title: string) => boolean): AsyncGenerator<Outcome> {
  for (const [folder, checkOf] of Object.entries(folders)) {
    for (const name of namesIn(dir, folder)) {
      if (!filter(`${folder}/${name}`)) continue;
      const file = await readCaseFile(dir, folder, name);
      yield await runFile(file, await checkOf(file, dir));
    }
  }
  const names = namesIn(dir, 'dtypes');
  if (names.includes('promotion')) {
    const { rows } = readJson(dir, 'dtypes', 'promotion');
    const files = promotionFiles(rows as Parameters<typeof promotionFiles>[0]);
    for (const file of files.filter(({ title }) => filter(title))) yield await runFile(file, promotionCheck(file));
  }
  if (names.includes('casts') && filter('dtypes/casts')) {
    const file = await readCaseFile(dir, 'dtypes', 'casts');
    yield await runFile(file, castCheck(file));
  }
}

/** Ops that the addon binds under the very name of a file that is not covered. */
function boundButNotCovered(outcomes: Outcome[]): string[] {
  const bound = new Set((native.listOps as () => { name: string }[])().map(({ name }) => name));
  return outcomes
    .filter(
      ({ title, cases, notCovered }) =>
        notCovered === cases && bound.has(title.replace(/^ops\/(nn\.functional\.)?/, '')),
    )
    .map(({ title }) => `${title}: the addon binds this op, but it is not covered`);
}

/**
 * Runs the golden data of a folder.
 * @param filter - which files, by title (`ops/add`)
 * @param report - called after each file
 */
export async function runGolden(
  dir: string,
  filter: (title: string) => boolean = () => true,
  report: (outcome: Outcome) => void = () => {},
): Promise<Summary> {
  const outcomes: Outcome[] = [];
  for await (const outcome of runFiles(dir, filter)) {
    outcomes.push(outcome);
    report(outcome);
  }
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0);
  const cases = sum((outcome) => outcome.cases);
  const passed = sum((outcome) => outcome.passed);
  const failed = sum((outcome) => outcome.failures.length);
  const notCovered = sum((outcome) => outcome.notCovered);
  const problems = boundButNotCovered(outcomes);
  if (cases !== passed + failed + notCovered)
    problems.push(`${cases} cases, but ${passed + failed + notCovered} outcomes`);
  if (cases === 0) problems.push(`no cases in ${dir}`);
  return { outcomes, cases, passed, failed, notCovered, problems };
}
