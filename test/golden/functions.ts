// SPDX-License-Identifier: MIT
import * as cresset from 'cresset';
import { camel } from './values.js';

// From PyTorch's name of a function to ours: the same in camelCase, keyword arguments as an options object.

type Callable = (...args: unknown[]) => unknown;

/**
 * Where the default (positional arguments as they are, keyword arguments as options) does not fit: PyTorch's parameters
 * in order, with those that ours takes as options in braces.
 */
const parameters: Record<string, string> = {
  ...Object.fromEntries(
    [
      'all',
      'amax',
      'amin',
      'aminmax',
      'any',
      'argmax',
      'argmin',
      'count_nonzero',
      'logsumexp',
      'mean',
      'median',
      'nanmean',
      'nansum',
      'prod',
      'sum',
    ].map((name) => [name, 'input, {dim, keepdim, dtype}']),
  ),
  cat: 'tensors, dim',
  clamp: 'input, min, max',
  argsort: 'input, dim, {descending}',
  bucketize: 'input, boundaries, {right, out_int32}',
  cumprod: 'input, dim, {dtype}',
  cumsum: 'input, dim, {dtype}',
  diff: 'input, {n, dim, prepend, append}',
  dist: 'input, other, {p}',
  'nn.functional.batch_norm': 'input, running_mean, running_var, {weight, bias}',
  ...Object.fromEntries(
    [1, 2, 3].map((dims) => [
      `nn.functional.conv_transpose${dims}d`,
      'input, weight, bias, {stride, padding, output_padding, groups, dilation}',
    ]),
  ),
  ...Object.fromEntries(
    [1, 2, 3].flatMap((dims) => [
      [
        `nn.functional.avg_pool${dims}d`,
        'input, kernel_size, {stride, padding, ceil_mode, count_include_pad, divisor_override}',
      ],
      [`nn.functional.max_pool${dims}d`, 'input, kernel_size, {stride, padding, dilation, ceil_mode, return_indices}'],
      [`nn.functional.adaptive_max_pool${dims}d`, 'input, output_size, {return_indices}'],
    ]),
  ),
  'nn.functional.interpolate': 'input, {size, scale_factor, mode, align_corners, recompute_scale_factor}',
  'nn.functional.channel_shuffle': 'input, groups',
  'nn.functional.glu': 'input, {dim}',
  'nn.functional.local_response_norm': 'input, size, {alpha, beta, k}',
  'nn.functional.group_norm': 'input, num_groups, {weight, bias, eps}',
  'nn.functional.instance_norm': 'input',
  'nn.functional.layer_norm': 'input, normalized_shape, {weight, bias, eps}',
  'nn.functional.leaky_relu': 'input, {negative_slope}',
  'nn.functional.one_hot': 'tensor, num_classes',
  'nn.functional.pad': 'input, pad, {mode, value}',
  'nn.functional.pixel_shuffle': 'input, upscale_factor',
  'nn.functional.pixel_unshuffle': 'input, downscale_factor',
  'nn.functional.prelu': 'input, weight',
  'nn.functional.rms_norm': 'input, normalized_shape, {weight, eps}',
  'nn.functional.softmin': 'input, dim, {dtype}',
  'nn.functional.unfold': 'input, kernel_size, {dilation, padding, stride}',
  max: 'input, dim, {keepdim}',
  min: 'input, dim, {keepdim}',
  'linalg.matrix_norm': 'input, {ord, dim, keepdim}',
  'linalg.norm': 'input, {ord, dim, keepdim}',
  'linalg.vector_norm': 'input, {ord, dim, keepdim}',
  eye: 'n, m, {dtype, requires_grad}',
  flip: 'input, dims',
  flatten: 'input, start_dim, end_dim',
  kthvalue: 'input, k, dim, {keepdim}',
  log_softmax: 'input, dim, {dtype}',
  logit: 'input, {eps}',
  norm: 'input, {p, dim, keepdim}',
  repeat_interleave: 'input, repeats, {dim, output_size}',
  stack: 'tensors, dim',
  take_along_dim: 'input, indices, dim',
  quantile: 'input, q, {dim, keepdim, interpolation}',
  softmax: 'input, dim, {dtype}',
  sort: 'input, dim, {descending}',
  tensordot: 'a, b, dims',
};

/** Functions that ours has under another name. */
const renamed: Record<string, string> = { __getitem__: 'index', split_with_sizes: 'split' };

