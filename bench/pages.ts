// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figuresOf, insertFigures } from './figures.js';
import { readResults } from './results.js';
import { suites } from './suites.js';

/** The pages that hold figures, as the results in bench/results want them. */
export function figurePages(root: string): { file: string; text: string }[] {
  const results = readResults(join(root, 'bench/results'));
  const pages = { 'README.md': true, 'docs/figures.md': false };
  return Object.entries(pages).map(([page, onlyHeadlines]) => {
    const file = join(root, page);
    const figures = figuresOf(results, suites, (row) => !onlyHeadlines || row.headline === true);
    return { file, text: insertFigures(readFileSync(file, 'utf8'), figures) };
  });
}
