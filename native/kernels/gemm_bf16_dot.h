// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/gemm_bf16_tile.h"

// Tiles by AVX512-BF16, whose instruction takes two steps of k at once and adds the upper halves of
// its operands first: so each output is the chain that float32 makes.
namespace cresset {
namespace {

constexpr int64_t kTileRows = 14;
constexpr int64_t kTilePairs = 1;               // pairs of k in a step
constexpr int64_t kTileWords = kLines;          // of a packed tile of A, a pair
constexpr int64_t kChunkTileBytes = 448 << 10;  // of packed A in a chunk
constexpr int64_t kMinChunk = 1 << 20;

struct TileScope {};

// Rows are dealt out evenly, so that no tile is left with too few to hide the latency.
int64_t first_row(int64_t m, int64_t tile, int64_t tiles) { return m * tile / tiles; }

void pack_tile(const Lines& a, int64_t first, int64_t count, uint32_t* out) {
  if (a.step == 1) return pack_squares(a, first, count, out, kLines);
  for (int64_t p = 0; p < a.k; p += 2, out += kLines) store(out, pairs_across(a, first, count, p));
}

template <int kRows>
__attribute__((noinline)) void run_tile(const Tile& t) {
  Vec<float> acc[kRows][2] = {};
  if (!t.first)
    for (int i = 0; i < kRows; ++i)
      for (int v = 0; v < 2; ++v) acc[i][v] = load(t.sums + i * kTileColumns + v * kLines);
  const uint32_t *a = t.a, *b = t.b;
  for (int64_t p = 0; p < t.pairs; ++p, a += kLines, b += kTileColumns) {
    const Vec<uint32_t> left = load(b), right = load(b + kLines);
    for (int i = 0; i < kRows; ++i) {
      const Vec<uint32_t> x = splat(a[i]);
      acc[i][0] = dot_pairs(acc[i][0], x, left);
      acc[i][1] = dot_pairs(acc[i][1], x, right);
    }
  }
  if (!t.last) {
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
      for (int v = 0; v < 2; ++v) store(t.sums + i * kTileColumns + v * kLines, acc[i][v]);
    return;
  }
  const Finish finish(t);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) finish.store_row(i, acc[i][0], acc[i][1]);
}

template <int kRows = kTileRows>
void run_rows(int64_t rows, const Tile& t) {
  if constexpr (kRows > 0) {
    if (rows == kRows) return run_tile<kRows>(t);
    run_rows<kRows - 1>(rows, t);
  }
}

}  // namespace
}  // namespace cresset
