// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/gemm_bf16_pack.h"

// What the tiles of products of bfloat16 share.
namespace cresset {
namespace {

constexpr int64_t kTileColumns = 2 * kLines;

// Some rows of C, by kTileColumns of its columns.
struct Tile {
  int64_t pairs, columns;  // columns that C has from here on
  const uint32_t *a, *b;
  uint16_t* c;
  int64_t c_row;
  const float* bias;  // of these columns, or null
  bool relu;
  float* sums;  // kTileRows x kTileColumns: of the steps before unless first, for those after
  bool first, last;
};

// Bias, relu and rounding of a row's sums.
struct Finish {
  const Tile& t;
  Vec<float> bias[2];

  explicit SIMD_INLINE Finish(const Tile& t) : t(t), bias{} {
    if (!t.bias) return;
    bias[0] = load_first(t.bias, t.columns, 0.0f);
    if (t.columns > kLines) bias[1] = load_first(t.bias + kLines, t.columns - kLines, 0.0f);
  }
  SIMD_INLINE void store_row(int64_t i, Vec<float> left, Vec<float> right) const {
    store_vector(i, 0, left);
    if (t.columns > kLines) store_vector(i, 1, right);
  }

 private:
  SIMD_INLINE void store_vector(int64_t i, int v, Vec<float> x) const {
    const int64_t j = v * kLines;
    if (t.bias) x += bias[v];
    if (t.relu) x = x < 0 ? Vec<float>{} : x;
    store_halves(t.c + i * t.c_row + j, t.columns - j, round_to_halves(x));
  }
};

}  // namespace
}  // namespace cresset
