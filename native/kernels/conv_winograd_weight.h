// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/conv_winograd_tiles.h"

// The gradient of a 3 x 3 kernel's weight by the transpose of Winograd's algorithm: for each of the
// 16 points channels x tiles times tiles x rows, and G' m G of the sums. Tiles are cut into fixed
// parts, as positions are elsewhere.
namespace cresset {
namespace {

struct WinogradWeight {
  static constexpr int64_t kC = kTileColumns<float>, kL = kLanes<float>;
  static constexpr int64_t kMaxChannels = 64, kMaxRows = 128, kTiles = 64;  // at a time: fits L2
  static constexpr int64_t kMaxProducts = 64 << 20, kFewChunks = 16, kMaxParts = 32;
  const ConvArgs& a;
  const WinogradTiles tiles;
  int64_t output_rows[2] = {0, 1}, output_columns[1] = {0};
  ConvArgs outputs;  // the 2 x 2 outputs of each tile: two rows of two positions a tile
  int64_t block_channels, block_rows, parts;

  explicit WinogradWeight(const ConvArgs& args) : a(args), tiles(args), outputs(tiles.lines) {
    for (int i = 0; i < 5; ++i) outputs.xs[i] = a.ys[i];
    ConvDim *height = outputs.dims + 1, *width = outputs.dims + 2;
    *height = {height->out, a.dims[1].out, 2, 2, output_rows};
    *width = {width->out, a.dims[2].out, 1, 1, output_columns};
    block_channels = ceil_div(a.channels, ceil_div(a.channels, kMaxChannels));
    // The parts decide the bits, so they must not depend on the tile's size.
    const int64_t rows = ceil_div(a.rows, ceil_div(a.rows, kMaxRows));
    block_rows = ceil_div(rows, kC) * kC;
    const int64_t blocks = a.groups * channel_blocks() * ceil_div(a.rows, rows);
    const int64_t products = kPoints * block_channels * rows * tiles.count;
    const int64_t wanted = max(ceil_div(products, kMaxProducts), ceil_div(kFewChunks, blocks));
    parts = min(min(wanted, kMaxParts), tile_blocks());
  }

  int64_t tile_blocks() const { return ceil_div(tiles.count, kTiles); }
  int64_t first_tile(int64_t part) const {
    return min(tiles.count, tile_blocks() * part / parts * kTiles);
  }
  int64_t channel_blocks() const { return ceil_div(a.channels, block_channels); }
  int64_t row_blocks() const { return ceil_div(a.rows, block_rows); }
  int64_t chunks() const { return parts * a.groups * channel_blocks() * row_blocks(); }
  // Rows of working memory, which are no powers of two: those share cache sets.
  static constexpr int64_t kInputRow = kTiles + 16, kOutputPoint = kTiles * kC + 16;
  int64_t input_items() const { return kPoints * (block_channels * kInputRow + 16); }
  int64_t product_items() const { return kPoints * block_channels * block_rows; }
  int64_t slot_bytes() const {
    return tiles.table_size() + (input_items() + kPoints * kOutputPoint + product_items()) * 4;
  }
};

// One part's share of a block of the result: channels x rows.
struct WinogradWeightChunk {
  using Job = WinogradWeight;
  static constexpr int64_t kC = Job::kC, kL = Job::kL;
  const Job& job;
  const ConvArgs& a;
  int64_t part, group, channel, channels, row, rows;
  PieceTable table;
  float* inputs;    // point x channel x tile
  float* outputs;   // point x tile x kC
  float* products;  // panel x point x channel x kC

  WinogradWeightChunk(const Job& job, int64_t index, char* memory) : job(job), a(job.a) {
    row = index % job.row_blocks() * job.block_rows;
    rows = min(job.block_rows, a.rows - row);
    index /= job.row_blocks();
    channel = index % job.channel_blocks() * job.block_channels;
    channels = min(job.block_channels, a.channels - channel);
    index /= job.channel_blocks();
    group = index % a.groups;
    part = index / a.groups;
    table = table_in(memory, job.tiles.lines, 2 * kL, kL);  // the outputs' has fewer taps
    inputs = reinterpret_cast<float*>(memory + job.tiles.table_size());
    outputs = inputs + job.input_items();
    products = outputs + kPoints * Job::kOutputPoint;
  }
  int64_t input_point() const { return job.block_channels * Job::kInputRow + 16; }
  float* product(int64_t panel, int point, int64_t i) const {
    return products + ((panel * kPoints + point) * job.block_channels + i) * kC;
  }

