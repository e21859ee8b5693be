// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/simd.h"
#include "kernels/table.h"

// Batch norm where the channels lie side by side: a piece of work is a block of columns. A
// column's sum adds up its rows in blocks, in double precision between them.
namespace cresset {
namespace {

constexpr int kColumns = 16;  // per piece: a cache line of floats
constexpr int64_t kSumRows = 64;

template <class T>
struct Columns {
  static constexpr int kL = kLanes<T>, kVectors = kColumns / kL;
  const BatchNormArgs& a;
  const int64_t first, n;
  T mean[kColumns], scale[kColumns];
  double sums[2][kColumns] = {};

  Columns(const BatchNormArgs& a, int64_t first)
      : a(a), first(first), n(a.channels - first < kColumns ? a.channels - first : kColumns) {}

  SIMD_INLINE Vec<T> at(const void* p, int64_t row, int v) const {
    const int64_t left = n - v * kL;
    return left <= 0 ? Vec<T>{}
                     : load_first(static_cast<const T*>(p) + row * a.channels + first + v * kL,
                                  left, T(0));
  }
  SIMD_INLINE void put_at(void* p, int64_t row, int v, Vec<T> value) const {
    const int64_t left = n - v * kL;
    if (left > 0) store_first(static_cast<T*>(p) + row * a.channels + first + v * kL, left, value);
  }

  // Adds up `count` values that f(row, vector, out) gives for each column.
  template <int kCount, class F>
  SIMD_INLINE void sum_rows(F f) {
    for (int64_t row = 0; row < a.outer; row += kSumRows) {
      Vec<T> block[kCount][kVectors] = {};
      for (int64_t r = row; r < a.outer && r < row + kSumRows; ++r)
        for (int v = 0; v < kVectors; ++v) {
          Vec<T> terms[kCount];
          f(r, v, terms);
          for (int k = 0; k < kCount; ++k) block[k][v] = block[k][v] + terms[k];
        }
      for (int k = 0; k < kCount; ++k)
        for (int i = 0; i < kColumns; ++i)
          sums[k][i] += static_cast<double>(block[k][i / kL][i % kL]);
    }
  }

  void find_statistics() {
    sum_rows<1>([&](int64_t r, int v, Vec<T>* out) { out[0] = at(a.x, r, v); });
    for (int i = 0; i < n; ++i)
      static_cast<T*>(a.mean)[first + i] =
          static_cast<T>(sums[0][i] / static_cast<double>(a.outer));
    load_mean();
    for (double& sum : sums[0]) sum = 0;
    sum_rows<1>([&](int64_t r, int v, Vec<T>* out) {
      const Vec<T> d = at(a.x, r, v) - load(mean + v * kL);
      out[0] = d * d;
    });
    for (int i = 0; i < n; ++i)
      static_cast<T*>(a.var)[first + i] = static_cast<T>(sums[0][i] / static_cast<double>(a.outer));
  }
  void load_mean() {
    for (int i = 0; i < kColumns; ++i) mean[i] = i < n ? static_cast<T*>(a.mean)[first + i] : T(0);
  }
  T rstd(int i) const {
    const double variance = static_cast<double>(static_cast<T*>(a.var)[first + i]);
    return static_cast<T>(1 / __builtin_sqrt(variance + a.eps));
  }
  void load_scale() {
    const T* weight = static_cast<const T*>(a.weight);
    for (int i = 0; i < kColumns; ++i)
      scale[i] = i >= n ? T(0) : weight ? weight[first + i] * rstd(i) : rstd(i);
  }

  void normalize() {
    if (a.training) find_statistics();
    load_mean();
    load_scale();
    T shift[kColumns];
    for (int i = 0; i < kColumns; ++i)
      shift[i] = i < n && a.bias ? static_cast<const T*>(a.bias)[first + i] : T(0);
    for (int64_t r = 0; r < a.outer; ++r)
      for (int v = 0; v < kVectors; ++v)
        put_at(
            a.y, r, v,
            fma(at(a.x, r, v) - load(mean + v * kL), load(scale + v * kL), load(shift + v * kL)));
  }

  void gradient() {
    load_mean();
    load_scale();
    sum_rows<2>([&](int64_t r, int v, Vec<T>* out) {
      out[0] = at(a.g, r, v);
      out[1] = out[0] * (at(a.x, r, v) - load(mean + v * kL));
    });
    T shift[kColumns] = {}, slope[kColumns] = {};
    for (int i = 0; i < n; ++i) {
      static_cast<T*>(a.dbias)[first + i] = static_cast<T>(sums[0][i]);
      static_cast<T*>(a.dweight)[first + i] = static_cast<T>(sums[1][i] * rstd(i));
      if (!a.training) continue;
      const double count = static_cast<double>(a.outer);
      shift[i] = static_cast<T>(sums[0][i] / count);
      slope[i] = static_cast<T>(sums[1][i] / count * rstd(i) * rstd(i));
    }
    for (int64_t r = 0; r < a.outer; ++r)
      for (int v = 0; v < kVectors; ++v) {
        const Vec<T> d = at(a.x, r, v) - load(mean + v * kL);
        put_at(a.y, r, v,
               (at(a.g, r, v) - load(shift + v * kL) - d * load(slope + v * kL)) *
                   load(scale + v * kL));
      }
  }
};

template <class T, bool kBackward>
void over_columns(const BatchNormArgs& a) {
  parallel_for((a.channels + kColumns - 1) / kColumns, 1,
               [](void* ctx, int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   Columns<T> columns(*static_cast<const BatchNormArgs*>(ctx), i * kColumns);
                   kBackward ? columns.gradient() : columns.normalize();
                 }
               },
               const_cast<BatchNormArgs*>(&a));
}
template <class T>
void normalize_columns(const BatchNormArgs& a) {
  over_columns<T, false>(a);
}
template <class T>
void column_gradients(const BatchNormArgs& a) {
  over_columns<T, true>(a);
}

}  // namespace
}  // namespace cresset
