// SPDX-License-Identifier: MIT
// timeout: 300
// serial
import { test } from 'uvu';
import { checkFlat, sixteenMegabytes, tenPercent } from './check.js';

test('200,000 steps of a small net without one await', () => checkFlat('small', 200_000, sixteenMegabytes));
test('5,000 steps with activations of 1 MB', () => checkFlat('large', 5000, tenPercent));
test('20,000 steps in `for await` over a loader', () => checkFlat('loader', 20_000, tenPercent));
test('10,000 steps of `fit` over an endless async generator', () => checkFlat('fit', 10_000, tenPercent));

test.run();
