// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"
#include "kernels/simd_math_libm.h"
#include "kernels/simd_math_wide.h"

// Mathematical functions over Vec<float> and Vec<double>: f(x) is spelled vf(x). Special values
// follow C's Annex F. Float's frequent ones stand here: at most 2 ULP off, and the same bits on
// every instruction set with FMA. Polynomials are minimax fits on the reduced argument.
namespace cresset {
namespace {

template <int N>
SIMD_INLINE Vec<float> horner(Vec<float> x, const float (&c)[N]) {
  Vec<float> y = splat(c[N - 1]);
  for (int i = N - 2; i >= 0; --i) y = fma(y, x, splat(c[i]));
  return y;
}
SIMD_INLINE Vec<float> magnitude(Vec<float> x) { return (Vec<float>)((Vec<int32_t>)x & INT32_MAX); }
SIMD_INLINE Vec<float> with_sign_of(Vec<float> positive, Vec<float> sign) {
  return (Vec<float>)((Vec<int32_t>)positive | ((Vec<int32_t>)sign & INT32_MIN));
}

// x = n ln 2 + r with n an integer and |r| <= ln 2 / 2; ln 2 in two parts, so that n times the
// first is exact. n stands in the low bits of `rounded`.
struct ExpArgument {
  Vec<float> rounded, r;
};
constexpr float kRound = 0x1.8p23f;  // adding it rounds to an integer, which then is the low bits
constexpr float kLn2High = 0.693145751953125f, kLn2Low = 1.42860677e-06f;
SIMD_INLINE Vec<int32_t> low_bits(Vec<float> rounded) {
  return (Vec<int32_t>)rounded - (Vec<int32_t>)splat(kRound);
}
SIMD_INLINE ExpArgument reduce_exp(Vec<float> x) {
  const Vec<float> rounded = fma(x, splat(1.44269504f), splat(kRound)), n = rounded - kRound;
  return {rounded, fma(n, splat(-kLn2Low), fma(n, splat(-kLn2High), x))};
}
// (e^r - 1 - r) / r^2 over |r| <= ln 2 / 2.
SIMD_INLINE Vec<float> exp_tail(Vec<float> r) {
  constexpr float kTail[] = {0.5f,           0.166666672f,   0.0416663438f,
                             0.00833326951f, 0.00139420584f, 0.000199164773f};
  return horner(r, kTail);
}
SIMD_INLINE Vec<float> finish_exp(ExpArgument a) {
  const Vec<float> y = fma(a.r * a.r, exp_tail(a.r), a.r) + 1.0f;
  return scaled(y, low_bits(a.rounded), a.rounded - kRound);
}
// NaN passes.
SIMD_INLINE Vec<float> clamp(Vec<float> x, float low, float high) {
  return greater(splat(low), lesser(splat(high), x));
}

SIMD_INLINE Vec<float> vexp(Vec<float> x) { return finish_exp(reduce_exp(clamp(x, -104, 89))); }
// The same of x <= 0, and NaN.
SIMD_INLINE Vec<float> vexp_below_one(Vec<float> x) {
  return finish_exp(reduce_exp(greater(splat(-104.0f), x)));
}
SIMD_INLINE Vec<double> vexp_below_one(Vec<double> x) { return vexp(x); }
SIMD_INLINE Vec<float> vexp2(Vec<float> x) {
  const Vec<float> clamped = clamp(x, -151, 129), rounded = clamped + kRound;
  return finish_exp({rounded, (clamped - (rounded - kRound)) * 0.69314718f});
}
SIMD_INLINE Vec<float> vexpm1(Vec<float> x) {
  const ExpArgument a = reduce_exp(clamp(x, -20, 89));
  // half of 2^n, which overflows at the top
  const Vec<float> half = power_of_two(low_bits(a.rounded) - 1);
  const Vec<float> tail = fma(a.r * a.r, exp_tail(a.r), a.r);
  const Vec<float> y = fma(tail, half, half - 0.5f) * 2.0f;
  return ((magnitude(x) < 1e-9f) | (x != x)) ? x : y;
}

// (e or 1) / (1 + e) with e = exp(-|x|), and one step that takes back the rounding of the sum and
// of the quotient.
SIMD_INLINE Vec<float> vsigmoid(Vec<float> x) {
  const Vec<float> e = vexp(-magnitude(x)), one = splat(1.0f);
  const Vec<float> over = x < 0.0f ? e : one, sum = one + e, lost = e - (sum - one);
  const Vec<float> inverse = one / sum, y = over * inverse;
  return fma(fma(-y, sum, over) - y * lost, inverse, y);
}
SIMD_INLINE Vec<float> vtanh(Vec<float> x) {
  constexpr float kOdd[] = {-0.333332837f, 0.133314833f, -0.0537427738f, 0.0206480622f,
                            -0.00571406353f};
  const Vec<float> a = magnitude(x), x2 = x * x;
  const Vec<float> small = fma(a * x2, horner(x2, kOdd), a);
  const Vec<float> large = 1.0f - 2.0f / (vexp(a + a) + 1.0f);
  return with_sign_of(a < 0.625f ? small : large, x);
}
// Small: x (1 + P(x^2)). Else 1 - erfc(|x|), where -log(erfc) is as smooth as a parabola.
SIMD_INLINE Vec<float> verf(Vec<float> x) {
  constexpr float kOdd[] = {0.128379166f,   -0.376126289f,    0.112836242f,   -0.0268555488f,
                            0.00519169774f, -0.000803886447f, 7.93847066e-05f};
  constexpr float kLog[] = {-0.000169160718f, 1.12948823f,    0.633401096f,    0.108220287f,
                            -0.0250807013f,   0.00415635901f, -0.00043143364f, 2.08340989e-05f};
  const Vec<float> a = clamp(magnitude(x), 0, 4);
  const Vec<float> small = fma(a, horner(a * a, kOdd), a);
  const Vec<float> large = 1.0f - vexp(-horner(a, kLog));
  return with_sign_of(a < 0.9f ? small : large, x);
}

// The normal distribution's integral up to x: with a = |x|, -log of what lies beyond is as smooth
// as a parabola.
SIMD_INLINE Vec<float> normal_integral(Vec<float> x) {
  constexpr float kLog[] = {0.693147123f,    0.797888041f,    0.318275124f,    0.0364628769f,
                            -0.00500559574f, 0.000174067507f, 0.000101867365f, -2.43225004e-05f,
                            2.42025908e-06f, -9.45641645e-08f};
  const Vec<float> a = magnitude(x);
  const Vec<float> beyond = a < 6.0f ? vexp(-horner(a, kLog)) : splat(0.0f);
  return x < 0.0f ? beyond : 1.0f - beyond;
}

// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for positive and finite x.
struct LogArgument {
  Vec<float> e, f;
};
SIMD_INLINE LogArgument reduce_log(Vec<float> x) {
  constexpr uint32_t kOne = 0x3f800000, kSqrtHalf = 0x3f3504f3, kMantissa = 0x7fffff;
  const Vec<int32_t> denormal = x < 0x1p-126f;
  const Vec<uint32_t> bits = (Vec<uint32_t>)(denormal ? x * 0x1p23f : x) + (kOne - kSqrtHalf);
  const Vec<int32_t> e = (Vec<int32_t>)(bits >> 23) - (denormal ? splat(150) : splat(127));
  const Vec<float> m = (Vec<float>)((bits & kMantissa) + kSqrtHalf);
  return {__builtin_convertvector(e, Vec<float>), m - 1.0f};
}
// log(1 + f) - f over the interval above.
SIMD_INLINE Vec<float> log_tail(Vec<float> f) {
  constexpr float kTail[] = {0.333333135f,  -0.25000155f,  0.200022087f,
                             -0.166600287f, 0.142105773f,  -0.125385687f,
                             0.120910026f,  -0.109797567f, 0.0545640588f};
  return f * f * fma(f, horner(f, kTail), splat(-0.5f));
}
// y where x, the logarithm's argument, is positive and finite.
SIMD_INLINE Vec<float> log_or_special(Vec<float> x, Vec<float> y) {
  constexpr float kInf = __builtin_inff();
  const Vec<float> special = x == 0.0f ? splat(-kInf) : x > 0.0f ? x : splat(__builtin_nanf(""));
  return ((x > 0.0f) & (x < kInf)) ? y : special;
}
SIMD_INLINE Vec<float> finish_log(LogArgument a) {
  const Vec<float> small = a.f + fma(a.e, splat(kLn2Low), log_tail(a.f));
  return fma(a.e, splat(kLn2High), small);
}

SIMD_INLINE Vec<float> vlog(Vec<float> x) { return log_or_special(x, finish_log(reduce_log(x))); }
// u = 1 + x loses the low end of x, which goes back into f.
SIMD_INLINE Vec<float> vlog1p(Vec<float> x) {
  const Vec<float> u = 1.0f + x;
  const Vec<float> lost = magnitude(x) < 1.0f ? x - (u - 1.0f) : 1.0f - (u - x);
  LogArgument a = reduce_log(u);
  const Vec<float> corrected =
      a.f + lost * power_of_two(-__builtin_convertvector(a.e, Vec<int32_t>));
  a.f = ((x < 0x1p25f) & (x > -1.0f)) ? corrected : a.f;
  const Vec<float> y = log_or_special(u, finish_log(a));
  return x == 0.0f ? x : y;  // keeps the sign of -0
}
// e high + (e low + (f + tail) scale), where scale and the product f scale have a low part too.
SIMD_INLINE Vec<float> log_of_base(Vec<float> x, float high, float low, float scale,
                                   float scale_low) {
  const LogArgument a = reduce_log(x);
  const Vec<float> product = a.f * scale;
  const Vec<float> error = fma(a.f, splat(scale), -product);
  const Vec<float> rest = fma(log_tail(a.f), splat(scale), fma(a.f, splat(scale_low), error));
  const Vec<float> y = fma(a.e, splat(high), product + fma(a.e, splat(low), rest));
  return log_or_special(x, y);
}
SIMD_INLINE Vec<float> vlog2(Vec<float> x) {
  return log_of_base(x, 1, 0, 1.44269502f, 1.92596299e-08f);
}
SIMD_INLINE Vec<float> vlog10(Vec<float> x) {
  return log_of_base(x, 0.301025391f, 4.60503898e-06f, 0.434294492f, -1.01030501e-08f);
}

}  // namespace
}  // namespace cresset
