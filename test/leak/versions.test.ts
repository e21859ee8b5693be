// SPDX-License-Identifier: MIT
// ci
// timeout: 300
// serial
// suites: node
import { test } from 'uvu';
import { checkFlat, sixteenMegabytes, tenPercent } from './check.js';

// The shorter form of memory.test.ts, for every Node version. V8 26 makes the loop faster, and with it more tensors
// between two collections, until some 20,000 steps: fewer would measure its compiler.
test('100,000 steps of a small net without one await', () => checkFlat('small', 100_000, sixteenMegabytes));
test('5,000 steps with activations of 1 MB', () => checkFlat('large', 5000, tenPercent));
test('5,000 steps in `for await` over a loader', () => checkFlat('loader', 5000, tenPercent));
test('5,000 steps of `fit` over an endless async generator', () => checkFlat('fit', 5000, tenPercent));

test.run();
