// SPDX-License-Identifier: MIT
// timeout: 300
// serial
// suites: node
import { test } from 'uvu';
import { checkFlat, sixteenMegabytes, tenPercent } from './check.js';

// When V8 collects, and how far it lets its old generation grow first, differs from one version to the next and from run to
// run: over the small programs its share creeps by 5 to 12 MB before it stands. Their limit is one that a leak of half a
// kilobyte a step would break; the peak of live bytes is held besides.
test('200,000 steps of a small net without one await', () => checkFlat('small', 200_000, sixteenMegabytes));
test('5,000 steps with activations of 1 MB', () => checkFlat('large', 5000, tenPercent));
test('60,000 steps in `for await` over a loader', () => checkFlat('loader', 60_000, sixteenMegabytes));
test('60,000 steps of `fit` over an endless async generator', () => checkFlat('fit', 60_000, sixteenMegabytes));

test.run();
