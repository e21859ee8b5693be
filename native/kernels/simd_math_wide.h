// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"

// Float functions whose argument reduction asks for more than float's precision: computed in
// double, two half vectors at a time, and rounded once at the end.
namespace cresset {
namespace {

template <int N>
SIMD_INLINE Vec<double> horner(Vec<double> x, const double (&c)[N]) {
  Vec<double> y = splat(c[N - 1]);
  for (int i = N - 2; i >= 0; --i) y = fma(y, x, splat(c[i]));
  return y;
}

// Adding it rounds to an integer, which then stands in the low bits.
constexpr double kRoundDouble = 0x1.8p52;

struct SinCos {
  Vec<double> sin, cos;
};

// |x| <= kMaxAngle: x = n pi/2 + r, pi/2 in two parts, the first short enough for n times it to be
// exact; minimax polynomials for |r| <= pi/4.
constexpr float kMaxAngle = 0x1p20f;
SIMD_INLINE SinCos sin_cos(Vec<double> x) {
  constexpr double kSin[] = {-0.16666666640613356, 0.0083333292667494719, -0.00019839296133972029,
                             2.7179399113299328e-06};
  constexpr double kCos[] = {0.041666666621054414, -0.0013888883598432373, 2.4799478662194412e-05,
                             -2.7206790740424812e-07};
  const Vec<double> rounded = x * 0.63661977236758134308 + kRoundDouble;
  const Vec<double> n = rounded - kRoundDouble;
  const Vec<double> r = (x - n * 1.5707963267341256) - n * 6.0771005065061922e-11;
  const Vec<double> r2 = r * r;
  const Vec<double> sin = fma(r * r2, horner(r2, kSin), r);
  const Vec<double> cos = fma(r2 * r2, horner(r2, kCos), fma(r2, splat(-0.5), splat(1.0)));
  const Vec<int64_t> quadrant = (Vec<int64_t>)rounded;
  const Vec<int64_t> swap = (quadrant & 1) != 0;
  const Vec<int64_t> minus_sin = (quadrant & 2) != 0, minus_cos = ((quadrant + 1) & 2) != 0;
  const Vec<double> s = swap ? cos : sin, c = swap ? sin : cos;
  return {minus_sin ? -s : s, minus_cos ? -c : c};
}

// f by `narrow_of` where |x| <= kMaxAngle, by libm in the other lanes.
template <class Of, class Libm>
SIMD_INLINE Vec<float> of_angle(Vec<float> x, Of of, Libm libm) {
  const Wide w = widen(x);
  Vec<float> y = narrow({of(sin_cos(w.lo)), of(sin_cos(w.hi))});
  const Vec<int32_t> small = (x <= kMaxAngle) & (x >= -kMaxAngle);
  if (any(~small)) {
    for (int i = 0; i < kLanes<float>; ++i)
      if (!small[i]) y[i] = static_cast<float>(libm(x[i]));
  }
  return y;
}
SIMD_INLINE Vec<float> vsin(Vec<float> x) {
  const Vec<float> y = of_angle(
      x, [](SinCos a) { return a.sin; }, [](double v) { return __builtin_sin(v); });
  return x == 0.0f ? x : y;  // keeps the sign of -0
}
SIMD_INLINE Vec<float> vcos(Vec<float> x) {
  return of_angle(
      x, [](SinCos a) { return a.cos; }, [](double v) { return __builtin_cos(v); });
}
SIMD_INLINE Vec<float> vtan(Vec<float> x) {
  const Vec<float> y = of_angle(
      x, [](SinCos a) { return a.sin / a.cos; }, [](double v) { return __builtin_tan(v); });
  return x == 0.0f ? x : y;
}

// log2 of a positive float: x = 2^e m with m in [sqrt(1/2), sqrt(2)), and with s = (m - 1)/(m + 1)
// log(m) = 2 (s + s^3/3 + s^5/5 + ...), whose terms after s^15 are below 2^-39.
SIMD_INLINE Vec<double> log2_wide(Vec<double> x) {
  constexpr double kTwoOverLn2 = 2.88539008177792681472;
  constexpr double kSeries[] = {kTwoOverLn2,      kTwoOverLn2 / 3, kTwoOverLn2 / 5,
                                kTwoOverLn2 / 7,  kTwoOverLn2 / 9, kTwoOverLn2 / 11,
                                kTwoOverLn2 / 13, kTwoOverLn2 / 15};
  constexpr uint64_t kOne = 0x3ff0000000000000, kSqrtHalf = 0x3fe6a09e667f3bcd;
  constexpr uint64_t kMantissa = 0x000fffffffffffff, kTwoTo52 = 0x4330000000000000;
  const Vec<uint64_t> bits = (Vec<uint64_t>)x + (kOne - kSqrtHalf);
  const Vec<double> m = (Vec<double>)((bits & kMantissa) + kSqrtHalf);
  const Vec<double> e = (Vec<double>)((bits >> 52) | kTwoTo52) - (0x1p52 + 1023);
  const Vec<double> s = (m - 1.0) / (m + 1.0);
  return fma(s, horner(s * s, kSeries), e);
}

// 2^t for |t| <= 1000 by the series of exp, whose terms after the ninth are below 2^-37.
SIMD_INLINE Vec<double> exp2_wide(Vec<double> t) {
  constexpr double kSeries[] = {1.0,       1.0,       1.0 / 2,    1.0 / 6,     1.0 / 24,
                                1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880};
  const Vec<double> rounded = t + kRoundDouble;
  const Vec<double> r = (t - (rounded - kRoundDouble)) * 0.69314718055994530942;
  const Vec<int64_t> n = (Vec<int64_t>)rounded << 52;
  return (Vec<double>)((Vec<int64_t>)horner(r, kSeries) + n);
}

// |x|^y without the cases that C's Annex F lists apart.
SIMD_INLINE Vec<double> pow_magnitude(Vec<double> x, Vec<double> y) {
  Vec<double> log2 = log2_wide(x);
  log2 = x == 0.0 ? splat(-__builtin_inf()) : log2;
  log2 = x == __builtin_inf() ? x : log2;
  Vec<double> t = y * log2;
  t = t > 200.0 ? splat(200.0) : t;
  t = t < -200.0 ? splat(-200.0) : t;
  return t == t ? exp2_wide(t) : t;
}

SIMD_INLINE Vec<float> vpow(Vec<float> x, Vec<float> y) {
  constexpr float kInf = __builtin_inff(), kTwoTo23 = 0x1p23f;
  const Vec<float> a = x < 0.0f ? -x : x, b = y < 0.0f ? -y : y;
  const Wide base = widen(a), exponent = widen(y);
  Vec<float> result =
      narrow({pow_magnitude(base.lo, exponent.lo), pow_magnitude(base.hi, exponent.hi)});
  // From 2^23 on every float is an integer, from 2^24 on an even one.
  const Vec<float> rounded = (b + kTwoTo23) - kTwoTo23, half = b * 0.5f;
  const Vec<int32_t> integer = (b >= kTwoTo23) | (rounded == b);
  const Vec<int32_t> odd = integer & (b < 2 * kTwoTo23) & ((half + kTwoTo23) - kTwoTo23 != half);
  const Vec<int32_t> sign = (Vec<int32_t>)x & INT32_MIN & odd;
  result = ((x < 0.0f) & (a < kInf) & ~integer) ? splat(__builtin_nanf("")) : result;
  result = (Vec<float>)((Vec<int32_t>)result ^ sign);
  const Vec<int32_t> one = (y == 0.0f) | (x == 1.0f) | ((a == 1.0f) & (b == kInf));
  result = one ? splat(1.0f) : result;
  return ((x != x) & (y != 0.0f)) ? x : result;
}

}  // namespace
}  // namespace cresset
