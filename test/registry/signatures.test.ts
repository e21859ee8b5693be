// SPDX-License-Identifier: MIT
// suites: arm64
import 'cresset';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boundSignatures } from '#internal';
import { rows } from './rows.js';

test('every op of the addon is bound by lib, with the same signature', () => {
  for (const { name, signature } of rows) assert.is(boundSignatures.get(name), signature, name);
});

test('every op that lib binds is in the addon', () => {
  const registered = new Set(rows.map((row) => row.name));
  for (const name of boundSignatures.keys()) assert.ok(registered.has(name), name);
});

test('no name is registered twice', () => {
  assert.is(new Set(rows.map((row) => row.name)).size, rows.length);
});

test.run();
