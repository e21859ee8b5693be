// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/conv_pack.h"
#include "kernels/slots.h"

// Kernels of 3 x 3 at stride 1 by Winograd's F(2 x 2, 3 x 3) (Lavin & Gray 2015): tiles of 2 x 2
// outputs from 4 x 4 inputs with 16 products a channel instead of 36. Each of the 16 is a matrix
// product of its own over the channels, one chain of FMAs an element.
namespace cresset {
namespace {

constexpr int64_t kWinogradChannels = 32;  // fewer do not pay for the transforms
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
         a.rows >= kWinogradChannels;
}

struct Winograd {
  static constexpr int64_t kC = kTileColumns<float>, kL = kLanes<float>;
  static constexpr int64_t kBlockChannels = 64, kMaxRows = 128, kPanels = 2;
  const ConvArgs& a;
  int64_t row_offsets[4], column_offsets[2];
  ConvArgs tiled;  // tiles as outputs
  // Two positions a tile, which meet 4 rows of inputs and, of each row, the elements in place and
  // those two further: without strides, 4 vectors hold what 2 vectors of tiles read.
  ConvArgs lines;
  ConvArgs results;  // tiled, with y's strides
  int64_t tiles, block_rows, row_stride;
  Slots slots;

  explicit Winograd(const ConvArgs& args) : a(args), tiled(args), slots(args.slots) {
    const ConvDim *height = a.dims + 1, *width = a.dims + 2;
    for (int64_t t = 0; t < 4; ++t) row_offsets[t] = min(height->offset[0], height->offset[2]) + t;
    for (int64_t t = 0; t < 2; ++t)
      column_offsets[t] = min(width->offset[0], width->offset[2]) + 2 * t;
    tiled.dims[1] = {ceil_div(height->out, 2), height->in, 2, 4, row_offsets};
    tiled.dims[2] = {ceil_div(width->out, 2), width->in, 2, 2, column_offsets};
    lines = results = tiled;
    lines.dims[2].out *= 2;
    lines.dims[2].step = 1;
    for (int i = 0; i < 5; ++i) results.xs[i] = a.ys[i];
    tiles = a.samples * positions_of(tiled);
    block_rows = ceil_div(a.rows, ceil_div(a.rows, kMaxRows));
    row_stride = a.channels + 16;  // not a power of two, whose rows share cache sets
  }

  int64_t row_blocks() const { return ceil_div(a.rows, block_rows); }
  int64_t panels() const { return ceil_div(tiles, kC); }
  int64_t column_blocks() const { return ceil_div(panels(), kPanels); }
  int64_t chunks() const { return a.groups * row_blocks() * column_blocks(); }
  // The transformed weight: group x point x row x channel.
  float* weight(int64_t group, int point, int64_t row) const {
    return static_cast<float*>(a.scratch) + ((group * kPoints + point) * a.rows + row) * row_stride;
  }
  int64_t weight_bytes() const { return a.groups * kPoints * a.rows * row_stride * 4; }
  int64_t slot_bytes() const {
    return table_bytes(lines, 2 * kC, kL) +
           kPanels * kPoints * kC * (kBlockChannels + block_rows) * 4;
  }

  // A row's filters, a vector of channels at a time: G g G' with G = (1 0 0, ½ ½ ½, ½ -½ ½, 0 0 1).
  void transform_weight(int64_t index) const {
    const bool flip[2] = {a.dims[1].offset[0] > a.dims[1].offset[2],
                          a.dims[2].offset[0] > a.dims[2].offset[2]};
    const float* w = static_cast<const float*>(a.w) + index * a.channels * 9;
    for (int64_t c = 0; c < a.channels; c += kL) {
      const int64_t left = a.channels - c;
      Vec<float> g[3][3], rows[4][3], u[4];
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          const int tap = (flip[0] ? 2 - i : i) * 3 + (flip[1] ? 2 - j : j);
          g[i][j] = load_strided(w + c * 9 + tap, 9, left, 0.0f);
        }
      for (int j = 0; j < 3; ++j) spread(g[0][j], g[1][j], g[2][j], rows, j);
      for (int i = 0; i < 4; ++i) {
        Vec<float> column[4][1];
        spread(rows[i][0], rows[i][1], rows[i][2], column, 0);
        for (int j = 0; j < 4; ++j) {
          u[j] = column[j][0];
          store_first(weight(index / a.rows, i * 4 + j, index % a.rows) + c, left, u[j]);
        }
      }
    }
  }
  template <int kColumns>
  SIMD_INLINE static void spread(Vec<float> g0, Vec<float> g1, Vec<float> g2,
                                 Vec<float> (&out)[4][kColumns], int j) {
    out[0][j] = g0;
    out[1][j] = ((g0 + g2) + g1) * 0.5f;
    out[2][j] = ((g0 + g2) - g1) * 0.5f;
    out[3][j] = g2;
  }
};

