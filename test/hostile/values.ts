// SPDX-License-Identifier: MIT
// Values that no function expects, each made anew for every call.
import { fromBuffer, Tensor, tensor, zeros } from 'cresset';

const thrown = () => {
  throw new Error('thrown by a hostile value');
};

function detachedBuffer(): ArrayBuffer {
  const buffer = new ArrayBuffer(64);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

/** A tensor whose memory has been taken away. */
function lostTensor(): Tensor {
  const array = new Float32Array(24);
  const x = fromBuffer(array, { shape: [4, 6] });
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return x;
}

function disposed(): Tensor {
  const x = zeros([4, 6]);
  x.dispose();
  return x;
}

/** An array whose element detaches its own neighbour's memory when it is read. */
function detachingGetter(): unknown[] {
  const victim = new Float64Array(8);
  const list: unknown[] = [victim, 1];
  Object.defineProperty(list, 1, {
    get: () => {
      if (victim.buffer.byteLength > 0) structuredClone(victim.buffer, { transfer: [victim.buffer] });
      return 1;
    },
  });
  return list;
}

function cyclic(): unknown[] {
  const list: unknown[] = [];
  list.push(list);
  return list;
}

const resizable = () =>
  new (ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer)(64, { maxByteLength: 128 });

export const hostileValues: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  NaN: () => Number.NaN,
  'minus one': () => -1,
  'minus zero': () => -0,
  half: () => 0.5,
  'least number': () => Number.MIN_VALUE,
  infinity: () => Number.POSITIVE_INFINITY,
  'minus 2^31': () => -(2 ** 31),
  '2^31': () => 2 ** 31,
  '2^53': () => 2 ** 53,
  '1e308': () => 1e308,
  bigint: () => 3n,
  'bigint 2^64': () => 2n ** 64n,
  'empty string': () => '',
  string: () => 'constructor',
  'long string': () => '\u{10ffff}'.repeat(5000),
  symbol: () => Symbol('hostile'),
  'empty object': () => ({}),
  'null prototype': () => Object.create(null),
  'polluted object': () => JSON.parse('{"__proto__": {"dim": -7, "length": 3}, "constructor": 1}'),
  'inherited options': () => Object.create({ dim: Number.NaN, keepdim: {}, dtype: 7 }),
  'throwing getters': () => new Proxy({}, { get: thrown, has: thrown, ownKeys: thrown, getPrototypeOf: thrown }),
  'throwing conversion': () => ({ valueOf: thrown, toString: thrown, [Symbol.toPrimitive]: thrown }),
  'proxy of a tensor': () => new Proxy(tensor([1, 2]), {}),
  'object on Tensor.prototype': () => Object.create(Tensor.prototype),
  'disposed tensor': disposed,
  'tensor of another dtype': () => tensor([true, false]),
  'empty tensor': () => zeros([0, 3]),
  'int64 tensor out of range': () => tensor([-9, 2 ** 40]),
  'tensor over a detached buffer': lostTensor,
  'empty array': () => [],
  'array of odd numbers': () => [Number.NaN, -1, 2 ** 53],
  'huge shape': () => [2 ** 31, 2 ** 31, 4],
  'negative shape': () => [-1, -1],
  'sparse array': () => Array(100_000),
  'cyclic array': cyclic,
  'detaching getter': detachingGetter,
  'detached buffer': detachedBuffer,
  'array over a detached buffer': () => {
    const array = new Float32Array(4);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  },
  'array over a resizable buffer': () => new Float32Array(resizable()),
  'shared buffer': () => new SharedArrayBuffer(16),
  function: () => () => 1,
  'async function': () => async () => 1,
  class: () => class {},
  promise: () => Promise.resolve(1),
  map: () => new Map([['dim', 0]]),
  date: () => new Date(Number.NaN),
};
