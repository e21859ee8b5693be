// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/elementwise.h"
#include "kernels/simd_math.h"
#include "kernels/special.h"

// The formula of every elementwise op, written once over Vec<T>: one functor per row of
// ops/unary.def, binary.def and fused.def, of the same name. A row without its functor does not
// compile ("is not a member of cresset::unary"). T is int64_t, float or double as the row's dtype
// rule allows; predicates and comparisons give a mask of lanes.
namespace cresset {
namespace {

template <class T>
constexpr bool kIsInteger = false;
template <>
constexpr bool kIsInteger<int64_t> = true;

template <class T>
SIMD_INLINE Vec<T> sign_bit() {
  return -splat(T(0));
}
template <class T>
SIMD_INLINE Vec<T> absolute(Vec<T> x) {
  if constexpr (kIsInteger<T>) {
    return x < 0 ? -x : x;
  } else {
    return (Vec<T>)((Bits<T>)x & ~(Bits<T>)sign_bit<T>());
  }
}
template <class T>
SIMD_INLINE Vec<T> with_sign_of(Vec<T> x, Vec<T> y) {
  const Bits<T> sign = (Bits<T>)sign_bit<T>();
  return (Vec<T>)(((Bits<T>)x & ~sign) | ((Bits<T>)y & sign));
}
template <class T, class F>
SIMD_INLINE Vec<T> each_lane(Vec<T> a, Vec<T> b, F f) {
  for (int i = 0; i < kLanes<T>; ++i) a[i] = f(a[i], b[i]);
  return a;
}

// Rounding leaves integers as they are.
SIMD_INLINE Vec<int64_t> vfloor(Vec<int64_t> x) { return x; }
SIMD_INLINE Vec<int64_t> vceil(Vec<int64_t> x) { return x; }
SIMD_INLINE Vec<int64_t> vtrunc(Vec<int64_t> x) { return x; }
SIMD_INLINE Vec<int64_t> vrint(Vec<int64_t> x) { return x; }

// Integer division by zero gives 0 and the smallest integer over -1 wraps: neither may trap. The op
// layer reports the zero.
SIMD_INLINE int64_t quotient(int64_t a, int64_t b) {
  return b == 0 ? 0 : b == -1 ? static_cast<int64_t>(-static_cast<uint64_t>(a)) : a / b;
}
SIMD_INLINE int64_t rest(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
SIMD_INLINE int64_t rest_floored(int64_t a, int64_t b) {
  const int64_t r = rest(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
SIMD_INLINE int64_t quotient_floored(int64_t a, int64_t b) {
  return quotient(a, b) - (rest_floored(a, b) != rest(a, b));
}
// By squaring; a negative exponent gives the truncated fraction.
SIMD_INLINE int64_t power(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t result = 1;
  for (uint64_t square = a; b != 0; b >>= 1, square *= square) {
    if (b & 1) result *= square;
  }
  return static_cast<int64_t>(result);
}

template <class T>
SIMD_INLINE Vec<T> fmod_of(Vec<T> a, Vec<T> b) {
  if constexpr (kIsInteger<T>) {
    return each_lane<T>(a, b, [](T x, T y) { return rest(x, y); });
  } else {
    return vfmod(a, b);
  }
}
template <class T>
SIMD_INLINE Vec<T> remainder_of(Vec<T> a, Vec<T> b) {
  if constexpr (kIsInteger<T>) {
    return each_lane<T>(a, b, [](T x, T y) { return rest_floored(x, y); });
  } else {
    const Vec<T> r = vfmod(a, b);
    return ((r != T(0)) & ((r < T(0)) ^ (b < T(0)))) ? r + b : r;
  }
}
// floor(a / b) without the rounding error of the division, as Python defines it.
template <class T>
SIMD_INLINE Vec<T> floor_divide_of(Vec<T> a, Vec<T> b) {
  if constexpr (kIsInteger<T>) {
    return each_lane<T>(a, b, [](T x, T y) { return quotient_floored(x, y); });
  } else {
    const Vec<T> quotient = a / b, exact = (a - remainder_of<T>(a, b)) / b;
    const Vec<T> down = vfloor(exact), floored = exact - down > T(0.5) ? down + T(1) : down;
    const Vec<T> result = exact != T(0) ? floored : with_sign_of<T>(splat(T(0)), quotient);
    return b == T(0) ? quotient : result;
  }
}
template <class T>
SIMD_INLINE Vec<T> pow_of(Vec<T> a, Vec<T> b) {
  if constexpr (kIsInteger<T>) {
    return each_lane<T>(a, b, [](T x, T y) { return power(x, y); });
  } else {
    return vpow(a, b);
  }
}
// max + log(1 + exp(-|a - b|)); equal infinities have no difference.
template <class T>
SIMD_INLINE Vec<T> logaddexp_of(Vec<T> a, Vec<T> b) {
  const Vec<T> larger = ((a > b) | (a != a)) ? a : b;
  const Vec<T> sum = larger + vlog1p(vexp(-absolute<T>(a - b)));
  return ((a == b) & (a - a != T(0))) ? a : sum;
}
template <class T>
SIMD_INLINE Vec<T> sinc_of(Vec<T> x) {
  const Vec<T> angle = x * T(kPi);
  return x == T(0) ? splat(T(1)) : vsin(angle) / angle;
}

// x sigmoid(z); where exp overflows the quotient is 0, as it should be.
template <class T>
SIMD_INLINE Vec<T> gated(Vec<T> x, Vec<T> z) {
  return x / (vexp(-z) + T(1));
}
// x (1 + tanh(u)) / 2 = x sigmoid(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
template <class T>
SIMD_INLINE Vec<T> gelu_tanh_of(Vec<T> x) {
  constexpr T kLinear = T(1.59576912160573071176), kCubic = T(0.044715 * 1.59576912160573071176);
  return gated<T>(x, x * (kLinear + kCubic * x * x));
}

SIMD_INLINE Vec<double> normal_integral(Vec<double> x) {
  return 0.5 * (1.0 + verf(x * 0.70710678118654752440));
}
// The derivatives of silu, of gelu and of its approximation.
template <class T>
SIMD_INLINE Vec<T> silu_slope(Vec<T> x) {
  const Vec<T> s = vsigmoid(x);
  return s * (T(1) + x * (T(1) - s));
}
template <class T>
SIMD_INLINE Vec<T> gelu_slope(Vec<T> x) {
  constexpr T kDensity = T(0.39894228040143267794);
  return normal_integral(x) + x * (kDensity * vexp(T(-0.5) * (x * x)));
}
template <class T>
SIMD_INLINE Vec<T> gelu_tanh_slope(Vec<T> x) {
  constexpr T kScale = T(0.79788456080286535588);
  const Vec<T> x2 = x * x, t = vtanh(kScale * (x + T(0.044715) * (x2 * x)));
  const Vec<T> inner = kScale * (T(1) + T(0.134145) * x2);
  return T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * inner;
}

#define CRESSET_UNARY(name, ...)           \
  struct name {                            \
    template <class T>                     \
    SIMD_INLINE static auto of(Vec<T> x) { \
      return __VA_ARGS__;                  \
    }                                      \
  };
#define CRESSET_BINARY(name, ...)                    \
  struct name {                                      \
    template <class T>                               \
    SIMD_INLINE static auto of(Vec<T> a, Vec<T> b) { \
      return __VA_ARGS__;                            \
    }                                                \
  };

namespace unary {

CRESSET_UNARY(abs, absolute<T>(x))
CRESSET_UNARY(neg, -x)
CRESSET_UNARY(sign, (x > T(0) ? splat(T(1)) : splat(T(0))) - (x < T(0) ? splat(T(1)) : splat(T(0))))
CRESSET_UNARY(square, (x * x))
CRESSET_UNARY(reciprocal, T(1) / x)
CRESSET_UNARY(sqrt, vsqrt(x))
CRESSET_UNARY(rsqrt, T(1) / vsqrt(x))
CRESSET_UNARY(exp, vexp(x))
CRESSET_UNARY(exp2, vexp2(x))
CRESSET_UNARY(expm1, vexpm1(x))
CRESSET_UNARY(log, vlog(x))
CRESSET_UNARY(log2, vlog2(x))
CRESSET_UNARY(log10, vlog10(x))
CRESSET_UNARY(log1p, vlog1p(x))
CRESSET_UNARY(sin, vsin(x))
CRESSET_UNARY(cos, vcos(x))
CRESSET_UNARY(tan, vtan(x))
CRESSET_UNARY(asin, vasin(x))
CRESSET_UNARY(acos, vacos(x))
CRESSET_UNARY(atan, vatan(x))
CRESSET_UNARY(sinh, vsinh(x))
CRESSET_UNARY(cosh, vcosh(x))
CRESSET_UNARY(tanh, vtanh(x))
CRESSET_UNARY(asinh, vasinh(x))
CRESSET_UNARY(acosh, vacosh(x))
CRESSET_UNARY(atanh, vatanh(x))
CRESSET_UNARY(sigmoid, vsigmoid(x))
CRESSET_UNARY(log_sigmoid, (x < T(0) ? x : splat(T(0))) - vlog1p(vexp(-absolute<T>(x))))
CRESSET_UNARY(logit, vlog(x / (T(1) - x)))
CRESSET_UNARY(erf, verf(x))
CRESSET_UNARY(erfc, verfc(x))
CRESSET_UNARY(erfinv, verfinv(x))
CRESSET_UNARY(lgamma, vlgamma(x))
CRESSET_UNARY(digamma, vdigamma(x))
CRESSET_UNARY(trigamma, vtrigamma(x))
CRESSET_UNARY(sinc, sinc_of<T>(x))
CRESSET_UNARY(floor, vfloor(x))
CRESSET_UNARY(ceil, vceil(x))
CRESSET_UNARY(round, vrint(x))
CRESSET_UNARY(trunc, vtrunc(x))
CRESSET_UNARY(frac, x - vtrunc(x))
CRESSET_UNARY(relu, x < T(0) ? splat(T(0)) : x)
CRESSET_UNARY(silu, gated<T>(x, x))
CRESSET_UNARY(gelu, (x * normal_integral(x)))
CRESSET_UNARY(gelu_tanh, gelu_tanh_of<T>(x))
CRESSET_UNARY(isnan, x != x)
CRESSET_UNARY(isinf, (x - x != T(0)) & (x == x))
CRESSET_UNARY(isfinite, x - x == T(0))
CRESSET_UNARY(signbit, (Bits<T>)x < 0)
CRESSET_UNARY(logical_not, x == T(0))
CRESSET_UNARY(bitwise_not, ~x)

}  // namespace unary

namespace binary {

CRESSET_BINARY(add, a + b)
CRESSET_BINARY(sub, a - b)
CRESSET_BINARY(mul, (a * b))
CRESSET_BINARY(div, a / b)
CRESSET_BINARY(pow, pow_of<T>(a, b))
CRESSET_BINARY(floor_divide, floor_divide_of<T>(a, b))
CRESSET_BINARY(fmod, fmod_of<T>(a, b))
CRESSET_BINARY(remainder, remainder_of<T>(a, b))
CRESSET_BINARY(maximum, ((a > b) | (a != a)) ? a : b)
CRESSET_BINARY(minimum, ((a < b) | (a != a)) ? a : b)
CRESSET_BINARY(fmax, ((a >= b) | (b != b)) ? a : b)
CRESSET_BINARY(fmin, ((a <= b) | (b != b)) ? a : b)
CRESSET_BINARY(atan2, vatan2(a, b))
CRESSET_BINARY(hypot, vhypot(a, b))
CRESSET_BINARY(copysign, with_sign_of<T>(a, b))
CRESSET_BINARY(logaddexp, logaddexp_of<T>(a, b))
CRESSET_BINARY(xlogy, ((a == T(0)) & (b == b)) ? splat(T(0)) : a* vlog(b))
CRESSET_BINARY(eq, a == b)
CRESSET_BINARY(ne, a != b)
CRESSET_BINARY(lt, a < b)
CRESSET_BINARY(le, a <= b)
CRESSET_BINARY(gt, a > b)
CRESSET_BINARY(ge, a >= b)
CRESSET_BINARY(logical_and, (a != T(0)) & (b != T(0)))
CRESSET_BINARY(logical_or, (a != T(0)) | (b != T(0)))
CRESSET_BINARY(logical_xor, (a != T(0)) ^ (b != T(0)))
CRESSET_BINARY(bitwise_and, a& b)
CRESSET_BINARY(bitwise_or, a | b)
CRESSET_BINARY(bitwise_xor, a ^ b)
// A shift by a negative amount or by the width and more moves every bit out.
CRESSET_BINARY(bitwise_left_shift, ((b < 0) | (b > 63)) ? splat(T(0)) : a << (b & 63))
CRESSET_BINARY(bitwise_right_shift, a >> (((b < 0) | (b > 63)) ? splat(T(63)) : b))

}  // namespace binary

// (g, saved) -> gradient; `a` is g.
namespace fused {

CRESSET_BINARY(relu_backward, b > T(0) ? a : splat(T(0)))
CRESSET_BINARY(tanh_backward, a*(T(1) - b * b))
CRESSET_BINARY(sigmoid_backward, a*(b*(T(1) - b)))
CRESSET_BINARY(silu_backward, (a * silu_slope<T>(b)))
CRESSET_BINARY(gelu_backward, (a * gelu_slope<T>(b)))
CRESSET_BINARY(gelu_tanh_backward, (a * gelu_tanh_slope<T>(b)))

}  // namespace fused

#undef CRESSET_UNARY
#undef CRESSET_BINARY

}  // namespace
}  // namespace cresset
