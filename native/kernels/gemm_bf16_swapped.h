// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/gemm_bf16_amx.h"
#include "kernels/table.h"

// Few rows by a B that is stored transposed, as a layer stores its weight: AMX takes B's columns as
// the rows of its left operand from where they lie, so that B is read once and never copied. Sums
// are those of the other way.
namespace cresset {
namespace {

struct SwappedGemm {
  static constexpr int64_t kMostRows = tiles::kColumns;
  static constexpr int64_t kGrainBytes = 128 << 10;
  static constexpr int64_t kLeastItems = 512 << 10;  // of B: packing fewer takes no longer

  const GemmArgs& g;
  const int64_t steps;  // of whole tiles; what is left of k is copied

  explicit SwappedGemm(const GemmArgs& g) : g(g), steps(g.k / (2 * tiles::kPairs)) {}

  static bool pays(const GemmArgs& g) {
    return g.tb && !g.ta && g.m <= kMostRows && g.n >= tiles::kRows && g.k >= 2 * tiles::kPairs &&
           g.n * g.k >= kLeastItems;
  }
  static int64_t step_words() { return tiles::kPairs * tiles::kColumns; }
  static int64_t scratch_bytes(int64_t m, int64_t k) {
    const int64_t all_steps = ceil_div(k, 2 * tiles::kPairs);
    return m <= kMostRows ? all_steps * step_words() * int64_t{sizeof(uint32_t)} : 0;
  }
  uint32_t* packed_a() const { return static_cast<uint32_t*>(g.scratch); }

  // Pairs of k by rows of A, the earlier one in the lower half as B has it; what is not there is
  // zero.
  void pack_a() const {
    const uint16_t* const a = static_cast<const uint16_t*>(g.a);
    for (int64_t first = 0; first < tiles::kColumns; first += kLines)
      for (int64_t k = 0; k < g.k; k += 2 * tiles::kPairs)
        tiles::pack_columns(a + first * g.lda + k, g.lda, g.m - first, g.k - k,
                            packed_a() + k / 2 * tiles::kColumns + first);
  }

  // Columns [j, j + kRows) of C.
  void run_tile(int64_t j) const {
    alignas(64) float sums[tiles::kRows * tiles::kColumns];
    const uint16_t* const b = static_cast<const uint16_t*>(g.b) + j * g.ldb;
    // What a core reads ahead by itself is as much as memory gives it.
    const tiles::InPlace operands{b, g.ldb * int64_t{sizeof *b}, packed_a(), steps};
    tiles::multiply<2>(operands, true, sums);
    const int64_t done = steps * 2 * tiles::kPairs;
    if (done < g.k) {
      alignas(64) uint32_t rest[tiles::kRows * tiles::kPairs];
      for (int64_t i = 0; i < tiles::kRows; ++i)
        store(rest + i * tiles::kPairs, load_halves_wide(b + i * g.ldb + done, g.k - done));
      tiles::multiply<2>(tiles::Packed{rest, packed_a() + steps * step_words(), 1}, false, sums);
    }
    store_transposed(j, sums);
  }

  void store_transposed(int64_t j, const float* sums) const {
    Tile t{};
    t.columns = tiles::kRows;
    t.c = static_cast<uint16_t*>(g.c) + j;
    t.c_row = g.ldc;
    t.bias = g.bias ? static_cast<const float*>(g.bias) + j : nullptr;
    t.relu = g.relu;
    const Finish finish(t);
    for (int64_t i = 0; i < g.m; i += kLines) {
      Vec<float> halves[2][kLines];
      for (int64_t h = 0; h < 2; ++h) {
        for (int64_t l = 0; l < kLines; ++l)
          halves[h][l] = load(sums + (h * kLines + l) * tiles::kColumns + i);
        transpose<float>(halves[h]);
      }
      for (int64_t l = 0; l < min(kLines, g.m - i); ++l)
        finish.store_row(i + l, halves[0][l], halves[1][l]);
    }
  }

  void run() const {
    pack_a();
    const int64_t tile_bytes = tiles::kRows * g.k * int64_t{sizeof(uint16_t)};
    parallel_for(
        g.n / tiles::kRows, max(kGrainBytes / tile_bytes, 1),
        [](void* ctx, int64_t begin, int64_t end) {
          const SwappedGemm& work = *static_cast<const SwappedGemm*>(ctx);
          const tiles::Scope scope;
          for (int64_t i = begin; i < end; ++i) work.run_tile(i * tiles::kRows);
          // The last columns, some of them once more, by the thread that had these.
          if (end == work.g.n / tiles::kRows && work.g.n % tiles::kRows > 0)
            work.run_tile(work.g.n - tiles::kRows);
        },
        const_cast<SwappedGemm*>(this));
  }
};

}  // namespace
}  // namespace cresset
