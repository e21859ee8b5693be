// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/conv_bf16_planes.h"
#include "kernels/conv_bf16_weight.h"
#include "kernels/simd_tiles.h"
#include "kernels/slots.h"
#include "kernels/table.h"

// Convolution of bfloat16 by AMX, 32 channels of y by 32 positions at a time. The planes of some
// units are packed as pairs of channels, where the tiles find what each tap reads. A sum takes the
// channels of x 32 by 32 and of those one tap after the other, the even and the odd ones apart; the
// bias is added last.
namespace cresset {
namespace {

constexpr int64_t kPackedBytes = 1 << 20;  // of the planes of a chunk
constexpr int64_t kEnoughPositions = 256;  // for a chunk to read all of w
constexpr int64_t kMinChunk = 8 << 20;     // multiply-adds
constexpr int64_t kMaxSlots = 64;
int64_t few_chunks() { return 4 * num_threads(); }

struct Conv {
  const ConvArgs& a;
  const int64_t channel_blocks, row_tiles;
  const Planes planes;
  const int64_t slot_units;        // that a slot has room for, whatever the number of threads
  int64_t unit_block, tile_block;  // of a chunk
  Slots slots;
  int64_t packed_chunk[kMaxSlots] = {};  // 1 + the units and group whose planes a slot holds

  explicit Conv(const ConvArgs& a)
      : a(a),
        channel_blocks(ceil_div(a.channels, 2 * tiles::kPairs)),
        row_tiles(ceil_div(a.rows, tiles::kRows)),
        planes(a, [&](int64_t count) { return position_words(count) * kWordBytes; }),
        slot_units(
            clamp(kPackedBytes /
                      max(planes.unit_positions * position_words(planes.count) * kWordBytes, 1),
                  1, max(planes.units, 1))),
        unit_block(slot_units),
        tile_block(row_tiles),
        slots(min(a.slots, kMaxSlots)) {
    const auto too_few = [&] {
      const int64_t work = tile_block * tiles::kRows * unit_block * planes.unit_positions *
                           steps() * 2 * tiles::kPairs;
      return chunks() < few_chunks() && work > kMinChunk;
    };
    const int64_t least = ceil_div(kEnoughPositions, planes.unit_positions);
    while (unit_block > least && too_few()) unit_block = max(unit_block / 2, least);
    while (tile_block > 1 && too_few()) tile_block = ceil_div(tile_block, 2);
  }

  int64_t pairs() const { return channel_blocks * tiles::kPairs; }
  int64_t position_words(int64_t planes) const { return pairs() * planes; }
  int64_t steps() const { return channel_blocks * planes.taps; }
  int64_t unit_blocks() const { return ceil_div(planes.units, unit_block); }
  int64_t tile_blocks() const { return ceil_div(row_tiles, tile_block); }
  int64_t chunks() const { return a.groups * unit_blocks() * tile_blocks(); }

  // A plane of a pair of channels, with what taps and tiles reach over its ends.
  int64_t before() const { return round_up(planes.before, kLines); }
  int64_t plane_words() const {
    const int64_t words = before() + slot_units * planes.unit_positions + planes.after;
    return odd_lines((words + 2 * tiles::kColumns) * kWordBytes) / kWordBytes;
  }
  int64_t planes_words() const { return position_words(planes.count) * plane_words(); }
  int64_t slot_words() const {
    return planes_words() + round_up(planes.rows(slot_units) * sizeof(PlaneRow), 64) / kWordBytes;
  }
  int64_t tile_words() const { return steps() * tiles::kRows * tiles::kPairs; }

  // In scratch: the taps' places, w, and the planes in slots.
  int64_t* places() const { return static_cast<int64_t*>(a.scratch); }
  uint32_t* packed_w(int64_t group, int64_t tile) const {
    char* const start = static_cast<char*>(a.scratch) + planes.places_bytes();
    return reinterpret_cast<uint32_t*>(start) + (group * row_tiles + tile) * tile_words();
  }
  uint32_t* slot_at(int64_t slot) const { return packed_w(a.groups, 0) + slot * slot_words(); }
  PlaneRow* slot_rows(int64_t slot) const {
    return reinterpret_cast<PlaneRow*>(slot_at(slot) + planes_words());
  }
  int64_t bytes() const {
    const int64_t words =
        a.groups * row_tiles * tile_words() + min(a.slots, kMaxSlots) * slot_words();
    return planes.places_bytes() + words * kWordBytes;
  }

