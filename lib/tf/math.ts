// SPDX-License-Identifier: MIT

import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import * as core from '../index.js';
import { type DType, type Tensor, where } from '../index.js';
import { type Operand, operands, toIndices, toTensor } from './convert.js';
import { type AxisOr, type Binary, binary, binaryOfTensors, reduction, type Unary, unary, withAxis } from './define.js';

export * from './segment.js';

// TensorFlow's elementwise functions, reductions and scans. Dtypes promote as in the core.

/** |x|. */
export const abs = unary('abs', core.abs);
/** Inverse cosine. */
export const acos = unary('acos', core.acos);
/** Inverse hyperbolic cosine. */
export const acosh = unary('acosh', core.acosh);
/** Inverse sine. */
export const asin = unary('asin', core.asin);
/** Inverse hyperbolic sine. */
export const asinh = unary('asinh', core.asinh);
/** Inverse tangent. */
export const atan = unary('atan', core.atan);
/** Inverse hyperbolic tangent. */
export const atanh = unary('atanh', core.atanh);
/** Smallest integer not below x. */
export const ceil = unary('ceil', core.ceil);
/** Cosine of radians. */
export const cos = unary('cos', core.cos);
/** Hyperbolic cosine. */
export const cosh = unary('cosh', core.cosh);
/** Derivative of lgamma. */
export const digamma = unary('digamma', core.digamma);
/** Error function. */
export const erf = unary('erf', core.erf);
/** 1 - erf(x). */
export const erfc = unary('erfc', core.erfc);
/** Inverse of erf. */
export const erfinv = unary('erfinv', core.erfinv);
/** e^x. */
export const exp = unary('exp', core.exp);
/** e^x - 1, exact near 0. */
export const expm1 = unary('expm1', core.expm1);
/** Largest integer not above x. */
export const floor = unary('floor', core.floor);
/** Neither NaN nor ±∞? */
const finite = unary('isFinite', core.isfinite);

export { finite as isFinite };
/** Is it ±∞? */
export const isInf = unary('isInf', core.isinf);
/** Is it NaN? */
export const isNan = unary('isNan', core.isnan);
/** log |Γ(x)|. */
export const lgamma = unary('lgamma', core.lgamma);
/** Natural logarithm. */
export const log = unary('log', core.log);
/** log(1 + x), exact near 0. */
export const log1p = unary('log1p', core.log1p);
/** log(sigmoid(x)). */
export const logSigmoid = unary('logSigmoid', core.logsigmoid);
/** x == 0. */
export const logicalNot = unary('logicalNot', core.logicalNot);
/** -x. */
export const negative = unary('negative', core.neg);
/** 1 / x. */
export const reciprocal = unary('reciprocal', core.reciprocal);
/** 1 / x, and 0 where x is 0. */
export const reciprocalNoNan = unary('reciprocalNoNan', (x) => divideNoNan(1, x));
/** Nearest integer, ties to even. */
export const round = unary('round', (x) => core.round(x));
/** Another name of {@link round}. */
export const rint: Unary = round;
/** 1 / √x. */
export const rsqrt = unary('rsqrt', core.rsqrt);
/** 1 / (1 + e^-x). */
export const sigmoid = unary('sigmoid', core.sigmoid);
/** -1, 0 or 1. */
export const sign = unary('sign', core.sign);
/** Sine of radians. */
export const sin = unary('sin', core.sin);
/** Hyperbolic sine. */
export const sinh = unary('sinh', core.sinh);
/** log(1 + e^x). */
export const softplus = unary('softplus', (x) => x.neg().logsigmoid().neg());
/** x / (1 + |x|). */
export const softsign = unary('softsign', (x) => x.div(x.abs().add(1)));
/** Square root. */
export const sqrt = unary('sqrt', core.sqrt);
/** x². */
export const square = unary('square', core.square);
/** Tangent of radians. */
export const tan = unary('tan', core.tan);
/** Hyperbolic tangent. */
export const tanh = unary('tanh', core.tanh);

