// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/elementwise.h"

// Where the extreme lies: NaN wins, then the first of equals. Exact, so lanes may be as wide as the
// instruction set's.
namespace cresset {
namespace {
namespace reduction {

struct argmax {
  template <class V>
  SIMD_INLINE static auto better(V x, V best) {
    return (x > best) | ((x != x) & (best == best));
  }
};
struct argmin {
  template <class V>
  SIMD_INLINE static auto better(V x, V best) {
    return (x < best) | ((x != x) & (best == best));
  }
};

}  // namespace reduction

template <class T>
struct Extreme {
  T value;
  int64_t index;
};

// `later` has the higher indices.
template <class Op, class T>
SIMD_INLINE void keep_better(Extreme<T>& kept, Extreme<T> later) {
  if (Op::better(later.value, kept.value)) kept = later;
}

// n >= 1 and below 2^31 (lanes count in the width of T).
template <class Op, class T>
__attribute__((noinline)) Extreme<T> arg_run(const T* x, int64_t n) {
  Extreme<T> result = {x[0], 0};
  int64_t i = 0;
  if (n >= kLanes<T>) {
    typedef typename BitsOf<T>::type Index;
    Vec<T> best = load(x);
    Bits<T> where = {}, at = {};
    for (int lane = 0; lane < kLanes<T>; ++lane) at[lane] = lane;
    where = at;
    for (i = kLanes<T>; i + kLanes<T> <= n; i += kLanes<T>) {
      at += static_cast<Index>(kLanes<T>);
      const Vec<T> candidate = load(x + i);
      const auto better = Op::better(candidate, best);
      best = better ? candidate : best;
      where = better ? at : where;
    }
    result = {best[0], where[0]};
    for (int lane = 1; lane < kLanes<T>; ++lane) {
      const Extreme<T> other = {best[lane], where[lane]};
      const bool loses = Op::better(result.value, other.value);
      if (Op::better(other.value, result.value) || (!loses && other.index < result.index)) {
        result = other;
      }
    }
  }
  for (; i < n; ++i) keep_better<Op, T>(result, {x[i], i});
  return result;
}

constexpr int64_t kArgColumns = 1024;

// where[j] = the row of column j's extreme, for `width` <= kArgColumns columns of n rows (below
// 2^31). Rows are read in order; the best so far stays in the first-level cache.
template <class Op, class T>
__attribute__((noinline)) void arg_columns(int64_t* where, const T* x, int64_t n, int64_t inner,
                                           int64_t width, const T* end) {
  typedef typename BitsOf<T>::type Index;
  T best[kArgColumns] = {};
  Index rows[kArgColumns] = {};
  for (int64_t j = 0; j < width; ++j) best[j] = x[j];
  for (int64_t r = 1; r < n; ++r) {
    const Bits<T> row = splat(static_cast<Index>(r));
    for (int64_t j = 0; j < width; j += kLanes<T>) {
      const T* p = x + r * inner + j;
      const Vec<T> candidate = load_first(p, end - p), kept = load(best + j);
      const auto better = Op::better(candidate, kept);
      store(best + j, better ? candidate : kept);
      store(rows + j, better ? row : load(rows + j));
    }
  }
  for (int64_t j = 0; j < width; ++j) where[j] = rows[j];
}

}  // namespace
}  // namespace cresset
