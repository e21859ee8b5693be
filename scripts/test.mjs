// SPDX-License-Identifier: MIT
// npm test [-- [--suite=NAME] [--node=PATH] [--patience=FACTOR] [PATH PART…]]: one process per test/**/*.test.ts.
// The first lines of a file may say
//   // timeout: SECONDS        default 120
//   // serial                  nothing runs beside it
//   // ci                      only when named or in a suite that was asked for
//   // suites: NAME NAME       what `--suite` selects: sanitizer, node, isa, arm64, package
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, filesUnder, inLanes, jobs, root } from './support/project.mjs';

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const node = option('node') ?? process.execPath;
const suite = option('suite');
const patience = Number(option('patience') ?? 1);

function readTest(file) {
  const head = readFileSync(join(root, file), 'utf8').match(/^(\/\/.*\n)*/)[0];
  return {
    file,
    program: join(root, 'dist', file.replace(/\.ts$/, '.js')),
    timeout: patience * Number(head.match(/^\/\/ timeout: (\d+)/m)?.[1] ?? 120),
    serial: /^\/\/ serial\b/m.test(head),
    ci: /^\/\/ ci\b/m.test(head),
    suites: head.match(/^\/\/ suites: (.*)$/m)?.[1].split(' ') ?? [],
  };
}

function selectTests() {
  const tests = filesUnder('test')
    .filter((file) => file.endsWith('.test.ts'))
    .map(readTest);
  for (const name of names) {
    if (!tests.some((test) => test.file.includes(name))) throw new Error(`no test file's path contains '${name}'`);
  }
  const isNamed = (test) => names.length === 0 || names.some((name) => test.file.includes(name));
  const isAsked = (test) => (suite ? test.suites.includes(suite) : names.length > 0 || !test.ci);
  return tests.filter((test) => isNamed(test) && isAsked(test));
}

/** The counts of uvu's summary; a file that died before it counts as one failed test. */
function readOutcome(output, ending) {
  const count = (label) => Number(output.match(new RegExp(`^ {2}${label}: +(\\d+)`, 'm'))?.[1] ?? 0);
  const total = count('Total');
  const passed = count('Passed');
  const skipped = count('Skipped');
  const failed = total - passed; // uvu does not count the skipped ones in its total
  if (total + skipped === 0) return { passed, skipped, failed: 1, reason: ending ?? 'no test ran to a total' };
  if (failed === 0 && ending) return { passed, skipped, failed: 1, reason: ending };
  return { passed, skipped, failed, reason: failed > 0 ? `${failed} of ${total} failed` : undefined };
}

function runTest(test) {
  return new Promise((done) => {
    const began = performance.now();
    const child = spawn(node, [test.program], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let timedOut = false;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, test.timeout * 1000);
    child.on('error', (error) => (output += error.message));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const ending = timedOut ? `longer than ${test.timeout} s` : (signal ?? (code ? `exit code ${code}` : undefined));
      const outcome = readOutcome(output, ending);
      report(test, outcome, output, (performance.now() - began) / 1000);
      done(outcome);
    });
  });
}

function report(test, outcome, output, seconds) {
  const ran = `${outcome.passed + outcome.failed} tests, ${seconds.toFixed(1)} s`;
  if (outcome.failed === 0) return console.log(`ok    ${test.file} (${ran})`);
  console.log(`FAIL  ${test.file} (${ran}): ${outcome.reason}\n${output.trimEnd()}\n`);
}

async function runAll(tests) {
  const outcomes = [];
  const runOne = async (test) => outcomes.push(await runTest(test));
  // The longest first, so that no long one is left to run alone at the end.
  const shared = tests.filter((test) => !test.serial).sort((a, b) => b.timeout - a.timeout);
  await inLanes(Math.min(2, jobs), shared, runOne);
  await inLanes(
    1,
    tests.filter((test) => test.serial),
    runOne,
  );
  return outcomes;
}

/** A module of lib/ and the same module inside the bundle are two: tests take what users get, and '#internal'. */
function checkImports() {
  for (const file of filesUnder('test').filter((file) => file.endsWith('.ts'))) {
    const direct = readFileSync(join(root, file), 'utf8').match(/from '(\.\.\/)+lib\/.*'/);
    if (direct) throw new Error(`${file}: ${direct[0]}: import from 'cresset', 'cresset/…' or '#internal'`);
  }
}

async function main() {
  checkImports();
  if (!args.includes('--only')) await (await import('./bootstrap.mjs')).bootstrap();
  const outcomes = await runAll(selectTests());
  const sum = (key) => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  const skipped = sum('skipped');
  if (outcomes.length === 0) console.log('no test files');
  console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exitCode = outcomes.length > 0 && sum('failed') === 0 ? 0 : 1;
}

await main().catch(fail);
