// SPDX-License-Identifier: MIT
import { CressetError } from './errors.js';

/**
 * @internal A package that only some users need: a peer dependency that they install themselves.
 * @param load `() => import('name')`, so that types and bundlers see the name
 */
export async function optionalPackage<T>(name: string, user: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new CressetError(`${user}: needs the package ${name}; install it with: npm install ${name}`, { cause });
  }
}
