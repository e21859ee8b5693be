// SPDX-License-Identifier: MIT
#pragma once
#include <type_traits>

#include "kernels/counts.h"
#include "kernels/simd_transpose.h"
#include "kernels/table.h"

// Images laid out so that what a tap reads, for consecutive output positions, lies together. Inputs
// that a stride keeps apart go into planes of their own. In a plane rows follow one another with
// as many zeros between them as the taps reach over an end, which serve the end of one row and the
// beginning of the next; so do planes of rows. A tap then is a plane and a distance. Outputs are
// computed for the positions between rows as well, where nobody wants them.
namespace cresset {
namespace {

constexpr int64_t kLines = kLanes<float>;  // rows that are transposed together
constexpr int64_t kMaxPhases = 16;         // of a dimension
constexpr int64_t kUnitBytes = 1 << 20;    // larger samples are cut
constexpr int64_t kWordBytes = sizeof(uint32_t), kHalfBytes = sizeof(uint16_t);

SIMD_INLINE int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -ceil_div(-a, b); }
// A stride that does not put rows into the same sets of a cache.
SIMD_INLINE int64_t odd_lines(int64_t bytes) { return (ceil_div(bytes, 64) | 1) * 64; }

inline int64_t outputs_of(const ConvArgs& a) {
  return a.samples * a.dims[0].out * a.dims[1].out * a.dims[2].out;
}

// Output j meets, by tap t, input (j + shift(t)) * step + phase(t).
struct PlaneDim {
  const ConvDim& d;
  int64_t phases = 0, phase_of[kMaxPhases];  // more than kMaxPhases are counted, not kept
  int64_t low = 0, high = 0;                 // the shifts
  int64_t out;                               // of a unit
  int64_t first = 0;                         // shift of what lies at position 0 of output 0
  int64_t filled = 0, pitch = 1;             // positions with inputs; to the next row

  explicit PlaneDim(const ConvDim& d) : d(d), out(d.out) {
    for (int64_t t = 0; t < d.taps; ++t) {
      low = t == 0 ? shift(t) : min(low, shift(t));
      high = t == 0 ? shift(t) : max(high, shift(t));
      if (phases > kMaxPhases || index(phase(t)) < phases) continue;
      if (phases < kMaxPhases) phase_of[phases] = phase(t);
      ++phases;
    }
  }
  int64_t shift(int64_t t) const { return floor_div(d.offset[t], d.step); }
  int64_t phase(int64_t t) const { return d.offset[t] - shift(t) * d.step; }
  int64_t index(int64_t phase) const {
    int64_t i = 0;
    while (i < min(phases, kMaxPhases) && phase_of[i] != phase) ++i;
    return i;
  }
  // All outputs: zeros follow the inputs.
  void take_all() {
    const int64_t in = ceil_div(d.in, d.step);
    first = max(low, 0);
    filled = max(min(in, out + high) - first, 0);
    pitch = max(max(filled + max(max(-low, out + high - in), 0), out), 1);
  }
  // Some of the outputs: zeros lie where there are no inputs.
  void take_slice(int64_t outputs) {
    out = outputs;
    first = low;
    filled = pitch = out + high - low;
  }
};

// Positions along a row, [begin, end), that hold inputs; where in x position 0's would lie, of
// phase `phase`; how many inputs there are from phase 0 of position 0 on.
struct PlaneRow {
  int64_t position, begin, end, source, phase, left;
};
// Outputs of a row: their position, number and place in y.
struct OutputRow {
  int64_t position, count, y;
};

// A unit is a sample or, where that is large, a slice of its outputs.
struct Planes {
  const ConvArgs& a;
  PlaneDim dims[3];
  int64_t taps, count;  // of planes
  int cut = 0;          // the dimension that slices cut
  int64_t slices = 1, units;
  int64_t unit_positions, before, after;  // what taps reach over either end

  // bytes_of(planes): of one position in all planes.
  template <class F>
  Planes(const ConvArgs& a, F bytes_of)
      : a(a), dims{PlaneDim(a.dims[0]), PlaneDim(a.dims[1]), PlaneDim(a.dims[2])} {
    taps = a.dims[0].taps * a.dims[1].taps * a.dims[2].taps;
    count = dims[0].phases * dims[1].phases * dims[2].phases;
    for (PlaneDim& d : dims) d.take_all();
    while (cut < 2 && a.dims[cut].out == 1) ++cut;
    const int64_t parts = ceil_div(positions() * bytes_of(count), kUnitBytes);
    if (parts > 1) dims[cut].take_slice(ceil_div(a.dims[cut].out, parts));
    slices = ceil_div(a.dims[cut].out, max(dims[cut].out, 1));
    units = a.samples * slices;
    unit_positions = positions();
    before = max(-place(dims[0].low, dims[1].low, dims[2].low), 0);
    after = max(place(dims[0].high, dims[1].high, dims[2].high), 0);
  }
  int64_t positions() const { return dims[0].pitch * dims[1].pitch * dims[2].pitch; }
  int64_t place(int64_t i0, int64_t i1, int64_t i2) const {
    return ((i0 - dims[0].first) * dims[1].pitch + i1 - dims[1].first) * dims[2].pitch + i2 -
           dims[2].first;
  }
  int64_t places_bytes() const {
    return round_up(taps * static_cast<int64_t>(sizeof(int64_t)), 64);
  }
  // Where each tap finds the input of position 0, in planes of so many items.
  void find_taps(int64_t plane_items, int64_t* places) const {
    for (int64_t t = 0; t < taps; ++t) {
      const int64_t t2 = t % a.dims[2].taps, t1 = t / a.dims[2].taps % a.dims[1].taps,
                    t0 = t / a.dims[2].taps / a.dims[1].taps;
      const int64_t plane =
          (dims[0].index(dims[0].phase(t0)) * dims[1].phases + dims[1].index(dims[1].phase(t1))) *
              dims[2].phases +
          dims[2].index(dims[2].phase(t2));
      places[t] =
          plane * plane_items + place(dims[0].shift(t0), dims[1].shift(t1), dims[2].shift(t2));
    }
  }

