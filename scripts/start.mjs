// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { fail, root } from './support/project.mjs';

await bootstrap().catch(fail);
const program = join(root, 'dist/examples/mnist-torch.js');
process.argv[1] = program;
await import(pathToFileURL(program).href);
