// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { insertFigures } from '../bench/figures.js';
import { figurePages } from '../bench/pages.js';
import { projectRoot } from './support/tools.js';

for (const { file, text } of figurePages(projectRoot)) {
  test(`${basename(file)} shows the figures of bench/results`, () => {
    assert.is(readFileSync(file, 'utf8'), text, 'run npm run figures');
  });
}

test('a page without the two comments is an error that names them', () => {
  assert.throws(
    () => insertFigures('# A page', ''),
    /expected the comments <!-- figures.* and <!-- end of figures -->/,
  );
});

test.run();
