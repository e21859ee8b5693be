// SPDX-License-Identifier: MIT
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Vectors of exactly the instruction set's width on GCC/Clang vector extensions. Everything here
// has internal linkage: the same inline function compiled for two instruction sets must never be
// merged by the linker. Intrinsics appear in this file only.

#define CRESSET_CONCAT2(a, b, c) a##b##c
#define CRESSET_CONCAT(a, b, c) CRESSET_CONCAT2(a, b, c)
// The one global symbol of a kernel object: kernels_<isa>_<family>().
#define KERNEL_EXPORT(family) CRESSET_CONCAT(CRESSET_CONCAT(kernels_, CRESSET_ISA, _), family, )

namespace cresset {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using Vec = typename VecOf<T>::type;

#define SIMD_INLINE __attribute__((always_inline)) inline

template <class T>
SIMD_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};  // subtracting keeps the sign of -0
}
template <class T>
SIMD_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
SIMD_INLINE void store(T* p, Vec<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}
// Lanes at a stride; lanes from n on repeat `fill`, so that a tail never reads past the end.
template <class T>
SIMD_INLINE Vec<T> load_strided(const T* p, int64_t stride, int64_t n, T fill = T(1)) {
  T tmp[kLanes<T>];
  for (int i = 0; i < kLanes<T>; ++i) tmp[i] = i < n ? p[i * stride] : fill;
  return load(tmp);
}
template <class T>
SIMD_INLINE void store_strided(T* p, int64_t stride, int64_t n, Vec<T> v) {
  T tmp[kLanes<T>];
  store(tmp, v);
  for (int i = 0; i < n && i < kLanes<T>; ++i) p[i * stride] = tmp[i];
}

// 0, 1, 2 ... in lanes of T.
template <class T>
constexpr T kIota[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// The first n >= 1 lanes, for tails; memory past them is not touched, missing lanes are `fill`.
template <class T>
SIMD_INLINE Vec<T> load_first(const T* p, int64_t n, T fill = T(1)) {
  if (n >= kLanes<T>) return load(p);
#if defined(__AVX512F__)
  const unsigned mask = (1u << n) - 1;
  const __m512i rest = (__m512i)splat(fill);
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_mask_loadu_epi32(rest, mask, p);
  if constexpr (sizeof(T) == 8) return (Vec<T>)_mm512_mask_loadu_epi64(rest, mask, p);
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    const auto mask = load(kIota<int32_t>) < static_cast<int32_t>(n);
    return mask ? (Vec<T>)_mm256_maskload_epi32((const int*)p, (__m256i)mask) : splat(fill);
  } else {
    const auto mask = load(kIota<int64_t>) < n;
    return mask ? (Vec<T>)_mm256_maskload_epi64((const long long*)p, (__m256i)mask) : splat(fill);
  }
#else
  return load_strided(p, 1, n, fill);
#endif
}
template <class T>
SIMD_INLINE void store_first(T* p, int64_t n, Vec<T> v) {
  if (n >= kLanes<T>) return store(p, v);
#if defined(__AVX512F__)
  const unsigned mask = (1u << n) - 1;
  if constexpr (sizeof(T) == 4) _mm512_mask_storeu_epi32(p, mask, (__m512i)v);
  if constexpr (sizeof(T) == 8) _mm512_mask_storeu_epi64(p, mask, (__m512i)v);
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    const auto mask = load(kIota<int32_t>) < static_cast<int32_t>(n);
    _mm256_maskstore_epi32((int*)p, (__m256i)mask, (__m256i)v);
  } else {
    const auto mask = load(kIota<int64_t>) < n;
    _mm256_maskstore_epi64((long long*)p, (__m256i)mask, (__m256i)v);
  }
#else
  store_strided(p, 1, n, v);
