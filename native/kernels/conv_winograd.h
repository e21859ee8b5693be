// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/conv_winograd_tiles.h"
#include "kernels/slots.h"

// Winograd's convolution: each of the 16 points is a matrix product of its own over the channels,
// one chain of FMAs an element.
namespace cresset {
namespace {

struct Winograd {
  static constexpr int64_t kC = kTileColumns<float>, kL = kLanes<float>;
  static constexpr int64_t kBlockChannels = 64, kMaxRows = 128, kMaxPanels = 2;
  static constexpr int64_t kFewChunks = 8, kMinRows = 32;
  const ConvArgs& a;
  const WinogradTiles tiles;
  ConvArgs results;  // tiles, with y's strides
  int64_t block_rows, block_panels;
  Slots slots;

  explicit Winograd(const ConvArgs& args)
      : a(args), tiles(args), results(tiles.tiled), slots(args.slots) {
    for (int i = 0; i < 5; ++i) results.xs[i] = a.ys[i];
    int64_t blocks = ceil_div(a.rows, kMaxRows);
    block_rows = ceil_div(a.rows, blocks);
    block_panels = min(panels(), kMaxPanels);
    if (chunks() < kFewChunks) block_panels = 1;
    while (chunks() < kFewChunks && block_rows > kMinRows)
      block_rows = ceil_div(a.rows, blocks *= 2);
  }

  int64_t row_blocks() const { return ceil_div(a.rows, block_rows); }
  int64_t panels() const { return ceil_div(tiles.count, kC); }
  int64_t column_blocks() const { return ceil_div(panels(), block_panels); }
  int64_t chunks() const { return a.groups * row_blocks() * column_blocks(); }
  int64_t channel_blocks() const { return ceil_div(a.channels, kBlockChannels); }
  // The transformed weight in the order in which it is read: group x block of channels x point x
  // row x channel.
  float* weight(int64_t group, int64_t channel_block, int point, int64_t row) const {
    const int64_t block = (group * channel_blocks() + channel_block) * kPoints + point;
    return static_cast<float*>(a.scratch) + (block * a.rows + row) * kBlockChannels;
  }
  int64_t weight_bytes() const {
    return a.groups * channel_blocks() * kPoints * a.rows * kBlockChannels * 4;
  }
  int64_t slot_bytes() const {
    return tiles.table_size() + block_panels * kPoints * kC * (kBlockChannels + block_rows) * 4;
  }

  // A row's filters, a vector of channels at a time: G g G' with G = (1 0 0, ½ ½ ½, ½ -½ ½, 0 0 1).
  void transform_weight(int64_t index) const {
    const bool flip[2] = {a.dims[1].offset[0] > a.dims[1].offset[2],
                          a.dims[2].offset[0] > a.dims[2].offset[2]};
    const float* w = static_cast<const float*>(a.w) + index * a.channels * 9;
    for (int64_t c = 0; c < a.channels; c += kL) {
      const int64_t left = a.channels - c;
      Vec<float> taps[9], g[3][3], rows[4][3];
      load_taps(w + c * 9, left, taps);
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          const int tap = (flip[0] ? 2 - i : i) * 3 + (flip[1] ? 2 - j : j);
          g[i][j] = taps[tap];
        }
      for (int j = 0; j < 3; ++j) spread(g[0][j], g[1][j], g[2][j], rows, j);
      for (int i = 0; i < 4; ++i) {
        Vec<float> column[4][1];
        spread(rows[i][0], rows[i][1], rows[i][2], column, 0);
        for (int j = 0; j < 4; ++j)
          store(weight(index / a.rows, c / kBlockChannels, i * 4 + j, index % a.rows) +
                    c % kBlockChannels,
                column[j][0]);
      }
    }
  }
  // The nine taps of a vector of filters, `left` of which exist: squares, transposed.
  SIMD_INLINE static void load_taps(const float* w, int64_t left, Vec<float> (&taps)[9]) {
    for (int64_t t = 0; t < 9; t += kL) {
      Vec<float> square[kL];
      for (int l = 0; l < kL; ++l)
        square[l] = l < left ? load_first(w + l * 9 + t, 9 - t, 0.0f) : Vec<float>{};
      transpose<float>(square);
      for (int l = 0; l < kL && t + l < 9; ++l) taps[t + l] = square[l];
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
    panel = index % job.column_blocks() * job.block_panels;
    panels = min(job.block_panels, job.panels() - panel);
    table = table_in(memory, job.tiles.lines, 2 * kL, kL);
    inputs = reinterpret_cast<float*>(memory + job.tiles.table_size());
    products = inputs + job.block_panels * kPoints * Winograd::kBlockChannels * kC;
  }
  float* input(int64_t p, int point) const {
    return inputs + (p * kPoints + point) * Winograd::kBlockChannels * kC;
  }
  float* product(int64_t p, int point, int64_t i) const {
    return products + ((p * kPoints + point) * job.block_rows + i) * kC;
  }
  int64_t first_tile(int64_t p) const { return (panel + p) * kC; }
  int64_t columns(int64_t p) const { return min(kC, job.tiles.count - first_tile(p)); }

  void run() {
    for (int64_t c = 0; c < a.channels; c += Winograd::kBlockChannels) {
      const int64_t channels = min(Winograd::kBlockChannels, a.channels - c);
      for (int64_t p = 0; p < panels; ++p) transform_inputs(p, c, channels);
      for (int point = 0; point < kPoints; ++point) multiply(point, c, channels);
    }
    for (int64_t p = 0; p < panels; ++p) transform_products(p);
  }

  void transform_inputs(int64_t p, int64_t c, int64_t channels) {
    const float* x = static_cast<const float*>(a.x) + (group * a.channels + c) * a.xs[1];
    job.tiles.transform_inputs(first_tile(p), columns(p), x, channels, &table,
                               {input(p, 0), Winograd::kBlockChannels * kC, kC});
  }

  void multiply(int point, int64_t c, int64_t channels) {
    Tile<float> t{};
    t.k = channels;
    t.a_row = Winograd::kBlockChannels;
    t.b_step = kC;
    t.c_row = kC;
    t.from_zero = c == 0;
    const int64_t tiles = ceil_div(rows, kTileRows);
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t i = rows * tile / tiles, next = rows * (tile + 1) / tiles;
      t.a = job.weight(group, c / Winograd::kBlockChannels, point, row + i);
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
