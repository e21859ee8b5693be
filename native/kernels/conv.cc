// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/conv_depthwise.h"
#include "kernels/conv_winograd.h"
#include "kernels/gemm_pack.h"
#include "kernels/slots.h"

// Convolution as a matrix product whose right side, the patches, is never there as a whole: a chunk
// (a block of rows x a block of positions) packs the panels it reads a few channels at a time.
namespace cresset {
namespace {

constexpr int64_t kBlockRows = 16 * 12, kBlockPositions = 256;                 // per chunk, at most
constexpr int64_t kMaxChunk = 64 << 20, kMinChunk = 1 << 20, kFewChunks = 16;  // multiply-adds
constexpr int64_t kFewReads = 8;  // of w, which do not pay for a copy

template <class T>
struct Conv {
  static constexpr int64_t kC = kTileColumns<T>;
  const ConvArgs& a;
  const int64_t taps, steps, sample_positions, positions;
  int64_t block_channels, block_rows, block_panels;
  bool dense, channels_last;
  Slots slots;

  explicit Conv(const ConvArgs& args)
      : a(args),
        taps(taps_of(a)),
        steps(a.channels * taps),
        sample_positions(positions_of(a)),
        positions(a.samples * sample_positions),
        slots(a.slots) {
    const int64_t channels = max(1, kBlockK / max(taps, 1));
    const int64_t blocks = max(1, ceil_div(a.channels, channels));
    block_channels = max(1, ceil_div(a.channels, blocks));
    const ConvDim* d = a.dims;
    dense = (d[2].out == 1 || a.ys[4] == 1) && (d[1].out == 1 || a.ys[3] == d[2].out) &&
            (d[0].out == 1 || a.ys[2] == d[2].out * d[1].out);
    channels_last =
        a.xs[1] == 1 && d[2].step * a.xs[4] != 1 && d[2].out > 1 && a.channels >= kLanes<T>;
    choose_blocks();
  }

  int64_t row_blocks() const { return ceil_div(a.rows, block_rows); }
  int64_t panels() const { return ceil_div(positions, kC); }
  int64_t column_blocks() const { return ceil_div(panels(), block_panels); }
  int64_t chunks() const { return a.groups * row_blocks() * column_blocks(); }
  int64_t block_steps() const { return block_channels * taps; }
  int64_t panel_items() const { return block_steps() * kC; }
  // w lies copied as the tiles read it, a tile's share of a block of channels after the other,
  // where it is read often enough.
  bool copies_w() const { return block_steps() <= kBlockK && column_blocks() > kFewReads; }
  int64_t row_tiles() const { return ceil_div(block_rows, kTileRows); }
  int64_t channel_blocks() const { return ceil_div(a.channels, block_channels); }
  int64_t copied_tiles() const { return copies_w() ? a.groups * row_blocks() * row_tiles() : 0; }
  int64_t copied_bytes() const {
    return copied_tiles() * channel_blocks() * kBlockK * kCopyColumn *
           static_cast<int64_t>(sizeof(T));
  }
  T* copied(int64_t tile, int64_t channel_block) const {
    return static_cast<T*>(a.scratch) +
           (tile * channel_blocks() + channel_block) * kBlockK * kCopyColumn;
  }
  // The rows of a tile of a block of rows, dealt out evenly.
  int64_t tile_start(int64_t rows, int64_t tile) const {
    return rows * tile / ceil_div(rows, kTileRows);
  }
  void copy_tile(int64_t index) const {
    const int64_t tile = index % row_tiles(), block = index / row_tiles();
    const int64_t row = block % row_blocks() * block_rows, rows = min(block_rows, a.rows - row);
    if (tile >= ceil_div(rows, kTileRows)) return;
    const int64_t i = tile_start(rows, tile), count = tile_start(rows, tile + 1) - i;
    const T* w = static_cast<const T*>(a.w) + (block / row_blocks() * a.rows + row + i) * steps;
    for (int64_t c = 0; c < channel_blocks(); ++c)
      copy_a(w + c * block_steps(), steps, false, count, false,
             min(block_steps(), steps - c * block_steps()), copied(index, c));
  }

  int64_t slot_bytes() const {
    const int64_t items = block_panels * (panel_items() + block_rows * kC);
    return (table_bytes(a, kC, kLanes<T>) + items * static_cast<int64_t>(sizeof(T)) + 63) & -64;
  }

