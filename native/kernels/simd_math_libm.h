// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"

// Functions that go through libm lane by lane: all of double's, and float's rare ones.
namespace cresset {
namespace {

// Float goes through double, whose error vanishes in the rounding.
#define CRESSET_LIBM_FLOAT(name, libm)                                             \
  [[maybe_unused]] __attribute__((noinline)) Vec<float> v##name(Vec<float> x) {    \
    for (int i = 0; i < kLanes<float>; ++i) x[i] = static_cast<float>(libm(x[i])); \
    return x;                                                                      \
  }
#define CRESSET_LIBM_DOUBLE(name, libm)                                           \
  [[maybe_unused]] __attribute__((noinline)) Vec<double> v##name(Vec<double> x) { \
    for (int i = 0; i < kLanes<double>; ++i) x[i] = libm(x[i]);                   \
    return x;                                                                     \
  }
#define CRESSET_LIBM(name, libm) \
  CRESSET_LIBM_FLOAT(name, libm) \
  CRESSET_LIBM_DOUBLE(name, libm)

#define CRESSET_LIBM2_OF(T, name, libm)                                           \
  [[maybe_unused]] __attribute__((noinline)) Vec<T> v##name(Vec<T> x, Vec<T> y) { \
    for (int i = 0; i < kLanes<T>; ++i) x[i] = static_cast<T>(libm(x[i], y[i]));  \
    return x;                                                                     \
  }
#define CRESSET_LIBM2(name, libm)     \
  CRESSET_LIBM2_OF(float, name, libm) \
  CRESSET_LIBM2_OF(double, name, libm)

// lgamma writes a global sign; the reentrant form does not. (Clang has no builtin of it.)
extern "C" double lgamma_r(double x, int* sign);
SIMD_INLINE double lgamma_without_global(double x) {
  int sign;
  return lgamma_r(x, &sign);
}
SIMD_INLINE double logistic(double x) {
  const double e = __builtin_exp(-__builtin_fabs(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}
// libm's own would need glibc 2.35. An infinity wins over a NaN, as in C.
SIMD_INLINE double hypotenuse(double x, double y) {
  x = __builtin_fabs(x), y = __builtin_fabs(y);
  const double large = x > y ? x : y, small = x > y ? y : x;
  if (__builtin_isinf(large) || __builtin_isinf(small)) return __builtin_inf();
  if (small == 0) return large;
  const double ratio = small / large;
  return large * __builtin_sqrt(1.0 + ratio * ratio);
}

CRESSET_LIBM_DOUBLE(exp, __builtin_exp)
CRESSET_LIBM_DOUBLE(exp2, __builtin_exp2)
CRESSET_LIBM_DOUBLE(expm1, __builtin_expm1)
CRESSET_LIBM_DOUBLE(log, __builtin_log)
CRESSET_LIBM_DOUBLE(log2, __builtin_log2)
CRESSET_LIBM_DOUBLE(log10, __builtin_log10)
CRESSET_LIBM_DOUBLE(log1p, __builtin_log1p)
CRESSET_LIBM_DOUBLE(sin, __builtin_sin)
CRESSET_LIBM_DOUBLE(cos, __builtin_cos)
CRESSET_LIBM_DOUBLE(tanh, __builtin_tanh)
CRESSET_LIBM_DOUBLE(sigmoid, logistic)
CRESSET_LIBM_DOUBLE(erf, __builtin_erf)
CRESSET_LIBM2_OF(double, pow, __builtin_pow)
CRESSET_LIBM_DOUBLE(tan, __builtin_tan)
CRESSET_LIBM(asin, __builtin_asin)
CRESSET_LIBM(acos, __builtin_acos)
CRESSET_LIBM(atan, __builtin_atan)
CRESSET_LIBM(sinh, __builtin_sinh)
CRESSET_LIBM(cosh, __builtin_cosh)
CRESSET_LIBM(asinh, __builtin_asinh)
CRESSET_LIBM(acosh, __builtin_acosh)
CRESSET_LIBM(atanh, __builtin_atanh)
CRESSET_LIBM(erfc, __builtin_erfc)
CRESSET_LIBM(lgamma, lgamma_without_global)
CRESSET_LIBM2(atan2, __builtin_atan2)
CRESSET_LIBM2(hypot, hypotenuse)
CRESSET_LIBM2(fmod, __builtin_fmod)

}  // namespace
}  // namespace cresset
