// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/counts.h"
#include "kernels/gemm_pack.h"
#include "kernels/slots.h"
#include "kernels/table.h"

// C' = B' A' for few rows of A and a B that is stored transposed, as a linear layer has on a
// server: what is packed is A, once for all threads, while B's rows are read as they lie. Every sum
// is the chain that C = A B has.
namespace cresset {
namespace {

template <class T>
class SwappedGemm {
 public:
  explicit SwappedGemm(const GemmArgs& args) : g_(args), slots_(slots(args.slots)) {}

  // Rows of A that fill vectors of a panel, or nearly, and a B that would take longer to pack.
  static bool pays(const GemmArgs& g) {
    const int64_t lanes = ceil_div(g.m, kL) * kL;
    return g.tb && !g.ta && !g.accumulate && !g.packed_b && g.m <= kMostRows &&
           8 * g.m >= 7 * lanes && g.n >= 2 * g.m && g.k >= kLeastSteps &&
           packed_bytes(g.m, g.k) <= kMostBytes;
  }
  static int64_t scratch_bytes(int64_t m, int64_t k, int64_t count) {
    const int64_t bytes = packed_bytes(m, k);
    return m <= kMostRows && bytes <= kMostBytes ? slots(count) * bytes : 0;
  }

  void run() {
    if (g_.m * num_threads() > g_.n) {
      packed_once_ = true;
      parallel_for(
          parts(), 1,
          [](void* self, int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) static_cast<SwappedGemm*>(self)->pack(i, 0);
          },
          this);
    }
    const int64_t work = kTileRows * g_.m * g_.k;
    parallel_for(
        tiles(), work < kLeastWork ? kLeastWork / work : 1,
        [](void* self, int64_t begin, int64_t end) {
          static_cast<SwappedGemm*>(self)->multiply(begin, end);
        },
        this);
  }

 private:
  static constexpr int64_t kC = kTileColumns<T>, kL = kLanes<T>;
  static constexpr int64_t kMostRows = 128, kLeastSteps = 128;
  static constexpr int64_t kMostBytes = 1 << 20;  // packed; they stay in L2
  static constexpr int64_t kPartSteps = 128;      // of one part of the packing
  static constexpr int64_t kMostSlots = 64;
  static constexpr int64_t kLeastWork = 256 << 10;  // multiply-adds of one part of the product
  static constexpr int64_t kMostPanels = (kMostRows + kC - 1) / kC;

  static int64_t panels(int64_t m) { return ceil_div(m, kC); }
  static int64_t packed_bytes(int64_t m, int64_t k) {
    return panels(m) * kC * k * static_cast<int64_t>(sizeof(T));
  }
  static int64_t slots(int64_t count) { return min(count, kMostSlots); }
  int64_t parts() const { return ceil_div(g_.k, kPartSteps); }
  int64_t tiles() const { return ceil_div(g_.n, kTileRows); }
  T* panel(int64_t slot, int64_t j, int64_t p) const {
    return static_cast<T*>(g_.scratch) + ((slot * panels(g_.m) + j) * g_.k + p) * kC;
  }
  const T* row(const void* matrix, int64_t i, int64_t ld) const {
    return static_cast<const T*>(matrix) + i * ld;
  }

  void pack(int64_t part, int64_t slot) {
    const int64_t p = part * kPartSteps;
    const int64_t steps = min(kPartSteps, g_.k - p);
    for (int64_t j = 0; j < panels(g_.m); ++j)
      pack_columns(row(g_.a, j * kC, g_.lda) + p, g_.lda, steps, min(kC, g_.m - j * kC),
                   panel(slot, j, p));
  }

  void multiply(int64_t begin, int64_t end) {
    const int64_t slot = packed_once_ ? 0 : slots_.take();
    if (!packed_once_ && !packed_[slot])
      for (int64_t i = 0; i < parts(); ++i) pack(i, slot);
    packed_[slot] = true;
    for (int64_t i = begin; i < end; ++i) multiply_tile(i, slot);
    if (!packed_once_) slots_.give_back(slot);
  }

  // The rows of C' of one tile.
  void multiply_tile(int64_t tile, int64_t slot) {
    const int64_t first = g_.n * tile / tiles(), end = g_.n * (tile + 1) / tiles();
    const int rows = static_cast<int>(end - first);
    alignas(64) T sums[kTileRows * kMostPanels * kC];
    Tile<T> t{};
    t.a_row = g_.ldb;
    t.b_step = kC;
    t.c_row = panels(g_.m) * kC;
    for (int64_t p = 0; p < g_.k; p += kLongBlock) {
      t.k = min(kLongBlock, g_.k - p);
      t.a = row(g_.b, first, g_.ldb) + p;
      t.from_zero = p == 0;
      for (int64_t j = 0; j < panels(g_.m); ++j) {
        t.b = panel(slot, j, p);
        t.c = sums + j * kC;
        g_.m - j* kC <= kL ? run_rows<T, 1>(rows, LayoutA::kRows, t)
                           : run_rows<T, kTileVectors>(rows, LayoutA::kRows, t);
      }
    }
    for (int64_t r = 0; r < rows; r += kL)
      for (int64_t i = 0; i < g_.m; i += kL)
        finish_square(sums + r * t.c_row + i, t.c_row, i, first + r, rows - r);
  }

  // Rows [i, i + kL) of C and `columns` of its columns from j on, with the epilogue.
  void finish_square(const T* sums, int64_t sums_row, int64_t i, int64_t j, int64_t columns) {
    Vec<T> square[kL];
    for (int64_t r = 0; r < kL; ++r) square[r] = r < columns ? load(sums + r * sums_row) : Vec<T>{};
    transpose<T>(square);
    for (int64_t r = 0; r < kL && i + r < g_.m; ++r)
      finish_vector<T>(g_, i + r, j, columns, square[r]);
  }

  const GemmArgs& g_;
  bool packed_once_ = false;
  Slots slots_;
  bool packed_[kMostSlots] = {};
};

}  // namespace
}  // namespace cresset
