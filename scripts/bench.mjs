// SPDX-License-Identifier: MIT
// npm run bench [-- NAME … --peers --rounds N --json FOLDER]. Peers are an opt-in: docs/figures.md.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { fail, root } from './support/project.mjs';

await bootstrap().catch(fail);
await import(pathToFileURL(join(root, 'dist/bench/run.js')).href).catch(fail);