#endif
}
// Past the caches: to a multiple of kVectorBytes, and seen by other threads after a fence.
template <class T>
SIMD_INLINE void store_past_caches(T* p, Vec<T> v) {
#if defined(__AVX512F__)
  _mm512_stream_si512((__m512i*)p, (__m512i)v);
#elif defined(__AVX2__)
  _mm256_stream_si256((__m256i*)p, (__m256i)v);
#elif defined(__x86_64__)
  _mm_stream_si128((__m128i*)p, (__m128i)v);
#else
  store(p, v);
#endif
}
// Asks for a row that comes next: where a line takes long to compute with, the processor itself
// looks too few of them ahead.
template <class T>
SIMD_INLINE void fetch_row(const T* row, int64_t n) {
  for (int64_t i = 0; i < n; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(row + i);
}
// x in the first n lanes.
template <class T>
SIMD_INLINE Vec<T> first_lanes(Vec<T> x, int64_t n, Vec<T> rest) {
  if (n >= kLanes<T>) return x;
  if constexpr (sizeof(T) == 4) return load(kIota<int32_t>) < static_cast<int32_t>(n) ? x : rest;
  if constexpr (sizeof(T) == 8) return load(kIota<int64_t>) < n ? x : rest;
}
// `rest` with lanes [from, to) of memory; other memory is not touched.
template <class T>
SIMD_INLINE Vec<T> load_between(const T* p, int from, int to, Vec<T> rest) {
#if defined(__AVX512F__)
  const unsigned mask = (1u << to) - (1u << from);
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_mask_loadu_epi32((__m512i)rest, mask, p);
  if constexpr (sizeof(T) == 8) return (Vec<T>)_mm512_mask_loadu_epi64((__m512i)rest, mask, p);
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    const Vec<int32_t> lane = load(kIota<int32_t>);
    const auto mask = (lane >= from) & (lane < to);
    return mask ? (Vec<T>)_mm256_maskload_epi32((const int*)p, (__m256i)mask) : rest;
  } else {
    const Vec<int64_t> lane = load(kIota<int64_t>);
    const auto mask = (lane >= from) & (lane < to);
    return mask ? (Vec<T>)_mm256_maskload_epi64((const long long*)p, (__m256i)mask) : rest;
  }
#else
  for (int i = from; i < to; ++i) rest[i] = p[i];
  return rest;
#endif
}
// As many bytes as float has lanes, as numbers. (Masked forms: GCC 12 warns of the plain ones.)
SIMD_INLINE Vec<float> load_bytes(const uint8_t* p) {
#if defined(__AVX512F__)
  return _mm512_maskz_cvtepi32_ps(
      -1, _mm512_maskz_cvtepu8_epi32(-1, _mm_loadu_si128((const __m128i*)p)));
#elif defined(__AVX2__)
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p)));
#elif defined(__x86_64__)
  return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_loadu_si32(p)));
#else
  Vec<float> v;
  for (int i = 0; i < kLanes<float>; ++i) v[i] = p[i];
  return v;
#endif
}

// a * b + c with one rounding (baseline, without FMA: two, and held to tolerance).
SIMD_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
  return (Vec<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}