  void pack_w(int64_t group, int64_t tile) const;
  void pack_planes(int64_t group, int64_t first_unit, uint32_t* out, PlaneRow* rows) const;
  void run_chunk(int64_t chunk);
};

// Pairs of channels of a row of w at one tap, from a channel on, of which `count` are left.
SIMD_INLINE Vec<uint32_t> tap_pairs(const uint16_t* w, int64_t taps, int64_t count) {
  if (taps == 1) return load_halves_wide(w, count);
  const auto whole = static_cast<int>(min(count / 2, tiles::kPairs));
  Vec<uint32_t> pairs = gather_pairs(w, static_cast<int>(taps), whole);
  if (whole < tiles::kPairs && count % 2 == 1) pairs[whole] = w[(count - 1) * taps];
  return pairs;
}

// A tile's rows of w: block by block of channels and tap by tap.
void Conv::pack_w(int64_t group, int64_t tile) const {
  uint32_t* out = packed_w(group, tile);
  const int64_t first = tile * tiles::kRows, row_items = a.channels * planes.taps;
  const uint16_t* const w =
      static_cast<const uint16_t*>(a.w) + (group * a.rows + first) * row_items;
  for (int64_t c = 0; c < a.channels; c += 2 * tiles::kPairs)
    for (int64_t t = 0; t < planes.taps; ++t)
      for (int64_t i = 0; i < tiles::kRows; ++i, out += tiles::kPairs) {
        const uint16_t* const row = w + i * row_items + c * planes.taps + t;
        store(out,
              first + i < a.rows ? tap_pairs(row, planes.taps, a.channels - c) : Vec<uint32_t>{});
      }
}

// A plane of a pair of channels, the second one perhaps not there. Zeros are written in whole
// vectors, before what follows them.
template <int kStep>
void pack_pair(const uint16_t* x, int64_t x_step, bool both, const PlaneRow* rows, int64_t count,
               const PlaneDim& d, uint32_t* out) {
  for (const PlaneRow* row = rows; row < rows + count; ++row) {
    uint32_t* const to = out + row->position;
    fill_zero(to, 0, row->begin);
    for (int64_t v = row->begin; v < row->end; v += kLines) {
      Vec<uint32_t> pairs = inputs_at<kStep>(x, *row, v, d.d.step);
      if (both) pairs |= inputs_at<kStep>(x + x_step, *row, v, d.d.step) << 16;
      store(to + v, pairs);
    }
    fill_zero(to, row->end, d.pitch);
  }
}

void Conv::pack_planes(int64_t group, int64_t first_unit, uint32_t* out, PlaneRow* rows) const {
  const int64_t end = min(first_unit + unit_block, planes.units);
  const uint16_t* const x = static_cast<const uint16_t*>(a.x) + group * a.channels * a.xs[1];
  for (int64_t plane = 0; plane < planes.count; ++plane, out += plane_words()) {
    planes.list_rows(first_unit, end, plane, rows);
    uint32_t* to = out;
    for (int64_t c = 0; c < 2 * pairs(); c += 2, to += planes.count * plane_words()) {
      if (c >= a.channels) {
        fill_zero(to, 0, plane_words());
        continue;
      }
      fill_zero(to, 0, before());
      with_step(planes.dims[2].d.step, [&](auto step) {
        pack_pair<step()>(x + c * a.xs[1], a.xs[1], c + 1 < a.channels, rows,
                          planes.rows(end - first_unit), planes.dims[2], to + before());
      });
    }
  }
}

// What a tile reads: w as it was packed, and the planes where each tap finds them.
struct Operands {
  static constexpr int64_t a_row = tiles::kPairs * kWordBytes;
  const uint32_t *w, *planes;
  int64_t b_row, blocks, block_words, taps;
  const int64_t* places;

  template <class F>
  SIMD_INLINE void each(F f) const {
    const uint32_t *a = w, *b = planes;
    for (int64_t i = 0; i < blocks; ++i, b += block_words)
      for (int64_t t = 0; t < taps; ++t, a += tiles::kRows * tiles::kPairs) f(a, b + places[t]);
  }
};

// Of the outputs of a tile's positions those of one row.
struct OutputPiece {
  int64_t column, count, y;
};
struct OutputPieces {
  int64_t count = 0;
  OutputPiece all[tiles::kColumns];

