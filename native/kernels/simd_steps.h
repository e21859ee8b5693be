// SPDX-License-Identifier: MIT
#pragma once
#include <utility>

#include "kernels/simd.h"

// Every other element of memory, as strided images need them.
namespace cresset {
namespace {

// Lane l is element 2l of `low`, or beyond it element 2l - (lanes - 1) of `high`, which was read
// from one element before low's end: nothing past the last element is touched.
template <class T, int... kLane>
SIMD_INLINE Vec<T> every_other(Vec<T> low, Vec<T> high, std::integer_sequence<int, kLane...>) {
  constexpr int kL = kLanes<T>;
  return __builtin_shufflevector(low, high, (2 * kLane < kL ? 2 * kLane : 2 * kLane + 1)...);
}
// p[2l] in lanes [from, to), `rest` in the others.
template <class T>
SIMD_INLINE Vec<T> load_every_other(const T* p, int from, int to, Vec<T> rest) {
  constexpr int kL = kLanes<T>;
  const int first = 2 * from, end = 2 * to - 1;  // elements
  const int low_end = end < kL ? end : kL;
  const int high_first = first > kL - 1 ? first - (kL - 1) : 0;
  const int high_end = end > kL - 1 ? end - (kL - 1) : 0;
  const Vec<T> low = load_between(p, first < low_end ? first : low_end, low_end, Vec<T>{});
  const Vec<T> high = load_between(p + kL - 1, high_first, high_end, Vec<T>{});
  const Vec<T> v = every_other<T>(low, high, std::make_integer_sequence<int, kL>{});
  if (from == 0 && to == kL) return v;
  if constexpr (sizeof(T) == 4) {
    const Vec<int32_t> lane = load(kIota<int32_t>);
    return ((lane >= from) & (lane < to)) ? v : rest;
  } else {
    const Vec<int64_t> lane = load(kIota<int64_t>);
    return ((lane >= from) & (lane < to)) ? v : rest;
  }
}
// The first, or the last, lanes of two vectors in turn.
template <class T, int kStart, int... kLane>
SIMD_INLINE Vec<T> interleave(Vec<T> a, Vec<T> b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, (kStart + kLane / 2 + kLane % 2 * kLanes<T>)...);
}
template <class T>
SIMD_INLINE Vec<T> interleave_low(Vec<T> a, Vec<T> b) {
  return interleave<T, 0>(a, b, std::make_integer_sequence<int, kLanes<T>>{});
}
template <class T>
SIMD_INLINE Vec<T> interleave_high(Vec<T> a, Vec<T> b) {
  return interleave<T, kLanes<T> / 2>(a, b, std::make_integer_sequence<int, kLanes<T>>{});
}
// The even (kOdd = 0) or odd elements of two vectors that follow one another.
template <class T, int kOdd, int... kLane>
SIMD_INLINE Vec<T> take_every_other(Vec<T> a, Vec<T> b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, (2 * kLane + kOdd)...);
}
template <class T>
SIMD_INLINE Vec<T> evens(Vec<T> a, Vec<T> b) {
  return take_every_other<T, 0>(a, b, std::make_integer_sequence<int, kLanes<T>>{});
}
template <class T>
SIMD_INLINE Vec<T> odds(Vec<T> a, Vec<T> b) {
  return take_every_other<T, 1>(a, b, std::make_integer_sequence<int, kLanes<T>>{});
}
// p[l * stride] in the first n lanes.
template <class T>
SIMD_INLINE Vec<T> load_steps(const T* p, int64_t stride, int64_t n) {
  constexpr int64_t kL = kLanes<T>;
  if (stride == 1) return load_first(p, n, T(0));
  if (stride == 2) return load_every_other(p, 0, static_cast<int>(n < kL ? n : kL), Vec<T>{});
  return load_strided(p, stride, n, T(0));
}

}  // namespace
}  // namespace cresset