SIMD_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_pd(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_pd(a, b, c);
#elif defined(__aarch64__)
  return (Vec<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  return a * b + c;
#endif
}
SIMD_INLINE Vec<int64_t> fma(Vec<int64_t> a, Vec<int64_t> b, Vec<int64_t> c) {
  return (Vec<int64_t>)((Vec<uint64_t>)a * (Vec<uint64_t>)b + (Vec<uint64_t>)c);
}
// The 64-bit products of the lower 32 bits of each lane.
SIMD_INLINE Vec<uint64_t> mul_low_halves(Vec<uint64_t> a, Vec<uint64_t> b) {
#if defined(__AVX512F__)
  return (Vec<uint64_t>)_mm512_maskz_mul_epu32(0xff, (__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Vec<uint64_t>)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__x86_64__)
  return (Vec<uint64_t>)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
  return (Vec<uint64_t>)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
#endif
}
// Scalar forms with the same rounding.
SIMD_INLINE float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
SIMD_INLINE double fma(double a, double b, double c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// The bits of bfloat16, one a lane: rounded to nearest even; a NaN keeps its sign and upper bits
// and becomes quiet.
SIMD_INLINE Vec<uint32_t> round_to_bfloat16(Vec<float> x) {
  const Vec<uint32_t> bits = (Vec<uint32_t>)x;
  const Vec<uint32_t> rounded = bits + 0x7fff + (bits >> 16 & 1);
  return (x != x ? bits | 0x400000 : rounded) >> 16;
}

// Pairs of bfloat16, one pair a 32-bit lane.
#if defined(__AVX512BF16__)
typedef uint16_t Halves __attribute__((vector_size(kVectorBytes / 2)));
// The first n of 16, zeros for the rest; memory past them is not touched.
SIMD_INLINE Halves load_halves(const uint16_t* p, int64_t n) {
  return (Halves)_mm256_maskz_loadu_epi16(n < 16 ? (1u << n) - 1 : 0xffff, p);
}
SIMD_INLINE void store_halves(uint16_t* p, int64_t n, Halves v) {
  if (n >= 16) return (void)__builtin_memcpy(p, &v, sizeof v);
  _mm256_mask_storeu_epi16(p, (1u << n) - 1, (__m256i)v);
}
// The first n of 32 as pairs, the earlier one in the lower half.
SIMD_INLINE Vec<uint32_t> load_halves_wide(const uint16_t* p, int64_t n) {
  return (Vec<uint32_t>)_mm512_maskz_loadu_epi16(n < 32 ? (1u << n) - 1 : ~0u, p);
}
// x[2 i step] and x[(2 i + 1) step] as pair i of the first n of 16, zeros for the rest; step > 1.
SIMD_INLINE Vec<uint32_t> gather_pairs(const uint16_t* x, int step, int n) {
  const __m512i zero = {};
  const __m512i at =
      (__m512i)((Vec<int32_t>){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} * (2 * step));
  const __mmask16 mask = (1u << n) - 1;
  // 32 bits are read from each place: the item with the one after it, or before it.
  const auto early = (Vec<uint32_t>)_mm512_mask_i32gather_epi32(zero, mask, at, x, 2);
  const auto late = (Vec<uint32_t>)_mm512_mask_i32gather_epi32(zero, mask, at, x + step - 1, 2);
  return (early & 0xffff) | (late & 0xffff0000);
}
SIMD_INLINE Vec<uint32_t> widen(Halves h) {
  return (Vec<uint32_t>)_mm512_maskz_cvtepu16_epi32(0xffff, (__m256i)h);
}
SIMD_INLINE Halves narrow(Vec<uint32_t> x) {
  return (Halves)_mm512_maskz_cvtepi32_epi16(0xffff, (__m512i)x);
}
SIMD_INLINE Halves round_to_halves(Vec<float> x) { return narrow(round_to_bfloat16(x)); }
// Two vectors, rounded likewise, side by side; values below 2^-126 become zero. Stored are those of
// [from, to); p is where the first one would go.
SIMD_INLINE void store_rounded(uint16_t* p, int64_t from, int64_t to, Vec<float> left,
                               Vec<float> right) {
  const __m512bh both = _mm512_cvtne2ps_pbh((__m512)right, (__m512)left);
  const uint32_t mask = (to < 32 ? (1u << to) - 1 : ~0u) & ~0u << from;
  _mm512_mask_storeu_epi16(p, mask, (__m512i)both);
}
// acc + a b of the upper halves, rounded, then + a b of the lower ones: two FMAs that take values
// below 2^-126 for zero.
SIMD_INLINE Vec<float> dot_pairs(Vec<float> acc, Vec<uint32_t> a, Vec<uint32_t> b) {
  return _mm512_dpbf16_ps(acc, (__m512bh)a, (__m512bh)b);
}
#endif

// Lane-wise forms of single instructions; rint rounds half to even. (AVX-512 by its maskz forms:
// the plain ones make GCC 12 warn of an uninitialised value.)
#if defined(__AVX512F__)
SIMD_INLINE Vec<float> vsqrt(Vec<float> x) { return _mm512_maskz_sqrt_ps(0xffff, x); }
SIMD_INLINE Vec<double> vsqrt(Vec<double> x) { return _mm512_maskz_sqrt_pd(0xff, x); }
#define CRESSET_ROUND(name, mode)                       \
  SIMD_INLINE Vec<float> name(Vec<float> x) {           \
    return _mm512_maskz_roundscale_ps(0xffff, x, mode); \
  }                                                     \
  SIMD_INLINE Vec<double> name(Vec<double> x) { return _mm512_maskz_roundscale_pd(0xff, x, mode); }
#elif defined(__AVX2__)
SIMD_INLINE Vec<float> vsqrt(Vec<float> x) { return _mm256_sqrt_ps(x); }
SIMD_INLINE Vec<double> vsqrt(Vec<double> x) { return _mm256_sqrt_pd(x); }
#define CRESSET_ROUND(name, mode)                                                \
  SIMD_INLINE Vec<float> name(Vec<float> x) { return _mm256_round_ps(x, mode); } \
  SIMD_INLINE Vec<double> name(Vec<double> x) { return _mm256_round_pd(x, mode); }
#elif defined(__x86_64__)
SIMD_INLINE Vec<float> vsqrt(Vec<float> x) { return _mm_sqrt_ps(x); }
SIMD_INLINE Vec<double> vsqrt(Vec<double> x) { return _mm_sqrt_pd(x); }
#define CRESSET_ROUND(name, mode)                                             \
  SIMD_INLINE Vec<float> name(Vec<float> x) { return _mm_round_ps(x, mode); } \
  SIMD_INLINE Vec<double> name(Vec<double> x) { return _mm_round_pd(x, mode); }
#elif defined(__aarch64__)
#define CRESSET_NEON(name, suffix)                                        \
  SIMD_INLINE Vec<float> name(Vec<float> x) {                             \
    return (Vec<float>)CRESSET_CONCAT(v, suffix, q_f32)((float32x4_t)x);  \
  }                                                                       \
  SIMD_INLINE Vec<double> name(Vec<double> x) {                           \
    return (Vec<double>)CRESSET_CONCAT(v, suffix, q_f64)((float64x2_t)x); \
  }
CRESSET_NEON(vsqrt, sqrt)
CRESSET_NEON(vfloor, rndm)
CRESSET_NEON(vceil, rndp)
CRESSET_NEON(vtrunc, rnd)
CRESSET_NEON(vrint, rndn)
#endif
#if defined(__x86_64__)
CRESSET_ROUND(vfloor, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
CRESSET_ROUND(vceil, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)
CRESSET_ROUND(vtrunc, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)
CRESSET_ROUND(vrint, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#endif

// a < b ? a : b and a > b ? a : b, so that a NaN in b passes.
SIMD_INLINE Vec<float> lesser(Vec<float> a, Vec<float> b) {
#if defined(__AVX512F__)
  return _mm512_maskz_min_ps(0xffff, a, b);
#elif defined(__AVX2__)
  return _mm256_min_ps(a, b);
#else
  return a < b ? a : b;
#endif
}
SIMD_INLINE Vec<float> greater(Vec<float> a, Vec<float> b) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_ps(0xffff, a, b);
#elif defined(__AVX2__)
  return _mm256_max_ps(a, b);
#else
  return a > b ? a : b;
#endif
}

SIMD_INLINE Vec<float> power_of_two(Vec<int32_t> n) { return (Vec<float>)((n + 127) << 23); }
// x 2^n with one rounding for |n| <= 200 and x near 1; n comes as a float too. Without an
// instruction for it in two steps, since 2^n alone may overflow or vanish.
SIMD_INLINE Vec<float> scaled(Vec<float> x, Vec<int32_t> n, [[maybe_unused]] Vec<float> as_float) {
#if defined(__AVX512F__)
  return _mm512_maskz_scalef_ps(0xffff, x, as_float);
#else
  const Vec<int32_t> half = n >> 1;
  return x * power_of_two(half) * power_of_two(n - half);
#endif
}

// Whether any lane of a comparison holds.
SIMD_INLINE bool any(Vec<int32_t> mask) {
#if defined(__AVX512F__)
  return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_epi8((__m256i)mask) != 0;
#elif defined(__x86_64__)
  return _mm_movemask_epi8((__m128i)mask) != 0;
#else
  return vmaxvq_u32((uint32x4_t)mask) != 0;
#endif
}

// A vector of floats as two of doubles, and back with one rounding.
struct Wide {
  Vec<double> lo, hi;
};
typedef float HalfVec __attribute__((vector_size(kVectorBytes / 2)));
SIMD_INLINE Wide widen(Vec<float> x) {
  HalfVec half[2];
  __builtin_memcpy(half, &x, sizeof x);
  return {__builtin_convertvector(half[0], Vec<double>),
          __builtin_convertvector(half[1], Vec<double>)};
}
SIMD_INLINE Vec<float> narrow(Wide x) {
  const HalfVec half[2] = {__builtin_convertvector(x.lo, HalfVec),
                           __builtin_convertvector(x.hi, HalfVec)};
  Vec<float> y;
  __builtin_memcpy(&y, half, sizeof y);
  return y;
}

}  // namespace
}  // namespace cresset