  // From `position` on; rows before are passed.
  void find(OutputRows& rows, int64_t position, int64_t y_step) {
    const int64_t end = position + tiles::kColumns;
    for (count = 0; !rows.done(); rows.next()) {
      const OutputRow& row = rows.row();
      const int64_t from = max(row.position, position), to = min(row.position + row.count, end);
      if (from < to)
        all[count++] = {from - position, to - from, row.y + (from - row.position) * y_step};
      if (row.position + row.count > end) return;
    }
  }
};

// Rounds a row of sums and stores what is wanted of it.
SIMD_INLINE void store_row(const float* sums, float bias, const OutputPieces& pieces, uint16_t* y,
                           int64_t y_step) {
  const Vec<float> left = load(sums) + bias, right = load(sums + kLines) + bias;
  alignas(64) uint16_t row[tiles::kColumns];
  if (y_step != 1) store_rounded(row, 0, tiles::kColumns, left, right);
  for (int64_t i = 0; i < pieces.count; ++i) {
    const OutputPiece& piece = pieces.all[i];
    if (y_step == 1)
      store_rounded(y + piece.y - piece.column, piece.column, piece.column + piece.count, left,
                    right);
    else
      for (int64_t j = 0; j < piece.count; ++j) y[piece.y + j * y_step] = row[piece.column + j];
  }
}

// Consecutive chunks read the same planes.
void Conv::run_chunk(int64_t chunk) {
  const int64_t first_tile = chunk % tile_blocks() * tile_block, units = chunk / tile_blocks();
  const int64_t group = units / unit_blocks(), first_unit = units % unit_blocks() * unit_block;
  const int64_t unit_end = min(first_unit + unit_block, planes.units),
                tile_end = min(first_tile + tile_block, row_tiles);
  const int64_t slot = slots.take();
  if (packed_chunk[slot] != units + 1)
    pack_planes(group, first_unit, slot_at(slot), slot_rows(slot));
  packed_chunk[slot] = units + 1;
  const tiles::Scope scope;
  alignas(64) float sums[tiles::kRows * tiles::kColumns];
  const int64_t row_words = planes.count * plane_words();
  Operands operands{
      nullptr,     nullptr, row_words * kWordBytes, channel_blocks, tiles::kPairs * row_words,
      planes.taps, places()};
  const int64_t positions = (unit_end - first_unit) * planes.unit_positions;
  for (int64_t tile = first_tile; tile < tile_end; ++tile) {
    const int64_t row = group * a.rows + tile * tiles::kRows,
                  rows = min(a.rows - tile * tiles::kRows, tiles::kRows);
    uint16_t* const y = static_cast<uint16_t*>(a.y) + row * a.ys[1];
    const float* const bias = a.bias ? static_cast<const float*>(a.bias) + row : nullptr;
    operands.w = packed_w(group, tile);
    OutputRows outputs(planes, first_unit, unit_end);
    OutputPieces pieces;
    for (int64_t p = 0; p < positions; p += tiles::kColumns) {
      pieces.find(outputs, p, a.ys[4]);
      if (pieces.count == 0) continue;
      operands.planes = slot_at(slot) + before() + p;
      tiles::multiply(rows, operands, true, sums);
      for (int64_t i = 0; i < rows; ++i)
        store_row(sums + i * tiles::kColumns, bias ? bias[i] : 0, pieces, y + i * a.ys[1], a.ys[4]);
    }
  }
  slots.give_back(slot);
}

void conv(const ConvArgs& a) {
  if (a.rows <= 0 || a.groups <= 0 || outputs_of(a) <= 0) return;
  Conv conv(a);
  conv.planes.find_taps(conv.plane_words(), conv.places());
  parallel_for(
      a.groups * conv.row_tiles, 1,
      [](void* ctx, int64_t begin, int64_t end) {
        const Conv& conv = *static_cast<Conv*>(ctx);
        for (int64_t i = begin; i < end; ++i) conv.pack_w(i / conv.row_tiles, i % conv.row_tiles);
      },
      &conv);
  parallel_for(
      conv.chunks(), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) static_cast<Conv*>(ctx)->run_chunk(i);
      },
      &conv);
}

// With few channels most of a tile is empty.
bool fits(int64_t in_channels, int64_t out_channels, int64_t stride) {
  constexpr int64_t kFewest = 8;
  return min(in_channels, out_channels) >= kFewest && stride <= kMaxPhases;
}

int64_t scratch(const ConvArgs& a) {
  if (a.rows <= 0 || outputs_of(a) <= 0) return 0;
  return Conv(a).bytes();
}

const ConvBf16Table kTable = {fits, conv, scratch, weight_gradient, weight_scratch};

}  // namespace

extern "C" const ConvBf16Table* KERNEL_EXPORT(conv_bf16)() noexcept { return &kTable; }

}  // namespace cresset
