// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd_math.h"

// Special functions that libm lacks, in double precision and lane by lane.
namespace cresset {
namespace {

constexpr double kPi = 3.14159265358979323846;

// x minus the nearest integer: exact, so that pi * fraction has no error from large x.
SIMD_INLINE double centered_fraction(double x) { return x - __builtin_rint(x); }

// Recurrence up to x >= 10, then the asymptotic series
//   ln x - 1/(2x) - sum B_2k / (2k x^2k); left of 0 by reflection.
[[maybe_unused]] double digamma(double x) {
  if (x == 0) return __builtin_copysign(__builtin_inf(), -x);
  double shift = 0;
  if (x < 0) {
    const double fraction = centered_fraction(x);
    if (fraction == 0) return __builtin_nan("");
    shift = -kPi / __builtin_tan(kPi * fraction);
    x = 1 - x;
  }
  for (; x < 10; x += 1) shift -= 1 / x;
  const double s = 1 / (x * x);
  constexpr double kSeries[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                                1.0 / 132, -691.0 / 32760, 1.0 / 12};
  double sum = 0;
  for (int k = 6; k >= 0; --k) sum = (sum + kSeries[k]) * s;
  return shift + __builtin_log(x) - 0.5 / x - sum;
}

// The same way: 1/x + 1/(2x^2) + sum B_2k / x^(2k+1).
[[maybe_unused]] double trigamma(double x) {
  double shift = 0, sign = 1;
  if (x < 0.5) {
    const double sine = __builtin_sin(kPi * centered_fraction(x)) / kPi;
    shift = 1 / (sine * sine);
    sign = -1;
    x = 1 - x;
  }
  double sum = 0;
  for (; x < 10; x += 1) sum += 1 / (x * x);
  const double s = 1 / (x * x);
  constexpr double kSeries[] = {1.0 / 6,  -1.0 / 30,     1.0 / 42, -1.0 / 30,
                                5.0 / 66, -691.0 / 2730, 7.0 / 6};
  double tail = 0;
  for (int k = 6; k >= 0; --k) tail = (tail + kSeries[k]) * s;
  return shift + sign * (sum + (1 + tail) / x + 0.5 * s);
}

// A closed-form start (Winitzki, relative error 2e-3), then Halley's iteration on erf, or on erfc
// in the tails where 1 - erf cancels.
[[maybe_unused]] double erfinv(double x) {
  const double a = __builtin_fabs(x);
  if (a == 1) return __builtin_copysign(__builtin_inf(), x);
  if (!(a < 1)) return __builtin_nan("");
  if (a == 0) return x;
  constexpr double kA = 0.147;
  const double log_term = __builtin_log1p(-a * a);
  const double t = 2 / (kPi * kA) + 0.5 * log_term;
  double y = __builtin_sqrt(-log_term / kA / (t + __builtin_sqrt(t * t - log_term / kA)));
  for (int i = 0; i < 3; ++i) {
    const double error = a < 0.5 ? __builtin_erf(y) - a : (1 - a) - __builtin_erfc(y);
    const double slope = 2 / __builtin_sqrt(kPi) * __builtin_exp(-y * y);
    y -= error / (slope + y * error);
  }
  return __builtin_copysign(y, x);
}

CRESSET_LIBM(digamma, digamma)
CRESSET_LIBM(trigamma, trigamma)
CRESSET_LIBM(erfinv, erfinv)

}  // namespace
}  // namespace cresset
