// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/counts.h"
#include "kernels/gemm_tile.h"
#include "kernels/simd_transpose.h"
#include "kernels/table.h"

// Very few rows of A by a B that is stored transposed, as a linear layer answers one request: B's
// squares are transposed in registers and used at once, so that B is read once and never copied.
// Every sum is the chain that a tile has.
namespace cresset {
namespace {

template <class T>
class FewRowsGemm {
 public:
  explicit FewRowsGemm(const GemmArgs& args) : g_(args) {}

  static bool pays(const GemmArgs& g) {
    return g.tb && !g.ta && !g.accumulate && !g.packed_b && g.m <= kMostRows && g.n >= kC &&
           g.k >= kL;
  }

  void run() const {
    const int64_t work = kC * g_.m * g_.k;
    parallel_for(
        g_.n / kC, max(kLeastWork / work, 1),
        [](void* self, int64_t begin, int64_t end) {
          static_cast<const FewRowsGemm*>(self)->multiply<kMostRows>(begin, end);
        },
        const_cast<FewRowsGemm*>(this));
  }

 private:
  static constexpr int64_t kC = kTileColumns<T>, kL = kLanes<T>;
  // As many as leave registers for a square.
  static constexpr int kMostRows = kTileRows >= 14 ? 13 : 4;
  static constexpr int64_t kLeastWork = 64 << 10;  // multiply-adds of one part

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

  const GemmArgs& g_;
};

}  // namespace
}  // namespace cresset