  void choose_blocks() {
    int64_t rows = ceil_div(a.rows, kBlockRows);
    block_rows = ceil_div(a.rows, rows);
    block_panels = max(1, min(panels(), kBlockPositions / kC));
    const auto too_big = [&] {
      const int64_t work = block_rows * block_panels * kC * steps;
      return work > kMaxChunk || (chunks() < kFewChunks && work > kMinChunk);
    };
    // Fewer panels before fewer rows: w is read from caches at ease, packing costs.
    while (block_panels > 1 && too_big()) block_panels = ceil_div(block_panels, 2);
    while (block_rows > 4 * kTileRows && too_big()) block_rows = ceil_div(a.rows, rows *= 2);
  }
};

// One chunk at work.
template <class T>
struct Chunk {
  static constexpr int64_t kC = kTileColumns<T>, kL = kLanes<T>;
  const Conv<T>& conv;
  const ConvArgs& a;
  int64_t group, row, rows, panel, panels;
  PieceTable table;
  T* packed;   // the panels, block_steps() x kC each
  T* results;  // rows x (panels x kC), for panels whose outputs do not lie side by side

  Chunk(const Conv<T>& conv, int64_t index, char* memory) : conv(conv), a(conv.a) {
    const int64_t row_block = index % conv.row_blocks();
    index /= conv.row_blocks();
    group = index / conv.column_blocks();
    row = row_block * conv.block_rows;
    rows = min(conv.block_rows, a.rows - row);
    panel = index % conv.column_blocks() * conv.block_panels;
    panels = min(conv.block_panels, conv.panels() - panel);
    table = table_in(memory, a, kC, kLanes<T>);
    packed = reinterpret_cast<T*>(memory + table_bytes(a, kC, kLanes<T>));
    results = packed + conv.block_panels * conv.panel_items();
  }

  int64_t position(int64_t p) const { return (panel + p) * kC; }
  int64_t columns(int64_t p) const { return min(kC, conv.positions - position(p)); }
  bool direct(int64_t p) const {
    return conv.dense && columns(p) == kC &&
           position(p) % conv.sample_positions + kC <= conv.sample_positions;
  }
  T* y_at(int64_t channel) const {
    return static_cast<T*>(a.y) + (group * a.rows + channel) * a.ys[1];
  }

  void run() {
    int64_t c = 0;
    do {  // once even without channels or taps
      const int64_t channels = min(conv.block_channels, a.channels - c);
      for (int64_t p = 0; p < panels; ++p) pack(p, c, channels);
      for (int64_t tile = 0; tile < ceil_div(rows, kTileRows); ++tile)
        run_tiles(tile, c, channels * conv.taps);
      c += conv.block_channels;
    } while (c < a.channels);
    for (int64_t p = 0; p < panels; ++p)
      if (!direct(p)) spread(p);
  }

  void pack(int64_t p, int64_t c, int64_t channels) {
    if (conv.taps == 0) return;
    fill_table(a, position(p), columns(p), kL, &table);
    T* out = packed + p * conv.panel_items();
    const T* x = static_cast<const T*>(a.x) + (group * a.channels + c) * a.xs[1];
    if (conv.channels_last) return pack_channels_last(x, channels, out);
    const int64_t stride = a.dims[2].step * a.xs[4];
    for (int64_t t = 0; t < conv.taps; ++t)
      copy_tap_of_channels<T>(table, t, stride,
                              {x, a.xs[1], channels, out + t * kC, conv.taps * kC});
  }

  // Squares of kL channels x kL positions.
  void pack_channels_last(const T* x, int64_t channels, T* out) {
    int64_t sources[kC];
    for (int64_t t = 0; t < conv.taps; ++t) {
      find_sources(table, t, a.dims[2].step * a.xs[4], kL, sources);
      for (int64_t i = 0; i < channels; i += kL)
        for (int64_t q = 0; q < table.vectors * kL; q += kL) {
          Vec<T> square[kL];
          for (int l = 0; l < kL; ++l)
            square[l] = sources[q + l] < 0 ? Vec<T>{}
                                           : load_first(x + sources[q + l] + i, channels - i, T(0));
          transpose<T>(square);
          for (int64_t l = 0; l < kL && i + l < channels; ++l)
            store(out + ((i + l) * conv.taps + t) * kC + q, square[l]);
        }
    }
  }

