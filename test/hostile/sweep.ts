// SPDX-License-Identifier: MIT
// node dist/test/hostile/sweep.js MODULE LOG: calls every function, class and method that a module exports with hostile
// values in each argument, option and `this`. The name of each call goes to LOG first, so that a crash tells its own.
import { openSync, writeSync } from 'node:fs';
import { setMemoryLimit, setNumThreads, Tensor } from 'cresset';
import { candidates, examples, isOmitted } from './examples.js';
import { kerasInstances } from './keras-model-examples.js';
import { instances as tfInstances } from './tf-examples.js';
import { hostileValues } from './values.js';

type Call = { name: string; invoke: (args: unknown[], self?: unknown) => unknown; self?: () => unknown };
type Example = () => unknown[];

const [moduleName = '', log = ''] = process.argv.slice(2);
const file = openSync(log, 'w');
const problems: string[] = [];
const tell = (text: string) => writeSync(file, text.slice(0, 200).padEnd(220), 0);

/** The result in a form that two calls can be compared by. */
function digest(result: unknown, depth = 0): string {
  if (result instanceof Tensor)
    return `${result.dtype}[${result.shape}]${Buffer.from(result.toTypedArray().buffer).toString('hex')}`;
  if (Array.isArray(result) && depth < 3 && result.length < 1000)
    return `[${result.map((item) => digest(item, depth + 1)).join()}]`;
  return typeof result === 'object' && result !== null ? result.constructor?.name : String(result);
}

const settle = async (result: unknown): Promise<unknown> =>
  typeof (result as Promise<unknown> | undefined)?.then === 'function'
    ? Promise.race([result, new Promise((done) => setTimeout(() => done('pending'), 2000).unref())])
    : result;

/** Calls it and gives its result's digest, or the error. */
async function attempt(run: () => unknown): Promise<{ value?: string; error?: unknown }> {
  setMemoryLimit(1 << 30);
  try {
    return { value: digest(await settle(run())) };
  } catch (error) {
    return { error };
  } finally {
    setMemoryLimit(0);
    setNumThreads(2);
  }
}

/** Which options a call reads when it is given an empty object. */
async function optionsRead(call: Call, example: Example): Promise<string[]> {
  const read = new Set<string>();
  const probe = new Proxy({}, { get: (_, key) => void (typeof key === 'string' && read.add(key)) });
  const { error } = await attempt(() => call.invoke([...example(), probe], call.self?.()));
  return error ? [] : [...read].filter((key) => key !== 'then' && key !== 'length');
}

const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** Every way to put `value` into the example: an argument, a field of an option object, one argument more. */
function* placements(
  example: Example,
  options: readonly string[],
  value: () => unknown,
): Generator<[string, unknown[]]> {
  const args = example();
  for (let i = 0; i <= args.length; i++) yield [`argument ${i}`, example().toSpliced(i, 1, value())];
  for (const [i, arg] of args.entries()) {
    if (!isPlain(arg)) continue;
    for (const key of Object.keys(arg)) yield [`option ${key}`, example().toSpliced(i, 1, { ...arg, [key]: value() })];
  }
  for (const key of options) yield [`option ${key}`, [...example(), { [key]: value() }]];
}

async function sweep(call: Call, example: Example): Promise<void> {
  const valid = () => attempt(() => call.invoke(example(), call.self?.()));
  const [first, second] = [await valid(), await valid()];
  const isRepeatable = first.value === second.value;
  const options = await optionsRead(call, example);
  const check = async (where: string, run: () => unknown) => {
    tell(`${call.name}: ${where}`);
    const { error } = await attempt(run);
    if (error !== undefined && !(error instanceof Error))
      problems.push(`${call.name}: ${where}: threw ${String(error)}`);
    const next = await valid();
    if (next.error) problems.push(`${call.name}: ${where}: then the valid call failed: ${next.error}`);
    else if (isRepeatable && next.value !== first.value)
      problems.push(`${call.name}: ${where}: then the valid call differed`);
  };
  for (const [name, make] of Object.entries(hostileValues)) {
    for (const [place, args] of placements(example, options, make)) {
      await check(`${name} as ${place}`, () => call.invoke(args, call.self?.()));
    }
    await check(`${name} as this`, () => call.invoke(example(), make()));
  }
}

