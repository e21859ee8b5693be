// SPDX-License-Identifier: MIT
// npm run figures: writes the tables of README.md and docs/figures.md from bench/results/*.json.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figurePages } from '../bench/pages.js';

for (const { file, text } of figurePages(fileURLToPath(new URL('../..', import.meta.url)))) writeFileSync(file, text);
