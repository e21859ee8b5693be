// SPDX-License-Identifier: MIT
// npm run prebuild [-- arm64]: the stripped binaries under prebuilds/ that the npm package carries; the
// named architecture is compiled across, with Debian's g++-aarch64-linux-gnu.
import { cpSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bootstrap } from './bootstrap.mjs';
import { builds } from './build.mjs';
import { fail, filesUnder, root } from './support/project.mjs';

const maxBytes = 8 * 2 ** 20;
const staging = join(root, 'build-prebuild');

// prebuildify moves the binary out of build/: it gets a copy of the release build, and no second compilation.
async function packBinaries({ arch, folder, stripBin }) {
  const prebuildify = promisify(createRequire(import.meta.url)('prebuildify'));
  mkdirSync(join(staging, 'build/Release'), { recursive: true });
  for (const file of ['cresset.node', 'cresset_openmp.so']) {
    cpSync(join(root, folder, file), join(staging, 'build/Release', file));
  }
  await prebuildify({
    name: 'cresset',
    cwd: staging,
    out: root,
    napi: true,
    arch,
    strip: true,
    stripBin,
    tagLibc: true,
    targets: [process.version],
    nodeGyp: 'true',
  });
  rmSync(staging, { recursive: true });
}

function checkSizes() {
  for (const file of filesUnder('prebuilds')) {
    const { size } = statSync(join(root, file));
    console.log(`${file}: ${(size / 2 ** 20).toFixed(2)} MB`);
    if (size > maxBytes) throw new Error(`${file} has ${size} bytes, more than the ${maxBytes} allowed`);
  }
}

try {
  rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
  await bootstrap();
  await packBinaries({ arch: process.arch, folder: 'build/Release', stripBin: 'strip' });
  if (process.argv.includes('arm64')) {
    builds.arm64();
    await packBinaries({ arch: 'arm64', folder: 'build-arm64/build/Release', stripBin: 'aarch64-linux-gnu-strip' });
  }
  checkSizes();
} catch (error) {
  fail(error);
}