  void run(float* partial, int64_t row_stride) {
    const int64_t begin = job.first_tile(part), end = job.first_tile(part + 1);
    const float* x = static_cast<const float*>(a.x) + (group * a.channels + channel) * a.xs[1];
    for (int64_t tile = begin; tile < end; tile += Job::kTiles) {
      const int64_t n = min(Job::kTiles, end - tile);
      job.tiles.transform_inputs(tile, n, x, channels, &table,
                                 {inputs, input_point(), Job::kInputRow});
      for (int64_t panel = 0; panel * kC < rows; ++panel) {
        for (int64_t i = 0; i < n; i += kL)
          transform_outputs(tile + i, min(kL, n - i), panel, outputs + i * kC);
        for (int point = 0; point < kPoints; ++point) multiply(point, panel, n, tile == begin);
      }
    }
    for (int64_t panel = 0; panel * kC < rows; ++panel)
      for (int64_t i = 0; i < channels; ++i)
        gather(panel, i, partial + (channel + i) * 9 * row_stride + row + panel * kC, row_stride);
  }

  // A g A' with A' = (1 1 1 0, 0 1 -1 -1), but for the sign of what the last row and column meet,
  // which `gather` turns: vectors of rows.
  void transform_outputs(int64_t tile, int64_t n, int64_t panel, float* out) {
    fill_table(job.outputs, 2 * tile, 2 * n, kL, &table);
    for (int64_t j = panel * kC; j < (panel + 1) * kC; j += kL, out += kL) {
      alignas(64) float corners[4][kL][kL];  // corner x tile x row
      load_corners(j, corners);
      for (int64_t t = 0; t < n; ++t) {
        Vec<float> m[4][2];
        for (int i = 0; i < 2; ++i) spread(load(corners[i][t]), load(corners[2 + i][t]), m, i);
        for (int i = 0; i < 4; ++i) {
          Vec<float> line[4][1];
          spread(m[i][0], m[i][1], line, 0);
          for (int k = 0; k < 4; ++k)
            store(out + (i * 4 + k) * Job::kOutputPoint + t * kC, line[k][0]);
        }
      }
    }
  }
  template <int kColumns>
  SIMD_INLINE static void spread(Vec<float> g0, Vec<float> g1, Vec<float> (&out)[4][kColumns],
                                 int j) {
    out[0][j] = g0;
    out[1][j] = g0 + g1;
    out[2][j] = g0 - g1;
    out[3][j] = g1;
  }
  void load_corners(int64_t j, float (&corners)[4][kL][kL]) {
    alignas(64) float line[kL][2][2 * kL];
    const int64_t n = max(0, min(kL, rows - j));
    if (n < kL || table.vectors < 2) __builtin_memset(line, 0, sizeof line);
    const float* y = static_cast<const float*>(a.y) + (group * a.rows + row + j) * a.ys[1];
    for (int t = 0; t < 2; ++t)
      copy_tap_of_channels<float>(table, t, 1, {y, a.ys[1], n, line[0][t], 2 * 2 * kL});
    for (int corner = 0; corner < 4; ++corner) {
      Vec<float> square[kL];
      for (int l = 0; l < kL; ++l) {
        const float* from = line[l][corner / 2];
        square[l] = corner % 2 ? odds<float>(load(from), load(from + kL))
                               : evens<float>(load(from), load(from + kL));
      }
      transpose<float>(square);
      for (int l = 0; l < kL; ++l) store(corners[corner][l], square[l]);
    }
  }

  void multiply(int point, int64_t panel, int64_t steps, bool first) {
    Tile<float> t{};
    t.k = steps;
    t.a_row = Job::kInputRow;
    t.b = outputs + point * Job::kOutputPoint;
    t.b_step = kC;
    t.c_row = kC;
    t.from_zero = first;
    const int64_t tiles = ceil_div(channels, kTileRows);
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t i = channels * tile / tiles, next = channels * (tile + 1) / tiles;
      t.a = inputs + point * input_point() + i * Job::kInputRow;
      t.c = product(panel, point, i);
      run_rows<float, kTileVectors>(static_cast<int>(next - i), LayoutA::kRows, t);
    }
  }

  // G' m G with G' = (1 ½ ½ 0, 0 ½ -½ 0, 0 ½ ½ 1): a channel's taps, vectors of rows.
  void gather(int64_t panel, int64_t i, float* out, int64_t row_stride) const {
    for (int64_t v = 0; v < kC; v += kL) {
      Vec<float> m[3][4];
      for (int j = 0; j < 4; ++j) {
        const auto at = [&](int k) { return load(product(panel, k * 4 + j, i) + v); };
        const Vec<float> column[4] = {at(0), at(1), at(2), at(3)};
        join(column, m[0][j], m[1][j], m[2][j]);
      }
      for (int k = 0; k < 3; ++k) {
        Vec<float> w[3];
        join(m[k], w[0], w[1], w[2]);
        for (int j = 0; j < 3; ++j) store(out + (k * 3 + j) * row_stride + v, w[j]);
      }
    }
  }
  SIMD_INLINE static void join(const Vec<float> (&m)[4], Vec<float>& w0, Vec<float>& w1,
                               Vec<float>& w2) {
    const Vec<float> sum = (m[1] + m[2]) * 0.5f;
    w0 = m[0] + sum;
    w1 = (m[1] - m[2]) * 0.5f;
    w2 = sum - m[3];
  }
};

}  // namespace
}  // namespace cresset
