// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/gemm_bf16_tile.h"
#include "kernels/simd_tiles.h"

// Tiles by AMX: 32 steps of k at once, whose even and odd products are summed apart, from zero, and
// then added to C.
namespace cresset {
namespace {

constexpr int64_t kTileRows = tiles::kRows;
constexpr int64_t kTilePairs = tiles::kPairs;  // of k in a step
constexpr int64_t kTileWords = kTileRows;      // of a packed tile of A, a pair
constexpr int64_t kChunkTileBytes = 1 << 20;   // of packed A in a chunk
constexpr int64_t kMinChunk = 2 << 20;

using TileScope = tiles::Scope;

int64_t first_row(int64_t m, int64_t tile, int64_t /*tiles*/) { return min(m, tile * kTileRows); }

// kLines rows of kLines pairs from step p on: row i is line first + i, those past `count` zero.
void pack_block(const Lines& lines, int64_t first, int64_t count, int64_t p, uint32_t* out) {
  if (lines.step == 1) {
    for (int64_t i = 0; i < kLines; ++i)
      store(out + i * kLines, i < count ? pairs_along(lines, first + i, p) : Vec<uint32_t>{});
    return;
  }
  Vec<float> square[kLines];
  for (int64_t i = 0; i < kLines; ++i)
    square[i] = (Vec<float>)pairs_across(lines, first, count, p + 2 * i);
  transpose<float>(square);
  for (int64_t i = 0; i < kLines; ++i) store(out + i * kLines, (Vec<uint32_t>)square[i]);
}

// Rows of kTilePairs pairs, step by step, as the instruction reads them.
void pack_tile(const Lines& a, int64_t first, int64_t count, uint32_t* out) {
  for (int64_t p = 0; p < a.k; p += 2 * kTilePairs, out += kTileRows * kTilePairs)
    for (int64_t i = 0; i < count; i += kLines)
      pack_block(a, first + i, min(count - i, kLines), p, out + i * kTilePairs);
}

void run_rows(int64_t rows, const Tile& t) {
  alignas(64) float own[kTileRows * kTileColumns];
  float* const sums = t.first && t.last ? own : t.sums;
  const tiles::Packed operands{t.a, t.b, t.pairs / kTilePairs};
  tiles::multiply(rows, operands, t.first, sums);
  if (!t.last) return;
  const Finish finish(t);
  for (int64_t i = 0; i < rows; ++i) {
    const float* const row = sums + i * kTileColumns;
    finish.store_row(i, load(row), load(row + kLines));
  }
}

}  // namespace
}  // namespace cresset
