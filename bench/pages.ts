// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figuresOf, insertFigures } from './figures.js';
import { readResults } from './results.js';
import { suites } from './suites.js';

/** The pages that hold figures, as the results in bench/results want them: the README's are the widest machine's. */
export function figurePages(root: string): { file: string; text: string }[] {
  const machines = readResults(join(root, 'bench/results'));
  const headlines = figuresOf(machines[0]?.results ?? [], suites, (row) => row.headline === true);
  const all = machines.map(({ isa, results }) => `\n## With ${isa}\n${figuresOf(results, suites, () => true)}`);
  const pages = { 'README.md': headlines, 'docs/figures.md': all.join('') };
  return Object.entries(pages).map(([page, figures]) => {
    const file = join(root, page);
    return { file, text: insertFigures(readFileSync(file, 'utf8'), figures) };
  });
}