// A block of rows x two panels of tiles.
struct WinogradChunk {
  static constexpr int64_t kC = Winograd::kC, kL = Winograd::kL;
  const Winograd& job;
  const ConvArgs& a;
  int64_t group, row, rows, panel, panels;
  PieceTable table;
  float* inputs;    // panel x point x channel x kC
  float* products;  // panel x point x row x kC

  WinogradChunk(const Winograd& job, int64_t index, char* memory) : job(job), a(job.a) {
    row = index % job.row_blocks() * job.block_rows;
    rows = min(job.block_rows, a.rows - row);
    index /= job.row_blocks();
    group = index / job.column_blocks();
    panel = index % job.column_blocks() * Winograd::kPanels;
    panels = min(Winograd::kPanels, job.panels() - panel);
    table = table_in(memory, job.lines, 2 * kC, kL);
    inputs = reinterpret_cast<float*>(memory + table_bytes(job.lines, 2 * kC, kL));
    products = inputs + Winograd::kPanels * kPoints * Winograd::kBlockChannels * kC;
  }
  float* input(int64_t p, int point) const {
    return inputs + (p * kPoints + point) * Winograd::kBlockChannels * kC;
  }
  float* product(int64_t p, int point, int64_t i) const {
    return products + ((p * kPoints + point) * job.block_rows + i) * kC;
  }
  int64_t first_tile(int64_t p) const { return (panel + p) * kC; }
  int64_t columns(int64_t p) const { return min(kC, job.tiles - first_tile(p)); }

  void run() {
    for (int64_t c = 0; c < a.channels; c += Winograd::kBlockChannels) {
      const int64_t channels = min(Winograd::kBlockChannels, a.channels - c);
      for (int64_t p = 0; p < panels; ++p) transform_inputs(p, c, channels);
      for (int point = 0; point < kPoints; ++point) multiply(point, c, channels);
    }
    for (int64_t p = 0; p < panels; ++p) transform_products(p);
  }

  // B' d B with B' = (1 0 -1 0, 0 1 1 0, 0 -1 1 0, 0 1 0 -1).
  SIMD_INLINE static void combine(Vec<float>& d0, Vec<float>& d1, Vec<float>& d2, Vec<float>& d3) {
    const Vec<float> r0 = d0 - d2, r1 = d1 + d2, r2 = d2 - d1, r3 = d1 - d3;
    d0 = r0;
    d1 = r1;
    d2 = r2;
    d3 = r3;
  }
  void transform_inputs(int64_t p, int64_t c, int64_t channels) {
    fill_table(job.lines, 2 * first_tile(p), 2 * columns(p), kL, &table);
    alignas(64) float line[8][2 * kC] = {};
    for (int64_t i = 0; i < channels; ++i) {
      const float* x = static_cast<const float*>(a.x) + (group * a.channels + c + i) * a.xs[1];
      for (int t = 0; t < 8; ++t) copy_tap(table, t, x, 1, line[t]);
      for (int64_t v = 0; v < columns(p); v += kL) {
        Vec<float> d[4][4];
        for (int t = 0; t < 8; ++t) {
          const Vec<float> first = load(line[t] + 2 * v), second = load(line[t] + 2 * v + kL);
          d[t / 2][t % 2 * 2] = evens<float>(first, second);
          d[t / 2][t % 2 * 2 + 1] = odds<float>(first, second);
        }
        for (int j = 0; j < 4; ++j) combine(d[0][j], d[1][j], d[2][j], d[3][j]);
        for (int k = 0; k < 4; ++k) combine(d[k][0], d[k][1], d[k][2], d[k][3]);
        for (int t = 0; t < kPoints; ++t) store(input(p, t) + i * kC + v, d[t / 4][t % 4]);
      }
    }
  }

