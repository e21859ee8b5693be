// SPDX-License-Identifier: MIT
#pragma once
#include <utility>

#include "kernels/simd.h"

namespace cresset {
namespace {

// Lanes j with j & kDistance change places between the two vectors, kDistance apart.
template <class T, int kDistance, int... kLane>
SIMD_INLINE void swap_lanes(Vec<T>& a, Vec<T>& b, std::integer_sequence<int, kLane...>) {
  constexpr int kL = kLanes<T>;
  const Vec<T> low =
      __builtin_shufflevector(a, b, (kLane & kDistance ? kL + kLane - kDistance : kLane)...);
  const Vec<T> high =
      __builtin_shufflevector(a, b, (kLane & kDistance ? kL + kLane : kLane + kDistance)...);
  a = low;
  b = high;
}

// Transposes a square of kLanes vectors by swapping ever smaller off-diagonal blocks.
template <class T, int kDistance = kLanes<T> / 2>
SIMD_INLINE void transpose(Vec<T> (&rows)[kLanes<T>]) {
  if constexpr (kDistance > 0) {
    for (int i = 0; i < kLanes<T>; ++i)
      if (!(i & kDistance))
        swap_lanes<T, kDistance>(rows[i], rows[i + kDistance],
                                 std::make_integer_sequence<int, kLanes<T>>{});
    transpose<T, kDistance / 2>(rows);
  }
}

}  // namespace
}  // namespace cresset
