// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// `npm run mutants` takes long and is run by hand: what it changes must still be there when it is.

interface Mutant {
  file: string;
  from: string;
  to: string;
  tests: string[];
}

test('each mutant changes one place, and names tests', () => {
  const mutants = JSON.parse(readFileSync('test/mutants.json', 'utf8')) as Mutant[];
  assert.ok(mutants.length >= 20, `${mutants.length}`);
  for (const { file, from, to, tests } of mutants) {
    const places = readFileSync(file, 'utf8').split(from).length - 1;
    assert.is(places, 1, `${file}: ${places} places hold ${from}`);
    assert.is.not(from, to);
    assert.ok(tests.length > 0);
  }
});

test.run();
