// SPDX-License-Identifier: MIT
#pragma once
#include <utility>

#include "kernels/elementwise.h"

// What reduces a contiguous run of numbers, for reduce.cc and softmax.cc. The order depends on the
// length alone: element i of a block goes to virtual lane i % kVirtualLanes whatever the vector
// width, lanes combine by halves, blocks combine in ascending order in double precision.
namespace cresset {
namespace {

template <class T>
constexpr int kVirtualLanes = 4 * 64 / static_cast<int>(sizeof(T));
template <class T>
constexpr int kShortRun = kVirtualLanes<T> / 4;
constexpr int64_t kBlockItems = 4096;

// Between blocks: wide enough that only the lanes' sums round in T.
template <class T>
struct TotalOf {
  typedef double type;
};
template <>
struct TotalOf<int64_t> {
  typedef int64_t type;
};
template <class T>
using Total = typename TotalOf<T>::type;

template <class T>
constexpr T kLargest = T(__builtin_inf());
template <>
constexpr int64_t kLargest<int64_t> = INT64_MAX;
template <class T>
constexpr T kLowest = -kLargest<T>;
template <>
constexpr int64_t kLowest<int64_t> = INT64_MIN;

// Each reduction: its neutral element and how two partial results combine; V is a number or a
// vector. In `any` and `all` the right side may be an element, the left is 0 or 1.
namespace reduction {

struct sum {
  template <class T>
  static constexpr T kNeutral = T(0);
  template <class V>
  SIMD_INLINE static V combine(V a, V b) {
    return a + b;
  }
};
struct prod {
  template <class T>
  static constexpr T kNeutral = T(1);
  template <class V>
  SIMD_INLINE static V combine(V a, V b) {
    return a * b;
  }
};
struct amax {
  template <class T>
  static constexpr T kNeutral = kLowest<T>;
  template <class V>
  SIMD_INLINE static V combine(V a, V b) {
    return ((a > b) | (a != a)) ? a : b;
  }
};
struct amin {
  template <class T>
  static constexpr T kNeutral = kLargest<T>;
  template <class V>
  SIMD_INLINE static V combine(V a, V b) {
    return ((a < b) | (a != a)) ? a : b;
  }
};
struct any {
  template <class T>
  static constexpr T kNeutral = T(0);
  template <class V>
  SIMD_INLINE static V combine(V a, V b) {
    return b != V{} ? V{} + 1 : a;
  }
};
struct all {
  template <class T>
  static constexpr T kNeutral = T(1);
  template <class V>
  SIMD_INLINE static V combine(V a, V b) {
    return b != V{} ? a : V{};
  }
};

}  // namespace reduction

// Lanes i and i + kHalf to lane i, then on by halves of that.
template <class Op, int kHalf, class T, int... kLane>
SIMD_INLINE Vec<T> fold(Vec<T> v, std::integer_sequence<int, kLane...> lanes) {
  if constexpr (kHalf == 0) {
    return v;
  } else {
    const Vec<T> other = __builtin_shufflevector(v, v, ((kLane + kHalf) % kLanes<T>)...);
    return fold<Op, kHalf / 2, T>(Op::combine(v, other), lanes);
  }
}
// Lanes to one number, by halves.
template <class Op, class T, int kVectors>
SIMD_INLINE T combine_lanes(Vec<T> (&lanes)[kVectors]) {
  for (int half = kVectors / 2; half > 0; half /= 2) {
    for (int v = 0; v < half; ++v) lanes[v] = Op::combine(lanes[v], lanes[v + half]);
  }
  return fold<Op, kLanes<T> / 2, T>(lanes[0], std::make_integer_sequence<int, kLanes<T>>{})[0];
}

// Up to a quarter of the lanes: the same tree, without the levels that would add neutral elements.
template <class Op, class T, class Items>
SIMD_INLINE T reduce_short(int64_t first, int64_t last, Items items) {
  constexpr int kVectors = kShortRun<T> / kLanes<T>;
  Vec<T> lanes[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const int64_t i = first + v * kLanes<T>;
    lanes[v] = i < last ? items(i, last - i) : splat(Op::template kNeutral<T>);
  }
  return combine_lanes<Op, T>(lanes);
}

// Items [first, last), at most kBlockItems. items(i, n) gives the vector that starts at item i, of
// which n lanes exist and the others are neutral.
template <class Op, class T, class Items>
SIMD_INLINE T reduce_block(int64_t first, int64_t last, Items items) {
  if (last - first <= kShortRun<T>) return reduce_short<Op, T>(first, last, items);
  constexpr int kVectors = kVirtualLanes<T> / kLanes<T>;
  Vec<T> lanes[kVectors];
  for (auto& lane : lanes) lane = splat(Op::template kNeutral<T>);
  int64_t i = first;
  for (; i + kVirtualLanes<T> <= last; i += kVirtualLanes<T>) {
    for (int v = 0; v < kVectors; ++v) {
      lanes[v] = Op::combine(lanes[v], items(i + v * kLanes<T>, int64_t(kLanes<T>)));
    }
  }
  for (int v = 0; i < last; ++v, i += kLanes<T>) {
    lanes[v] = Op::combine(lanes[v], items(i, last - i));
  }
  return combine_lanes<Op, T>(lanes);
}

template <class Op, class T, class Items>
SIMD_INLINE Total<T> reduce_items(int64_t n, Items items) {
  Total<T> total = Op::template kNeutral<Total<T>>;
  for (int64_t i = 0; i < n; i += kBlockItems) {
    const int64_t last = i + kBlockItems < n ? i + kBlockItems : n;
    total = Op::combine(total, Total<T>(reduce_block<Op, T>(i, last, items)));
  }
  return total;
}

// Of values that lie as S and compute as T.
template <class Op, class S, class T = S>
__attribute__((noinline)) Total<T> reduce_run(const S* x, int64_t n) {
  return reduce_items<Op, T>(n, [x](int64_t i, int64_t left) {
    return load_first(x + i, left, Op::template kNeutral<T>);
  });
}

}  // namespace
}  // namespace cresset