  // A tile's rows over the packed steps of channel c and after.
  void run_tiles(int64_t tile, int64_t c, int64_t steps) {
    const int64_t i = conv.tile_start(rows, tile);
    const int count = static_cast<int>(conv.tile_start(rows, tile + 1) - i);
    Tile<T> t{};
    t.k = steps;
    t.a_row = conv.steps;
    t.b_step = kC;
    t.from_zero = c == 0 && !a.bias;
    LayoutA layout = LayoutA::kCopiedColumns;
    if (conv.copies_w()) {
      const int64_t block = group * conv.row_blocks() + row / conv.block_rows;
      t.a = conv.copied(block * conv.row_tiles() + tile, c / conv.block_channels);
    } else {
      t.a = static_cast<const T*>(a.w) + (group * a.rows + row + i) * conv.steps + c * conv.taps;
      layout = LayoutA::kRows;
    }
    for (int64_t p = 0; p < panels; ++p) {
      t.b = packed + p * conv.panel_items();
      t.c = results + i * panels * kC + p * kC;
      t.c_row = panels * kC;
      if (direct(p)) {
        const int64_t q = position(p);
        t.c = y_at(row + i) + q / conv.sample_positions * a.ys[0] + q % conv.sample_positions;
        t.c_row = a.ys[1];
      }
      if (c == 0 && a.bias) fill_bias(t.c, t.c_row, i, count);
      columns(p) <= kL ? run_rows<T, 1>(count, layout, t)
                       : run_rows<T, kTileVectors>(count, layout, t);
    }
  }

  void fill_bias(T* to, int64_t to_row, int64_t i, int count) {
    const T* bias = static_cast<const T*>(a.bias) + group * a.rows + row + i;
    for (int r = 0; r < count; ++r)
      for (int64_t q = 0; q < kC; q += kL) store(to + r * to_row + q, splat(bias[r]));
  }

  // Moves a panel of results to where it belongs.
  void spread(int64_t p) {
    int64_t offsets[kC];
    const int64_t n = columns(p);
    for (int64_t i = 0; i < n; ++i) {
      int64_t q = position(p) + i;
      offsets[i] = q % a.dims[2].out * a.ys[4];
      q /= a.dims[2].out;
      offsets[i] += q % a.dims[1].out * a.ys[3];
      q /= a.dims[1].out;
      offsets[i] += q % a.dims[0].out * a.ys[2] + q / a.dims[0].out * a.ys[0];
    }
    const T* from = results + p * kC;
    if (a.ys[1] == 1) return spread_channels_last(from, offsets, n);
    for (int64_t i = 0; i < rows; ++i) {
      T* to = y_at(row + i);
      for (int64_t q = 0; q < n; ++q) to[offsets[q]] = from[i * panels * kC + q];
    }
  }
  void spread_channels_last(const T* from, const int64_t* offsets, int64_t n) {
    T* to = y_at(row);
    for (int64_t i = 0; i < rows; i += kL)
      for (int64_t q = 0; q < n; q += kL) {
        Vec<T> square[kL];
        for (int l = 0; l < kL; ++l)
          square[l] = i + l < rows ? load(from + (i + l) * panels * kC + q) : Vec<T>{};
        transpose<T>(square);
        for (int64_t l = 0; l < kL && q + l < n; ++l)
          store_first(to + offsets[q + l] + i, rows - i, square[l]);
      }
  }
};

template <class T>
void conv(const ConvArgs& a) {
  if (a.rows <= 0 || a.groups <= 0 || a.samples * positions_of(a) <= 0) return;
  if (is_depthwise(a)) return depthwise<T>(a);
  if constexpr (sizeof(T) == 4) {
    if (is_winograd(a)) return winograd(a);
  }
  Conv<T> conv(a);
  parallel_for(
      conv.copied_tiles(), 4,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) static_cast<Conv<T>*>(ctx)->copy_tile(i);
      },
      &conv);
  parallel_for(
      conv.chunks(), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        Conv<T>& conv = *static_cast<Conv<T>*>(ctx);
        const int64_t slot = conv.slots.take();
        char* memory =
            static_cast<char*>(conv.a.scratch) + conv.copied_bytes() + slot * conv.slot_bytes();
        for (int64_t i = begin; i < end; ++i) Chunk<T>(conv, i, memory).run();
        conv.slots.give_back(slot);
      },
      &conv);
}

template <class T>
int64_t scratch(const ConvArgs& a) {
  if (a.rows <= 0 || a.samples * positions_of(a) <= 0 || is_depthwise(a)) return 0;
  if constexpr (sizeof(T) == 4) {
    if (is_winograd(a)) return winograd_scratch(a);
  }
  const Conv<T> conv(a);
  return conv.copied_bytes() + a.slots * conv.slot_bytes();
}

constexpr ConvTable kTable = {
    {conv<int64_t>, conv<float>, conv<double>},
    {scratch<int64_t>, scratch<float>, scratch<double>},
};

}  // namespace
}  // namespace cresset

extern "C" const cresset::ConvTable* KERNEL_EXPORT(conv)() noexcept { return &cresset::kTable; }
