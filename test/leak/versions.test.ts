// SPDX-License-Identifier: MIT
// ci
// timeout: 300
// serial
// suites: node
import { test } from 'uvu';
import { checkFlat, sixteenMegabytes, tenPercent } from './check.js';

// The shorter form of memory.test.ts, for every Node version. When V8 collects differs from one collection to the next, and
// so does what waits for it: on Node 26 the loader's maximum creeps by up to 12 MB before it stands. Its limit is one that
// a leak of half a kilobyte a step would break; the peak of live bytes is held besides.
test('100,000 steps of a small net without one await', () => checkFlat('small', 100_000, sixteenMegabytes));
test('5,000 steps with activations of 1 MB', () => checkFlat('large', 5000, tenPercent));
test('60,000 steps in `for await` over a loader', () => checkFlat('loader', 60_000, sixteenMegabytes));
test('10,000 steps of `fit` over an endless async generator', () => checkFlat('fit', 10_000, tenPercent));

test.run();
