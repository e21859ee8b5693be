// SPDX-License-Identifier: MIT
import { CheckpointError } from '../errors.js';
import { loadSafetensors, type SafetensorsOptions, type SafetensorsSource, saveSafetensors } from '../io/index.js';
import type { Tensor } from '../tensor.js';
import type { Layer } from './layers/layer.js';
import { toSnakeCase } from './layers/names.js';
import type { Variable } from './variable.js';

/**
 * Names of all weights by the kinds and the order of the layers, so that they are the same in every model of this form:
 * `dense/kernel`, `dense_1/kernel`, whatever the layers are called.
 */
function namedWeights(layer: Layer, prefix = ''): [string, Variable][] {
  const counts = new Map<string, number>();
  const own = layer.ownWeights.map((weight): [string, Variable] => [`${prefix}${weight.name}`, weight]);
  const below = layer.layers.flatMap((child) => {
    const kind = toSnakeCase(child.constructor.name);
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    return namedWeights(child, `${prefix}${kind}${count === 0 ? '' : `_${count}`}/`);
  });
  return [...own, ...below];
}

function weightsOf(where: string, layer: Layer): [string, Variable][] {
  if (layer.built) return namedWeights(layer);
  throw new CheckpointError(`${layer.name}: ${where}: the model has no weights yet; build it first`);
}

/** @internal */
export async function saveWeights(layer: Layer, path: string | URL, options: SafetensorsOptions): Promise<void> {
  await saveSafetensors(path, Object.fromEntries(weightsOf('saveWeights', layer)), {}, options);
}

/** @internal Nothing is changed unless all names and shapes agree. */
export async function loadWeights(layer: Layer, source: SafetensorsSource, options: SafetensorsOptions): Promise<void> {
  const own = weightsOf('loadWeights', layer);
  const found = await loadSafetensors(source, options);
  const names = new Set(own.map(([name]) => name));
  const problems = own.flatMap(([name, weight]) => misfit(name, weight, found[name]));
  problems.push(...Object.keys(found).flatMap((name) => (names.has(name) ? [] : [`${name} is not in the model`])));
  if (problems.length) throw new CheckpointError(`${layer.name}: loadWeights: ${problems.join('; ')}`);
  for (const [name, weight] of own) weight.assign((found[name] as Tensor).to(weight.dtype));
}

function misfit(name: string, weight: Variable, value: Tensor | undefined): string[] {
  if (value === undefined) return [`${name} is missing`];
  if (`${value.shape}` === `${weight.shape}`) return [];
  return [`${name} has shape [${value.shape.join(', ')}], expected [${weight.shape.join(', ')}]`];
}
