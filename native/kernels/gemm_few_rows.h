// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/counts.h"
#include "kernels/gemm_tile.h"
#include "kernels/simd_transpose.h"
#include "kernels/table.h"

// Very few rows of A, as a linear layer has that answers one request: the time goes into reading B,
// which is read once and never copied. Where B is stored transposed its squares are transposed in
// registers and used at once; else, and if it comes from memory, a few of its rows at a time are
// added to long stretches of C, as memory delivers them fastest. Every sum is the chain that a tile
// has.
namespace cresset {
namespace {

template <class T>
class FewRowsGemm {
 public:
  explicit FewRowsGemm(const GemmArgs& args) : g_(args), stretch_(stretch(args.n)) {}

  static bool pays(const GemmArgs& g) {
    if (g.packed_b || g.m > kMostRows || g.ta) return false;
    return g.tb ? !g.accumulate && g.n >= kC && g.k >= kL
                : g.m <= kMostStretched &&
                      g.n * g.k * static_cast<int64_t>(sizeof(T)) >= kLargeBytes;
  }

  void run() const { g_.tb ? run_squares() : run_stretches(); }

 private:
  static constexpr int64_t kC = kTileColumns<T>, kL = kLanes<T>;
  // As many as leave registers for a square.
  static constexpr int kMostRows = kTileRows >= 14 ? 13 : 4;
  static constexpr int64_t kLeastWork = 64 << 10;  // multiply-adds of one part
  static constexpr int64_t kLargeBytes = 8 << 20;  // more than the second caches hold
  static constexpr int kMostStretched = kMostRows < 8 ? kMostRows : 8;
  static constexpr int64_t kStretchBytes = 4096;  // of a row of B, which lie on one page
  static constexpr int64_t kSteps = 4;            // of k at a time

  void run_squares() const {
    const int64_t work = kC * g_.m * g_.k;
    parallel_for(
        g_.n / kC, max(kLeastWork / work, 1),
        [](void* self, int64_t begin, int64_t end) {
          static_cast<const FewRowsGemm*>(self)->multiply<kMostRows>(begin, end);
        },
        const_cast<FewRowsGemm*>(this));
  }

  template <int M>
  void multiply(int64_t begin, int64_t end) const {
    if constexpr (M > 1) {
      if (g_.m < M) return multiply<M - 1>(begin, end);
    }
    for (int64_t i = begin; i < end; ++i) multiply_columns<M>(i * kC);
    // The last columns, some of them once more, by the thread that had these.
    if (end == g_.n / kC && g_.n % kC > 0) multiply_columns<M>(g_.n - kC);
  }

  // Columns [j, j + kC) of C.
  template <int M>
  void multiply_columns(int64_t j) const {
    const T* const a = static_cast<const T*>(g_.a);
    const T* const b = static_cast<const T*>(g_.b) + j * g_.ldb;
    Vec<T> acc[M][kTileVectors] = {};
    int64_t p = 0;
    for (; p + kL <= g_.k; p += kL)
      for (int v = 0; v < kTileVectors; ++v) {
        Vec<T> square[kL];
        for (int l = 0; l < kL; ++l) square[l] = load(b + (v * kL + l) * g_.ldb + p);
        transpose<T>(square);
        for (int i = 0; i < M; ++i)
          for (int l = 0; l < kL; ++l)
            acc[i][v] = fma(splat(a[i * g_.lda + p + l]), square[l], acc[i][v]);
      }
    for (; p < g_.k; ++p)
      for (int v = 0; v < kTileVectors; ++v) {
        T column[kL];
        for (int l = 0; l < kL; ++l) column[l] = b[(v * kL + l) * g_.ldb + p];
        for (int i = 0; i < M; ++i)
          acc[i][v] = fma(splat(a[i * g_.lda + p]), load(column), acc[i][v]);
      }
    Tile<T> t{};
    t.c = static_cast<T*>(g_.c) + j;
    t.c_row = g_.ldc;
    t.bias = g_.bias ? static_cast<const T*>(g_.bias) + j : nullptr;
    t.residual = g_.residual ? static_cast<const T*>(g_.residual) + j : nullptr;
    t.relu = g_.relu;
    finish<T, M, kTileVectors>(acc, t);
  }

  static int64_t stretch(int64_t n) {
    const int64_t share = round_up(ceil_div(n, 2 * num_threads()), kC);
    return clamp(share, kC, kStretchBytes / static_cast<int64_t>(sizeof(T)));
  }
  void run_stretches() const {
    parallel_for(
        ceil_div(g_.n, stretch_), 1,
        [](void* self, int64_t begin, int64_t end) {
          const FewRowsGemm& work = *static_cast<const FewRowsGemm*>(self);
          const int64_t stretch = work.stretch_;
          for (int64_t i = begin; i < end; ++i)
            work.add_stretch<kMostStretched>(i * stretch, min(stretch, work.g_.n - i * stretch));
        },
        const_cast<FewRowsGemm*>(this));
  }

  // Columns [j, j + n) of C.
  template <int M>
  void add_stretch(int64_t j, int64_t n) const {
    if constexpr (M > 1) {
      if (g_.m < M) return add_stretch<M - 1>(j, n);
    }
    int64_t p = 0;
    for (; p + kSteps <= g_.k; p += kSteps) add_steps<M, kSteps>(j, n, p);
    for (; p < g_.k; ++p) add_steps<M, 1>(j, n, p);
    finish_stretch<M>(j, n);
  }

  // Steps [p, p + S), the first of them from zero.
  template <int M, int S>
  void add_steps(int64_t j, int64_t n, int64_t p) const {
    const T* const b = static_cast<const T*>(g_.b) + p * g_.ldb + j;
    T* const c = static_cast<T*>(g_.c) + j;
    const bool from_zero = p == 0 && !g_.accumulate;
    Vec<T> a[M][S];
    for (int i = 0; i < M; ++i)
      for (int s = 0; s < S; ++s) a[i][s] = splat(static_cast<const T*>(g_.a)[i * g_.lda + p + s]);
    for (int64_t q = 0; q < n; q += kL) {
      Vec<T> row[S];
      for (int s = 0; s < S; ++s) row[s] = load_first(b + s * g_.ldb + q, n - q, T(0));
      for (int i = 0; i < M; ++i) {
        Vec<T> acc = from_zero ? Vec<T>{} : load_first(c + i * g_.ldc + q, n - q, T(0));
        for (int s = 0; s < S; ++s) acc = fma(a[i][s], row[s], acc);
        store_first(c + i * g_.ldc + q, n - q, acc);
      }
    }
  }

  template <int M>
  void finish_stretch(int64_t j, int64_t n) const {
    if (!g_.bias && !g_.residual && !g_.relu) return;
    for (int i = 0; i < M; ++i)
      for (int64_t q = j; q < j + n; q += kL) {
        const int64_t left = j + n - q;
        const T* const sums = static_cast<const T*>(g_.c) + i * g_.ldc + q;
        finish_vector<T>(g_, i, q, left, load_first(sums, left));
      }
  }

  const GemmArgs& g_;
  const int64_t stretch_;  // found once: the number of threads may change meanwhile
};

}  // namespace
}  // namespace cresset
