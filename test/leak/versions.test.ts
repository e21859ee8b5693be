// SPDX-License-Identifier: MIT
// ci
// timeout: 300
// serial
// suites: node
import { test } from 'uvu';
import { checkFlat, sixteenMegabytes, tenPercent } from './check.js';

// The shorter form of memory.test.ts, for every Node version. V8 lets more tensors wait for a collection as a loop goes on,
// until some 15,000 steps of the loader's loop on Node 26: fewer than these would measure its heuristics.
test('100,000 steps of a small net without one await', () => checkFlat('small', 100_000, sixteenMegabytes));
test('5,000 steps with activations of 1 MB', () => checkFlat('large', 5000, tenPercent));
test('60,000 steps in `for await` over a loader', () => checkFlat('loader', 60_000, tenPercent));
test('10,000 steps of `fit` over an endless async generator', () => checkFlat('fit', 10_000, tenPercent));

test.run();
