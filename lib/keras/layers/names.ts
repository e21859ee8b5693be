// SPDX-License-Identifier: MIT

const used = new Map<string, number>();

/** `BatchNormalization` as `batch_normalization`, by Keras' rule (`ReLU` becomes `re_lu`). */
export function toSnakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** @internal The class's name in snake case; numbered from the second on: `dense`, `dense_1` … */
export function automaticName(className: string): string {
  const name = toSnakeCase(className);
  const count = used.get(name) ?? 0;
  used.set(name, count + 1);
  return count === 0 ? name : `${name}_${count}`;
}

/** Starts the numbers of automatic layer names again, as Keras' `clear_session` does. */
export function clearSession(): void {
  used.clear();
}
