// SPDX-License-Identifier: MIT
// npm run golden [-- [DIR] [--only=TITLE PART] [--brief]]: our results against PyTorch's, stored in DIR.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Outcome, runGolden } from '../test/golden/run.js';

const args = process.argv.slice(2);
const dir =
  args.find((arg) => !arg.startsWith('--')) ?? fileURLToPath(new URL('../../../shared/golden', import.meta.url));
const only = args.find((arg) => arg.startsWith('--only='))?.slice('--only='.length) ?? '';
const brief = args.includes('--brief');

function report({ title, passed, failures, notCovered }: Outcome): void {
  if (brief && failures.length === 0) return;
  console.log(`${title}: ${passed} passed / ${failures.length} failed / ${notCovered} not covered`);
  for (const { id, reason } of failures) console.log(`  ${id}: ${reason}`);
}

function folderTotals(outcomes: readonly Outcome[]): void {
  for (const folder of new Set(outcomes.map(({ title }) => title.split('/')[0]))) {
    const files = outcomes.filter(({ title }) => title.startsWith(`${folder}/`));
    const covered = files.filter(({ passed }) => passed > 0);
    const passed = files.reduce((total, file) => total + file.passed, 0);
    console.log(`${folder}: ${covered.length} of ${files.length} covered, ${passed} cases passed`);
  }
}

const { outcomes, cases, passed, failed, notCovered, problems } = await runGolden(
  join(dir),
  (title) => title.includes(only),
  report,
);
folderTotals(outcomes);
for (const problem of problems) console.error(problem);
console.log(`cases ${cases} = ${passed} passed + ${failed} failed + ${notCovered} not covered`);
process.exitCode = failed === 0 && problems.length === 0 ? 0 : 1;
