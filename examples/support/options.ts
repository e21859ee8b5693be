// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';

/** What the example programs take on the command line. */
export interface Options {
  epochs: number;
  seed: number | undefined;
  json: boolean;
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  console.error(`--${name}: expected a whole number of at least ${least}, got '${text}'`);
  process.exit(2);
}

/** `--epochs N` (5), `--seed S` (a random one), `--json` (one JSON line an epoch in place of text). */
export function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        epochs: { type: 'string', default: '5' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    return {
      epochs: wholeNumber('epochs', values.epochs, 0),
      seed: values.seed === undefined ? undefined : wholeNumber('seed', values.seed, 0),
      json: values.json,
    };
  } catch (error) {
    console.error(
      `${(error as Error).message}\nusage: npm start -- [--style torch|tf|keras] [--epochs N] [--seed S] [--json]`,
    );
    process.exit(2);
  }
}