/** Calls that no list of parameters can describe. */
const adapters: Record<string, (own: Callable, args: unknown[], kwargs: Record<string, unknown>) => unknown> = {
  // Ours are always sorted, and stable.
  topk: (own, args, kwargs) => own(...arrange('input, k, dim, {largest}', args.slice(0, 4), kwargs)),
  ...Object.fromEntries(['std', 'std_mean', 'var', 'var_mean'].map((name) => [name, spread])),
  // Zero-dim tensors where ours take numbers.
  arange: (own, args, kwargs) => own(...arrange('start, end, {step, dtype}', args.map(numberOf), kwargs)),
  linspace: (own, args, kwargs) => own(...args.map(numberOf), kwargs),
  narrow: (own, [input, ...rest]) => own(input, ...rest.map(numberOf)),
  // Tensors one by one where ours takes a list.
  meshgrid: (own, args, kwargs) => own(Array.isArray(args[0]) ? args[0] : args, kwargs),
  __getitem__: (own, [x, indices]) => own(x, ...(indices as unknown[]).map(indexOf)),
  scatter: (own, args, { reduce }) => {
    if (reduce === undefined) return own(...args);
    return (lookUp(['scatterReduce']) as Callable)(...args, reduce === 'add' ? 'sum' : 'prod');
  },
  // How the distance is computed is our own affair.
  cdist: (own, [a, b, p]) => own(a, b, { p }),
};

/** `unbiased` is PyTorch's older name for a correction of 1 or 0. */
function spread(own: Callable, [input, second]: unknown[], { unbiased, ...options }: Record<string, unknown>): unknown {
  const flag = typeof second === 'boolean' ? second : (unbiased as boolean | undefined);
  const dim = typeof second === 'boolean' ? undefined : second;
  return own(input, {
    ...(dim !== undefined && { dim }),
    ...(flag !== undefined && { correction: Number(flag) }),
    ...options,
  });
}

/** An entry of Python's index: `{ slice }`, `{ ellipsis }`, None, numbers and tensors. */
function indexOf(entry: unknown): unknown {
  if (entry === undefined) return null;
  const { slice, ellipsis } = Object(entry) as { slice?: unknown; ellipsis?: boolean };
  if (ellipsis) return '...';
  if (!Array.isArray(slice)) return entry;
  const [start, stop, step] = slice.map((value) => value ?? undefined);
  return { start, stop, step };
}

function numberOf(value: unknown): unknown {
  return value instanceof cresset.Tensor ? value.item() : value;
}

function lookUp(path: string[]): unknown {
  return path.reduce<unknown>((space, name) => (space as Record<string, unknown> | undefined)?.[name], cresset);
}

/** Our function, or the method of that name; undefined if cresset has neither. */
function find(call: string): Callable | undefined {
  const path = call
    .replace(/^torch\./, '')
    .split('.')
    .map(camel);
  const last = call.split('.').at(-1) as string;
  const name = renamed[last] ?? (path.at(-1) as string);
  const own = path[0] === 'Tensor' ? undefined : lookUp(path);
  if (typeof own === 'function') return own as Callable;
  if (path[0] === 'linalg' || path[0] === 'nn' || !(name in cresset.Tensor.prototype)) return undefined;
  return (self, ...rest) => (self as Record<string, Callable>)[name]?.call(self, ...rest);
}

/** Arguments in the order of a list of parameters, options gathered in an object. */
function arrange(list: string, args: unknown[], kwargs: Record<string, unknown>): unknown[] {
  const [plain = '', options = ''] = list.split('{');
  const names = (text: string) =>
    text
      .replace('}', '')
      .split(',')
      .map((name) => camel(name.trim()))
      .filter(Boolean);
  const order = [...names(plain), ...names(options)];
  const values = new Map<string, unknown>(Object.entries(kwargs));
  for (const [i, value] of args.entries()) values.set(order[i] ?? `argument ${i}`, value);
  const positional = names(plain).map((name) => values.get(name));
  for (const name of names(plain)) values.delete(name);
  const given = [...values].filter(([, value]) => value !== undefined);
  return given.length > 0 ? [...positional, Object.fromEntries(given)] : positional;
}

/**
 * The call of one case, ready to run.
 * @param kwargs - with camelCase names
 * @returns undefined if cresset has no such function
 */
export function resolve(call: string): ((args: unknown[], kwargs: Record<string, unknown>) => unknown) | undefined {
  const name = call.replace(/^torch\.(Tensor\.)?/, '');
  const own = find(call);
  const adapter = adapters[name];
  if (!own) return undefined;
  if (adapter) return (args, kwargs) => adapter(own, args, kwargs);
  const list = parameters[name];
  return (args, kwargs) => {
    if (list) return own(...arrange(list, args, kwargs));
    return own(...args, ...(Object.keys(kwargs).length > 0 ? [kwargs] : []));
  };
}