  int64_t sample(int64_t unit) const { return unit / slices; }
  int64_t first_output(int64_t unit) const { return unit % slices * dims[cut].out; }

  // The rows of a plane of some units, all of them and in order.
  int64_t rows(int64_t units) const { return units * dims[0].pitch * dims[1].pitch; }
  void list_rows(int64_t first_unit, int64_t end, int64_t plane, PlaneRow* out) const {
    for (int64_t unit = first_unit; unit < end; ++unit)
      list_unit(unit, plane, (unit - first_unit) * unit_positions, out + rows(unit - first_unit));
  }

 private:
  void list_unit(int64_t unit, int64_t plane, int64_t position, PlaneRow* out) const {
    int64_t phase[3], first[3], begin[3], end[3];
    for (int i = 2; i >= 0; --i) {
      const PlaneDim& d = dims[i];
      phase[i] = d.phase_of[plane % d.phases];
      plane /= d.phases;
      first[i] = d.first + (i == cut ? first_output(unit) : 0);
      const int64_t in = ceil_div(max(d.d.in - phase[i], 0), d.d.step);
      begin[i] = clamp(-first[i], 0, d.filled);
      end[i] = clamp(in - first[i], begin[i], d.filled);
    }
    const auto at = [&](int i, int64_t v) {
      return ((first[i] + v) * dims[i].d.step + phase[i]) * a.xs[2 + i];
    };
    const int64_t start = sample(unit) * a.xs[0] + at(2, 0),
                  left = dims[2].d.in - first[2] * dims[2].d.step;
    for (int64_t v0 = 0; v0 < dims[0].pitch; ++v0)
      for (int64_t v1 = 0; v1 < dims[1].pitch; ++v1, position += dims[2].pitch) {
        const bool there = v0 >= begin[0] && v0 < end[0] && v1 >= begin[1] && v1 < end[1];
        *out++ = {.position = position,
                  .begin = there ? begin[2] : 0,
                  .end = there ? end[2] : 0,
                  .source = start + at(0, v0) + at(1, v1),
                  .phase = phase[2],
                  .left = left};
      }
  }
};

// Strides of their own instructions; kAnyStep: the given one.
constexpr int kAnyStep = 0;
// Calls f with one of them as a constant.
template <class F>
SIMD_INLINE void with_step(int64_t step, F f) {
  if (step == 1) return f(std::integral_constant<int, 1>());
  if (step == 2) return f(std::integral_constant<int, 2>());
  f(std::integral_constant<int, kAnyStep>());
}
// kLines inputs of a row from position v on.
template <int kStep>
SIMD_INLINE Vec<uint32_t> inputs_at(const uint16_t* x, const PlaneRow& row, int64_t v,
                                    int64_t step) {
  if constexpr (kStep == 1) {
    return widen(load_halves(x + row.source + v, row.end - v));
  } else if constexpr (kStep == 2) {  // both phases are loaded, from the first one on
    const Vec<uint32_t> both =
        load_halves_wide(x + row.source + v * 2 - row.phase, row.left - v * 2);
    return row.phase == 0 ? both & 0xffff : both >> 16;
  } else {
    alignas(64) uint32_t words[kLines] = {};
    for (int64_t i = 0; i < min(kLines, row.end - v); ++i)
      words[i] = x[row.source + (v + i) * step];
    return load(words);
  }
}

// Whole vectors.
template <class T>
void fill_zero(T* out, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i += kLanes<T>) store(out + i, Vec<T>{});
}

// Goes through the rows of outputs of consecutive units.
class OutputRows {
 public:
  OutputRows(const Planes& planes, int64_t first_unit, int64_t end)
      : planes_(planes), first_(first_unit), unit_(first_unit), end_(end) {
    enter_unit();
  }
  bool done() const { return unit_ >= end_; }
  const OutputRow& row() const { return row_; }
  void next() {
    if (++j1_ < out_[1]) return find();
    j1_ = 0;
    if (++j0_ < out_[0]) return find();
    j0_ = 0;
    ++unit_;
    enter_unit();
  }

 private:
  void enter_unit() {
    if (done()) return;
    start_ = planes_.first_output(unit_);
    for (int i = 0; i < 3; ++i) out_[i] = planes_.dims[i].out;
    out_[planes_.cut] = min(out_[planes_.cut], planes_.a.dims[planes_.cut].out - start_);
    find();
  }
  void find() {
    const int64_t* ys = planes_.a.ys;
    const PlaneDim(&d)[3] = planes_.dims;
    row_.position =
        (unit_ - first_) * planes_.unit_positions + (j0_ * d[1].pitch + j1_) * d[2].pitch;
    row_.count = out_[2];
    row_.y =
        planes_.sample(unit_) * ys[0] + start_ * ys[2 + planes_.cut] + j0_ * ys[2] + j1_ * ys[3];
  }

  const Planes& planes_;
  const int64_t first_;
  int64_t unit_, end_, j0_ = 0, j1_ = 0, start_ = 0, out_[3] = {};
  OutputRow row_{};
};

}  // namespace
}  // namespace cresset
