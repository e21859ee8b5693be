// SPDX-License-Identifier: MIT
#pragma once
#include "core/parallel.h"
#include "kernels/conv_bf16_planes.h"
#include "kernels/simd_tiles.h"
#include "kernels/slots.h"

// The gradient of a convolution's weight by AMX: dw = x y, 32 channels of x by 32 of y at a time,
// for each tap. The planes of x lie as rows of positions, which the tiles read from wherever a tap
// begins; y lies as pairs of positions, with zeros between its rows. A pass packs some units, whose
// positions are summed up in order, 32 by 32, the even and the odd ones apart.
namespace cresset {
namespace {

// A pass stays in the second caches, unless reading and writing the sums again costs more.
constexpr int64_t kPassBytes = 1 << 20;
constexpr int64_t kStepPositions = 2 * tiles::kPairs;
constexpr int64_t kVisitSteps = 6;  // of a tap, whose sums wait in memory meanwhile
constexpr int64_t kTileItems = tiles::kRows * tiles::kColumns;

struct WeightGradient {
  const ConvArgs& a;
  const int64_t channel_tiles, row_tiles;
  const Planes planes;
  const int64_t unit_block;  // of a pass
  Slots slots;
  int64_t first_unit = 0, tap_parts = 1;

  explicit WeightGradient(const ConvArgs& a)
      : a(a),
        channel_tiles(ceil_div(a.channels, tiles::kRows)),
        row_tiles(ceil_div(a.rows, tiles::kColumns)),
        planes(a, [&](int64_t count) { return position_bytes(count); }),
        unit_block(clamp(max(kPassBytes, 2 * sums_bytes()) /
                             max(planes.unit_positions * position_bytes(planes.count), 1),
                         1, max(planes.units, 1))),
        slots(a.slots) {
    if (jobs() > 0) tap_parts = clamp(ceil_div(4 * num_threads(), jobs()), 1, max(planes.taps, 1));
  }

  int64_t position_bytes(int64_t planes) const {
    return a.groups * (a.channels * planes + a.rows) * kHalfBytes;
  }
  int64_t positions() const {  // of a pass
    return round_up(unit_block * planes.unit_positions, kStepPositions);
  }
  int64_t before() const { return round_up(planes.before, kStepPositions); }
  int64_t plane_items() const {
    return odd_lines((before() + positions() + planes.after + kStepPositions) * kHalfBytes) /
           kHalfBytes;
  }
  int64_t x_row() const { return planes.count * plane_items(); }
  int64_t panel_words() const { return positions() / 2 * tiles::kColumns; }
  int64_t jobs() const { return a.groups * channel_tiles * row_tiles; }
  int64_t sums_bytes() const { return jobs() * planes.taps * kTileItems * kWordBytes; }

  // In scratch: the taps' places, the planes' rows, sums, y, x, and rows of y in slots.
  int64_t* places() const { return static_cast<int64_t*>(a.scratch); }
  PlaneRow* rows(int64_t plane) const {
    char* const start = static_cast<char*>(a.scratch) + planes.places_bytes();
    return reinterpret_cast<PlaneRow*>(start) + plane * planes.rows(unit_block);
  }
  int64_t rows_bytes() const {
    return round_up(planes.count * planes.rows(unit_block) * sizeof(PlaneRow), 64);
  }
  float* sums(int64_t job, int64_t tap) const {
    char* const start = static_cast<char*>(a.scratch) + planes.places_bytes() + rows_bytes();
    return reinterpret_cast<float*>(start) + (job * planes.taps + tap) * kTileItems;
  }
  uint32_t* panel(int64_t group, int64_t row_tile) const {
    return reinterpret_cast<uint32_t*>(sums(jobs(), 0)) +
           (group * row_tiles + row_tile) * panel_words();
  }
  uint16_t* plane_of(int64_t group, int64_t channel) const {
    return reinterpret_cast<uint16_t*>(panel(a.groups, 0)) +
           (group * channel_tiles * tiles::kRows + channel) * x_row();
  }
  uint16_t* slot_at(int64_t slot) const {
    return plane_of(a.groups, 0) + slot * kLines * positions();
  }
  int64_t bytes() const {
    const int64_t words = a.groups * row_tiles * panel_words();
    const int64_t halves =
        a.groups * channel_tiles * tiles::kRows * x_row() + a.slots * kLines * positions();
    return planes.places_bytes() + rows_bytes() + sums_bytes() + words * kWordBytes +
           halves * kHalfBytes;
  }