/** x + y. */
export const add = binary('add', (x, y) => core.add(x, y));
/** x - y. */
export const subtract = binary('subtract', (x, y) => core.sub(x, y));
/** x · y. */
export const multiply = binary('multiply', core.mul);
/** x / y; integers give floats. */
export const divide = binary('divide', (x, y) => core.div(x, y));
/** x / y, and 0 where y is 0. */
export const divideNoNan: Binary = (x, y) => {
  const [a, b] = operands(x, y, 'divideNoNan').map((v) => toTensor(v, 'divideNoNan')) as [Tensor, Tensor];
  const isZero = b.eq(0);
  return where(isZero, 0, a.div(where(isZero, 1, b)));
};
/** x · y, and 0 where y is 0, even if x is not finite. */
export const multiplyNoNan: Binary = (x, y) => {
  const [a, b] = operands(x, y, 'multiplyNoNan').map((v) => toTensor(v, 'multiplyNoNan')) as [Tensor, Tensor];
  return where(b.eq(0).logicalAnd(a.isfinite().logicalNot()), 0, a).mul(b);
};
/** ⌊x / y⌋. */
export const floordiv = binary('floordiv', core.floorDivide);
/** Remainder with the sign of y (Python's %). */
export const floormod = binary('floormod', core.remainder);
/** Another name of {@link floormod}. */
export const mod: Binary = floormod;
/** x / y towards zero. */
export const truncatediv = binary('truncatediv', (x, y) => core.div(x, y, { roundingMode: 'trunc' }));
/** Remainder with the sign of x. */
export const truncatemod = binary('truncatemod', core.fmod);
/** x^y. */
export const pow = binary('pow', core.pow);
/** The larger. */
export const maximum = binary('maximum', core.maximum);
/** The smaller. */
export const minimum = binary('minimum', core.minimum);
/** Angle of the point (x, y), given as `atan2(y, x)`. */
export const atan2 = binary('atan2', core.atan2);
/** (x - y)². */
export const squaredDifference = binary('squaredDifference', (x, y) => core.sub(x, y).square());
/** x · log(y), 0 where x is 0. */
export const xlogy = binaryOfTensors('xlogy', (x, y) => where(x.eq(0), 0, x.mul(where(x.eq(0), 1, y).log())));
/** x · log(1 + y), 0 where x is 0. */
export const xlog1py = binaryOfTensors('xlog1py', (x, y) => where(x.eq(0), 0, x.mul(where(x.eq(0), 0, y).log1p())));
/** x / y, 0 where x is 0. */
export const xdivy = binaryOfTensors('xdivy', (x, y) => where(x.eq(0), 0, x.div(where(x.eq(0), 1, y))));
/** x == y. Integer dtypes compare with each other. */
export const equal = binary('equal', core.eq);
/** x != y. */
export const notEqual = binary('notEqual', core.ne);
/** x < y. */
export const less = binary('less', core.lt);
/** x <= y. */
export const lessEqual = binary('lessEqual', core.le);
/** x > y. */
export const greater = binary('greater', core.gt);
/** x >= y. */
export const greaterEqual = binary('greaterEqual', core.ge);
/** Both true? */
export const logicalAnd = binary('logicalAnd', core.logicalAnd);
/** One true? */
export const logicalOr = binary('logicalOr', core.logicalOr);
/** Exactly one true? */
export const logicalXor = binary('logicalXor', core.logicalXor);

/** Sum; bool and integers give int64. */
export const reduceSum = reduction('reduceSum', core.sum);
/** Arithmetic mean. @throws DTypeError for integers and bool: cast first */
export const reduceMean = reduction('reduceMean', core.mean);
/** Largest element; equal ones share the gradient. */
export const reduceMax = reduction('reduceMax', core.amax);
/** Smallest element; equal ones share the gradient. */
export const reduceMin = reduction('reduceMin', core.amin);
/** Product; bool and integers give int64. */
export const reduceProd = reduction('reduceProd', core.prod);
/** Are all elements true? */
export const reduceAll = reduction('reduceAll', core.all);
/** Is one element true? */
export const reduceAny = reduction('reduceAny', core.any);
/** Standard deviation, of the population. */
export const reduceStd = reduction('reduceStd', (x, o) => core.std(x, { ...o, correction: 0 }));
/** Variance, of the population. */
export const reduceVariance = reduction('reduceVariance', (x, o) => core.var(x, { ...o, correction: 0 }));
/** log(Σ e^x), without overflow. */
export const reduceLogsumexp = reduction('reduceLogsumexp', core.logsumexp);
/** √Σ x². */
export const reduceEuclideanNorm = reduction('reduceEuclideanNorm', core.linalg.vectorNorm);
/** How many elements are not 0, as int64. */
export const countNonzero = reduction('countNonzero', (x, o) => x.ne(0).sum(o));
/** Share of elements that are 0, as float32. */
export const zeroFraction = (x: Operand): Tensor => toTensor(x, 'zeroFraction').eq(0).to('float32').mean();

/** Options of {@link argmax} and {@link argmin}. */
export interface ArgOptions {
  /** The dimension that goes away. Default 0. */
  axis?: number | undefined;
  /** Default int64. */
  outputType?: 'int64' | 'int32' | undefined;
}
function argExtreme(name: string, op: typeof core.argmax) {
  return (x: Operand, options?: AxisOr<ArgOptions>): Tensor => {
    const { axis = 0, outputType = 'int64' } = withAxis<ArgOptions>(options);
    return op(toTensor(x, name), axis).to(outputType as DType);
  };
}
/** Index of the largest element along `axis`, the first of equals. */
export const argmax = argExtreme('argmax', core.argmax);
/** Index of the smallest element along `axis`, the first of equals. */
export const argmin = argExtreme('argmin', core.argmin);

