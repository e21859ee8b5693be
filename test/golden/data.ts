// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Tensor } from 'cresset';
import { loadSafetensors } from 'cresset/io';

// The golden data's files: `<name>.json` with the cases and `<name>.safetensors` with their tensors.

/** A JSON value of the data: a plain value, `{ tensor }`, `{ float }`, `{ slice }`, `{ ellipsis }` or a list. */
export type Stored = unknown;

/** What cases of all folders share; the rest depends on the folder. */
export interface Case {
  id: string;
  dtype: string;
  rtol: number;
  atol: number;
  [field: string]: unknown;
}

/** One file pair. */
export interface CaseFile {
  /** `ops/add`, for the report. */
  title: string;
  name: string;
  /** PyTorch's name of the function, in `ops/` only. */
  call: string | undefined;
  cases: Case[];
  tensors: Record<string, Tensor>;
}

/** The names in a folder of the data, without the ending; none if the folder is not there. */
export function namesIn(dir: string, folder: string): string[] {
  const path = join(dir, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort();
}

/** The parsed JSON of one file. */
export function readJson(dir: string, folder: string, name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(dir, folder, `${name}.json`), 'utf8'));
}

/** Reads one file pair; the tensors are empty where only JSON is stored. */
export async function readCaseFile(dir: string, folder: string, name: string): Promise<CaseFile> {
  const json = readJson(dir, folder, name);
  const path = join(dir, folder, `${name}.safetensors`);
  const tensors = existsSync(path) ? await loadSafetensors(path) : {};
  return {
    title: `${folder}/${name}`,
    name,
    call: json.call as string | undefined,
    cases: json.cases as Case[],
    tensors,
  };
}