  // The first channel of x and of y that a job works on.
  struct Place {
    int64_t group, channel, row;
  };
  Place place_of(int64_t job) const {
    return {job / row_tiles / channel_tiles, job / row_tiles % channel_tiles * tiles::kRows,
            job % row_tiles * tiles::kColumns};
  }
  int64_t unit_end() const { return min(first_unit + unit_block, planes.units); }
  void list_rows() const;
  void pack_x(int64_t group, int64_t channel) const;
  void pack_y(int64_t group, int64_t first_row);
  void run_job(int64_t job, int64_t part) const;
  void store_job(int64_t job) const;
};

void WeightGradient::list_rows() const {
  for (int64_t plane = 0; plane < planes.count; ++plane)
    planes.list_rows(first_unit, unit_end(), plane, rows(plane));
}

// A plane of a channel. Zeros are written in whole vectors, before what follows them.
template <int kStep>
void pack_channel(const uint16_t* x, const PlaneRow* rows, int64_t count, const PlaneDim& d,
                  uint16_t* out) {
  for (const PlaneRow* row = rows; row < rows + count; ++row) {
    uint16_t* const to = out + row->position;
    fill_zero(to, 0, row->begin);
    for (int64_t v = row->begin; v < row->end; v += kLines)
      store_halves(to + v, kLines, narrow(inputs_at<kStep>(x, *row, v, d.d.step)));
    fill_zero(to, row->end, d.pitch);
  }
}

void WeightGradient::pack_x(int64_t group, int64_t channel) const {
  const uint16_t* const x =
      static_cast<const uint16_t*>(a.x) + (group * a.channels + channel) * a.xs[1];
  uint16_t* out = plane_of(group, channel);
  const int64_t units = unit_end() - first_unit;
  for (int64_t plane = 0; plane < planes.count; ++plane, out += plane_items()) {
    fill_zero(out, 0, before());
    with_step(planes.dims[2].d.step, [&](auto step) {
      pack_channel<step()>(x, rows(plane), planes.rows(units), planes.dims[2], out + before());
    });
    // What follows, and inputs between rows, meet zeros of y: an infinite one gives NaN to taps
    // that it is no part of.
    fill_zero(out, before() + units * planes.unit_positions, plane_items() - kStepPositions);
  }
}

// kLines rows of y, as rows first.
void WeightGradient::pack_y(int64_t group, int64_t first_row) {
  const int64_t slot = slots.take(), rows = clamp(a.rows - first_row, 0, kLines);
  uint16_t* const lines = slot_at(slot);
  fill_zero(lines, 0, kLines * positions());
  const uint16_t* const y =
      static_cast<const uint16_t*>(a.y) + (group * a.rows + first_row) * a.ys[1];
  for (OutputRows out(planes, first_unit, unit_end()); !out.done(); out.next())
    for (int64_t i = 0; i < rows; ++i)
      __builtin_memcpy(lines + i * positions() + out.row().position, y + i * a.ys[1] + out.row().y,
                       out.row().count * kHalfBytes);
  uint32_t* const to = panel(group, first_row / tiles::kColumns) + first_row % tiles::kColumns;
  for (int64_t p = 0; p < positions(); p += kStepPositions)
    tiles::pack_columns(lines + p, positions(), kLines, kStepPositions,
                        to + p / 2 * tiles::kColumns);
  slots.give_back(slot);
}

// Some of the taps of a tile of channels of x and one of y.
void WeightGradient::run_job(int64_t job, int64_t part) const {
  const Place at = place_of(job);
  const uint16_t* const x = plane_of(at.group, at.channel) + before();
  const int64_t tap_begin = planes.taps * part / tap_parts,
                tap_end = planes.taps * (part + 1) / tap_parts;
  const int64_t all_steps = positions() / kStepPositions;
  const tiles::Scope scope;
  for (int64_t step = 0; step < all_steps; step += kVisitSteps)
    for (int64_t t = tap_begin; t < tap_end; ++t) {
      const tiles::InPlace operands{
          x + step * kStepPositions + places()[t], x_row() * kHalfBytes,
          panel(at.group, at.row / tiles::kColumns) + step * tiles::kPairs * tiles::kColumns,
          min(kVisitSteps, all_steps - step)};
      tiles::multiply(a.channels - at.channel, operands, first_unit == 0 && step == 0,
                      sums(job, t));
    }
}

// Rounds a job's sums and stores them as w lies: of a row the channels and their taps follow one
// another.
void WeightGradient::store_job(int64_t job) const {
  const Place at = place_of(job);
  const int64_t items = min(a.channels - at.channel, tiles::kRows) * planes.taps;
  for (int64_t first = 0; first < tiles::kColumns; first += kLines) {
    const int64_t row = at.row + first, rows = clamp(a.rows - row, 0, kLines);
    uint16_t* const to = static_cast<uint16_t*>(a.w) +
                         ((at.group * a.rows + row) * a.channels + at.channel) * planes.taps;
    for (int64_t k = 0; k < items && rows > 0; k += kLines) {
      Vec<float> square[kLines] = {};
      for (int64_t i = k; i < min(k + kLines, items); ++i)
        square[i - k] =
            load(sums(job, i % planes.taps) + i / planes.taps * tiles::kColumns + first);
      transpose<float>(square);
      for (int64_t i = 0; i < rows; ++i)
        store_halves(to + i * a.channels * planes.taps + k, items - k, round_to_halves(square[i]));
    }
  }
}

void weight_gradient(const ConvArgs& a) {
  if (a.rows <= 0 || a.groups <= 0) return;
  WeightGradient work(a);
  if (outputs_of(a) <= 0) {
    const int64_t items = a.groups * a.rows * a.channels * work.planes.taps;
    __builtin_memset(a.w, 0, items * kHalfBytes);
    return;
  }
  work.planes.find_taps(work.plane_items(), work.places());
  for (; work.first_unit < work.planes.units; work.first_unit += work.unit_block) {
    work.list_rows();
    parallel_for(
        a.groups * (a.channels + work.row_tiles * 2), 1,
        [](void* ctx, int64_t begin, int64_t end) {
          WeightGradient& work = *static_cast<WeightGradient*>(ctx);
          const int64_t channels = work.a.groups * work.a.channels, lines = work.row_tiles * 2;
          for (int64_t i = begin; i < end; ++i)
            i < channels ? work.pack_x(i / work.a.channels, i % work.a.channels)
                         : work.pack_y((i - channels) / lines, (i - channels) % lines * kLines);
        },
        &work);
    parallel_for(
        work.jobs() * work.tap_parts, 1,
        [](void* ctx, int64_t begin, int64_t end) {
          const WeightGradient& work = *static_cast<WeightGradient*>(ctx);
          for (int64_t i = begin; i < end; ++i)
            work.run_job(i / work.tap_parts, i % work.tap_parts);
        },
        &work);
  }
  parallel_for(
      work.jobs(), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) static_cast<WeightGradient*>(ctx)->store_job(i);
      },
      &work);
}

int64_t weight_scratch(const ConvArgs& a) {
  if (a.rows <= 0 || outputs_of(a) <= 0) return 0;
  return WeightGradient(a).bytes();
}

}  // namespace
}  // namespace cresset