/** `tf:` of cresset/tf. */
const own = `${moduleName.split('#', 1)[0]?.split('/')[1]}:`;

/** A tensor's method has the examples of the function of its name, with and without `_`. */
const namesOf = (name: string) =>
  name.startsWith('Tensor.') ? [name, name.slice(7), name.slice(7).replace(/_$/, '')] : [own + name, name];

/** The example from the table, else the first candidate that works. */
async function findExample(call: Call): Promise<Example | undefined> {
  const known = namesOf(call.name).find((name) => Object.hasOwn(examples, name));
  const own = known && examples[known];
  for (const example of own ? [own] : candidates) {
    tell(`${call.name}: looking for an example`);
    const { error } = await attempt(() => call.invoke(example(), call.self?.()));
    if (!error) return example;
    if (own) problems.push(`${call.name}: its example fails: ${error}`);
  }
  return undefined;
}

const instances = { ...tfInstances, ...kerasInstances };
const seen = new Set<unknown>();

async function sweepCall(call: Call, fn: unknown): Promise<Example | undefined> {
  if (seen.has(fn)) return undefined;
  seen.add(fn);
  if (isOmitted(call.name)) return undefined;
  const example = await findExample(call);
  if (example) await sweep(call, example);
  else problems.push(`${call.name}: no example in test/hostile/examples.ts, and no candidate fits`);
  return example;
}

const isClass = (value: unknown): value is new (...args: unknown[]) => object =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

type Self = (() => unknown) | undefined;

/** Accessors and methods of a prototype; statics likewise. Without `self` it is the first argument. */
async function sweepMembers(name: string, holder: object, self: Self): Promise<void> {
  const method = (fn: (...args: never[]) => unknown) => (args: unknown[], that: unknown) =>
    self ? Reflect.apply(fn, that, args) : Reflect.apply(fn, args[0], args.slice(1));
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    if (key === 'constructor' || key === 'prototype') continue;
    for (const [suffix, fn] of [
      ['', property.value],
      [' (get)', property.get],
      [' (set)', property.set],
    ]) {
      if (typeof fn === 'function') await sweepCall({ name: `${name}.${key}${suffix}`, invoke: method(fn), self }, fn);
    }
  }
}

async function sweepClass(name: string, cls: new (...args: unknown[]) => object): Promise<void> {
  const isTensor = cls === (Tensor as unknown);
  const construct: Call = { name: `new ${name}`, invoke: (args) => Reflect.construct(cls, args) };
  const example = isTensor ? undefined : await sweepCall(construct, cls);
  const self = instances[name] ?? (example && (() => Reflect.construct(cls, example())));
  if (self) await sweepMembers(name, cls.prototype, self);
  if (isTensor) await sweepMembers(name, cls.prototype, undefined);
  await sweepMembers(name, cls, () => cls);
}

async function sweepExports(prefix: string, exported: object): Promise<void> {
  for (const [key, value] of Object.entries(exported)) {
    const name = prefix + key;
    tell(name);
    if (isClass(value)) await sweepClass(name, value);
    else if (typeof value === 'function') {
      await sweepCall({ name, invoke: (args, self) => Reflect.apply(value, self, args) }, value);
    } else if (Object.prototype.toString.call(value) === '[object Module]' && !seen.has(value)) {
      seen.add(value);
      if (!moduleName.includes('#')) continue;
      await sweepExports(`${name}.`, value as object);
    }
  }
}

process.on('unhandledRejection', () => undefined);
const [packageName = '', path] = moduleName.split('#');
let exported = (await import(packageName)) as Record<string, unknown>;
for (const part of path?.split('.') ?? []) exported = exported[part] as Record<string, unknown>;
await sweepExports(path ? `${path}.` : '', exported);
console.log(JSON.stringify({ swept: seen.size, problems: problems.slice(0, 100) }));
process.exit(0);