/** Options of {@link cumsum} and {@link cumprod}. */
export interface ScanOptions {
  /** Default 0. */
  axis?: number | undefined;
  /** Leave out each place's own element. Default false. */
  exclusive?: boolean | undefined;
  /** From the end. Default false. */
  reverse?: boolean | undefined;
}
function scan(name: string, op: (x: Tensor, dim: number) => Tensor, neutral: number) {
  return (x: Operand, options?: AxisOr<ScanOptions>): Tensor => {
    const { axis = 0, exclusive = false, reverse = false } = withAxis<ScanOptions>(options);
    const input = toTensor(x, name);
    const ordered = reverse ? input.flip(axis) : input;
    const scanned = exclusive ? op(shifted(ordered, axis, neutral), axis) : op(ordered, axis);
    return reverse ? scanned.flip(axis) : scanned;
  };
}
function shifted(x: Tensor, axis: number, neutral: number): Tensor {
  const size = x.size(axis);
  if (size === 0) return x;
  const first = core.fullLike(x.narrow(axis, 0, 1), neutral);
  return core.cat([first, x.narrow(axis, 0, size - 1)], axis);
}
/** Running sums along `axis`. */
export const cumsum = scan('cumsum', (x, dim) => core.cumsum(x, dim), 0);
/** Running products along `axis`. */
export const cumprod = scan('cumprod', (x, dim) => core.cumprod(x, dim), 1);
/** log of the running sums of e^x along `axis`, without overflow. */
export const cumulativeLogsumexp = scan('cumulativeLogsumexp', core.logcumsumexp, Number.NEGATIVE_INFINITY);

/** Sum of tensors of one shape. */
export function addN(inputs: readonly Operand[]): Tensor {
  if (!Array.isArray(inputs) || inputs.length === 0) throw new ArgumentTypeError('addN: expected an array of tensors');
  return inputs.map((x, i) => toTensor(x, `addN: inputs[${i}]`)).reduce((sum, x) => core.add(sum, x));
}

/** The k largest elements along the last dimension in descending order, and where they were (int64). */
export function topK(input: Operand, { k = 1 }: { k?: number } = {}): { values: Tensor; indices: Tensor } {
  return core.topk(toTensor(input, 'topK'), k);
}
/** Is the target among the k largest of its row? `targets` [N], `predictions` [N, classes]; ties count. */
export function inTopK(targets: Operand, predictions: Operand, k: number): Tensor {
  const rows = toTensor(predictions, 'inTopK: predictions');
  const own = rows.takeAlongDim(toIndices(targets, 'inTopK: targets').to('int64').unsqueeze(1), 1);
  return rows.gt(own).sum(1).lt(k).logicalAnd(own.squeeze(1).isfinite());
}
/** How often each of 0, 1, … occurs, as int64; with `weights` their sums. */
export function bincount(
  values: Operand,
  { weights, minlength = 0 }: { weights?: Operand | undefined; minlength?: number } = {},
): Tensor {
  const of = weights === undefined ? undefined : toTensor(weights, 'bincount: weights').ravel();
  return core.bincount(toIndices(values, 'bincount').ravel(), { weights: of, minlength });
}
/** Options of {@link confusionMatrix}. */
export interface ConfusionOptions {
  /** Default: the largest class + 1. */
  numClasses?: number | undefined;
  /** One for each label. */
  weights?: Operand | undefined;
  /** Default int32. */
  dtype?: DType | undefined;
}
/** Counts by true class (rows) and predicted class (columns). */
export function confusionMatrix(labels: Operand, predictions: Operand, options: ConfusionOptions = {}): Tensor {
  const [rows, columns] = [toIndices(labels, 'confusionMatrix'), toIndices(predictions, 'confusionMatrix')];
  const { weights, dtype = 'int32' } = options;
  const largest = () => Math.max(rows.amax().item(), columns.amax().item());
  const n = options.numClasses ?? (rows.numel() > 0 && columns.numel() > 0 ? largest() + 1 : 0);
  if (!(Number.isInteger(n) && n >= 0 && n <= 2 ** 24)) {
    throw new ArgumentRangeError(`confusionMatrix: numClasses: expected a whole number, got ${n}`);
  }
  const values = weights === undefined ? 1 : toTensor(weights, 'confusionMatrix: weights').to(dtype);
  return core.zeros([n, n], { dtype }).indexPut([rows.to('int64'), columns.to('int64')], values, { accumulate: true });
}
/** The permutation that undoes `x`: y[x[i]] = i. */
export function invertPermutation(x: Operand): Tensor {
  return core.argsort(toIndices(x, 'invertPermutation'));
}
/** x / √max(Σ x², epsilon) along `axis`, all by default. */
export function l2Normalize(
  x: Operand,
  options?: AxisOr<{ axis?: number | readonly number[] | undefined; epsilon?: number }>,
): Tensor {
  const { axis, epsilon = 1e-12 } = withAxis<{ axis?: number | readonly number[] | undefined; epsilon?: number }>(
    options,
  );
  const input = toTensor(x, 'l2Normalize');
  const total = input.square().sum({ dim: axis, keepdim: true });
  return input.mul(total.clampMin(epsilon).rsqrt());
}
