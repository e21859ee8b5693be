// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/conv_pack.h"

// Kernels of 3 x 3 at stride 1 by Winograd's F(2 x 2, 3 x 3) (Lavin & Gray 2015): tiles of 2 x 2
// outputs meet 4 x 4 inputs in 16 products a channel instead of 36. Here: which convolutions, what
// tiles read, and the transform of the inputs, which both directions share.
namespace cresset {
namespace {

constexpr int64_t kWinogradChannels = 32;  // fewer do not pay for the transforms of tiles
constexpr int64_t kWinogradTiles = 17;     // nor fewer for those of weights
constexpr int kPoints = 16;

inline bool is_winograd_dim(const ConvDim& d) {
  if (d.taps != 3 || d.step != 1 || d.out < 4) return false;
  const int64_t step = d.offset[1] - d.offset[0];
  return (step == 1 || step == -1) && d.offset[2] - d.offset[1] == step;
}
inline bool is_winograd(const ConvArgs& a) {
  return a.dims[0].taps == 1 && a.dims[0].in == 1 && a.dims[0].out == 1 &&
         a.dims[0].offset[0] == 0 && is_winograd_dim(a.dims[1]) && is_winograd_dim(a.dims[2]) &&
         a.xs[4] == 1 && a.ys[4] == 1 && a.channels >= kWinogradChannels &&
         a.rows >= kWinogradChannels &&
         a.samples * ceil_div(a.dims[1].out, 2) * ceil_div(a.dims[2].out, 2) >= kWinogradTiles;
}

// Where transformed inputs go: (point, channel, tile).
struct WinogradOut {
  float* to;
  int64_t point_step, channel_step;
};

struct WinogradTiles {
  static constexpr int64_t kL = kLanes<float>;
  static constexpr int64_t kChannels = 8;  // whose lines stay in L1
  int64_t row_offsets[4], column_offsets[2];
  ConvArgs tiled;  // tiles as outputs
  // Two positions a tile, which meet 4 rows of inputs and, of each row, the elements in place and
  // those two further: without strides, 4 vectors hold what 2 vectors of tiles read.
  ConvArgs lines;
  int64_t count;

  explicit WinogradTiles(const ConvArgs& a) : tiled(a) {
    const ConvDim *height = a.dims + 1, *width = a.dims + 2;
    for (int64_t t = 0; t < 4; ++t) row_offsets[t] = min(height->offset[0], height->offset[2]) + t;
    for (int64_t t = 0; t < 2; ++t)
      column_offsets[t] = min(width->offset[0], width->offset[2]) + 2 * t;
    tiled.dims[1] = {ceil_div(height->out, 2), height->in, 2, 4, row_offsets};
    tiled.dims[2] = {ceil_div(width->out, 2), width->in, 2, 2, column_offsets};
    lines = tiled;
    lines.dims[2].out *= 2;
    lines.dims[2].step = 1;
    count = a.samples * positions_of(tiled);
  }
  WinogradTiles(const WinogradTiles&) = delete;

  int64_t table_size() const { return table_bytes(lines, 2 * kL, kL); }

  // B' d B for tiles [first, first + n), a vector of them at a time; `table` is working memory.
  void transform_inputs(int64_t first, int64_t n, const float* x, int64_t channels,
                        PieceTable* table, WinogradOut out) const {
    for (int64_t i = 0; i < n; i += kL, out.to += kL) {
      fill_table(lines, 2 * (first + i), 2 * min(kL, n - i), kL, table);
      for (int64_t c = 0; c < channels; c += kChannels)
        transform_vector(x + c * lines.xs[1], min(kChannels, channels - c), *table,
                         {out.to + c * out.channel_step, out.point_step, out.channel_step});
    }
  }
  void transform_vector(const float* x, int64_t channels, const PieceTable& table,
                        const WinogradOut& out) const {
    alignas(64) float line[kChannels][8][2 * kL];
    if (table.vectors < 2) __builtin_memset(line, 0, sizeof line);
    for (int t = 0; t < 8; ++t)
      copy_tap_of_channels<float>(table, t, 1, {x, lines.xs[1], channels, line[0][t], 8 * 2 * kL});
    for (int64_t c = 0; c < channels; ++c) {
      Vec<float> d[4][4];
      for (int t = 0; t < 8; ++t) {
        const Vec<float> low = load(line[c][t]), high = load(line[c][t] + kL);
        d[t / 2][t % 2 * 2] = evens<float>(low, high);
        d[t / 2][t % 2 * 2 + 1] = odds<float>(low, high);
      }
      for (int j = 0; j < 4; ++j) combine(d[0][j], d[1][j], d[2][j], d[3][j]);
      for (int k = 0; k < 4; ++k) combine(d[k][0], d[k][1], d[k][2], d[k][3]);
      for (int t = 0; t < kPoints; ++t)
        store(out.to + t * out.point_step + c * out.channel_step, d[t / 4][t % 4]);
    }
  }
  // B' = (1 0 -1 0, 0 1 1 0, 0 -1 1 0, 0 1 0 -1).
  SIMD_INLINE static void combine(Vec<float>& d0, Vec<float>& d1, Vec<float>& d2, Vec<float>& d3) {
    const Vec<float> r0 = d0 - d2, r1 = d1 + d2, r2 = d2 - d1, r3 = d1 - d3;
    d0 = r0;
    d1 = r1;
    d2 = r2;
    d3 = r3;
  }
};

}  // namespace
}  // namespace cresset