  void multiply(int point, int64_t c, int64_t channels) {
    Tile<float> t{};
    t.k = channels;
    t.a_row = job.row_stride;
    t.b_step = kC;
    t.c_row = kC;
    t.from_zero = c == 0;
    const int64_t tiles = ceil_div(rows, kTileRows);
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t i = rows * tile / tiles, next = rows * (tile + 1) / tiles;
      t.a = job.weight(group, point, row + i) + c;
      for (int64_t p = 0; p < panels; ++p) {
        t.b = input(p, point);
        t.c = product(p, point, i);
        const int count = static_cast<int>(next - i);
        columns(p) <= kL ? run_rows<float, 1>(count, LayoutA::kRows, t)
                         : run_rows<float, kTileVectors>(count, LayoutA::kRows, t);
      }
    }
  }

  // A' m A with A' = (1 1 1 0, 0 1 -1 -1), plus the bias, to two rows of outputs.
  void transform_products(int64_t p) {
    RowPiece pieces[kC];
    const int64_t count = find_rows(job.results, first_tile(p), columns(p), pieces);
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t channel = group * a.rows + row + i;
      const Vec<float> bias = splat(a.bias ? static_cast<const float*>(a.bias)[channel] : 0.0f);
      alignas(64) float out[2][2 * kC];
      for (int64_t v = 0; v < columns(p); v += kL) {
        Vec<float> top[4], bottom[4];
        for (int j = 0; j < 4; ++j) {
          const Vec<float> m0 = load(product(p, j, i) + v), m1 = load(product(p, 4 + j, i) + v),
                           m2 = load(product(p, 8 + j, i) + v),
                           m3 = load(product(p, 12 + j, i) + v);
          top[j] = m0 + m1 + m2;
          bottom[j] = m1 - m2 - m3;
        }
        put_row(top, bias, out[0] + 2 * v);
        put_row(bottom, bias, out[1] + 2 * v);
      }
      float* y = static_cast<float*>(a.y) + channel * a.ys[1];
      for (int64_t r = 0; r < count; ++r) put_piece(pieces[r], out, y);
    }
  }
  SIMD_INLINE static void put_row(const Vec<float> (&m)[4], Vec<float> bias, float* out) {
    const Vec<float> even = m[0] + m[1] + m[2] + bias, odd = m[1] - m[2] - m[3] + bias;
    store(out, interleave_low<float>(even, odd));
    store(out + kL, interleave_high<float>(even, odd));
  }
  void put_piece(const RowPiece& piece, const float (&out)[2][2 * kC], float* y) const {
    const int64_t n = min(2 * piece.length, a.dims[2].out - piece.i2);
    for (int64_t i = 0; i < 2 && piece.i1 + i < a.dims[1].out; ++i) {
      float* to = y + piece.sample + (piece.i1 + i) * a.ys[3] + piece.i2;
      const float* from = out[i] + 2 * piece.at;
      for (int64_t j = 0; j < n; j += kL) store_first(to + j, n - j, load_first(from + j, n - j));
    }
  }
};

inline void winograd(const ConvArgs& a) {
  Winograd job(a);
  parallel_for(
      a.groups * a.rows, 4,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) static_cast<Winograd*>(ctx)->transform_weight(i);
      },
      &job);
  parallel_for(
      job.chunks(), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        Winograd& job = *static_cast<Winograd*>(ctx);
        const int64_t slot = job.slots.take();
        char* memory =
            static_cast<char*>(job.a.scratch) + job.weight_bytes() + slot * job.slot_bytes();
        for (int64_t i = begin; i < end; ++i) WinogradChunk(job, i, memory).run();
        job.slots.give_back(slot);
      },
      &job);
}
inline int64_t winograd_scratch(const ConvArgs& a) {
  const Winograd job(a);
  return job.weight_bytes() + a.slots * job.slot_bytes();
}

}  // namespace
}  // namespace cresset
