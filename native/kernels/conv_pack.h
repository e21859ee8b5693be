// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/gemm_tile.h"
#include "kernels/simd_transpose.h"
#include "kernels/table.h"

// What the taps of a convolution read, for a range of output positions. Positions count through
// samples and the three dimensions; a run is a piece of one output row whose inputs exist.
namespace cresset {
namespace {

SIMD_INLINE int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
SIMD_INLINE int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
SIMD_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

inline int64_t taps_of(const ConvArgs& a) {
  return a.dims[0].taps * a.dims[1].taps * a.dims[2].taps;
}
inline int64_t positions_of(const ConvArgs& a) {
  return a.dims[0].out * a.dims[1].out * a.dims[2].out;
}

struct Run {
  int32_t at, length;  // among the positions
  int64_t source;      // from the first channel's origin
};
// The runs of tap t are runs[first[t]] ... runs[first[t + 1] - 1]; a whole tap has no zeros.
struct RunTable {
  int64_t count;  // positions
  int32_t* first;
  bool* whole;
  Run* runs;
};

// Output rows that `count` positions may touch.
inline int64_t rows_touched(const ConvArgs& a, int64_t count) {
  return min(count, count / a.dims[2].out + 2);
}
inline int64_t table_bytes(const ConvArgs& a, int64_t count) {
  const int64_t taps = taps_of(a), runs = taps * rows_touched(a, count);
  return (runs * int64_t(sizeof(Run)) + (taps + 1) * int64_t(sizeof(int32_t)) + taps + 63) & -64;
}
inline RunTable table_in(void* memory, const ConvArgs& a, int64_t count) {
  RunTable table;
  table.count = 0;
  table.runs = static_cast<Run*>(memory);
  table.first = reinterpret_cast<int32_t*>(table.runs + taps_of(a) * rows_touched(a, count));
  table.whole = reinterpret_cast<bool*>(table.first + taps_of(a) + 1);
  return table;
}

// The part of outputs [j, j + length) whose input at `offset` lies in the dimension.
SIMD_INLINE void clip(const ConvDim& dim, int64_t offset, int64_t j, int64_t length, int64_t* low,
                      int64_t* high) {
  const int64_t start = j * dim.step + offset;
  *low = start < 0 ? ceil_div(-start, dim.step) : 0;
  *high = start >= dim.in ? 0 : min(length, (dim.in - 1 - start) / dim.step + 1);
}

// A tap's runs among positions [q, q + count).
inline int64_t find_runs(const ConvArgs& a, const int64_t (&offset)[3], int64_t q, int64_t count,
                         Run* runs) {
  int64_t at = 0, found = 0;
  int64_t j2 = q % a.dims[2].out, row = q / a.dims[2].out;
  while (at < count) {
    const int64_t j1 = row % a.dims[1].out, j0 = row / a.dims[1].out % a.dims[0].out;
    const int64_t sample = row / a.dims[1].out / a.dims[0].out;
    const int64_t length = min(a.dims[2].out - j2, count - at);
    const int64_t i0 = j0 * a.dims[0].step + offset[0], i1 = j1 * a.dims[1].step + offset[1];
    if (i0 >= 0 && i0 < a.dims[0].in && i1 >= 0 && i1 < a.dims[1].in) {
      int64_t low, high;
      clip(a.dims[2], offset[2], j2, length, &low, &high);
      if (low < high)
        runs[found++] = {static_cast<int32_t>(at + low), static_cast<int32_t>(high - low),
                         sample * a.xs[0] + i0 * a.xs[2] + i1 * a.xs[3] +
                             ((j2 + low) * a.dims[2].step + offset[2]) * a.xs[4]};
    }
    at += length;
    j2 = 0;
    ++row;
  }
  return found;
}

inline void fill_table(const ConvArgs& a, int64_t q, int64_t count, RunTable* table) {
  table->count = count;
  int64_t tap = 0, end = 0;
  for (int64_t t0 = 0; t0 < a.dims[0].taps; ++t0)
    for (int64_t t1 = 0; t1 < a.dims[1].taps; ++t1)
      for (int64_t t2 = 0; t2 < a.dims[2].taps; ++t2, ++tap) {
        const int64_t offset[3] = {a.dims[0].offset[t0], a.dims[1].offset[t1],
                                   a.dims[2].offset[t2]};
        table->first[tap] = static_cast<int32_t>(end);
        const int64_t found = find_runs(a, offset, q, count, table->runs + end);
        int64_t covered = 0;
        for (int64_t i = end; i < end + found; ++i) covered += table->runs[i].length;
        table->whole[tap] = covered == count;
        end += found;
      }
  table->first[tap] = static_cast<int32_t>(end);
}

template <class T>
SIMD_INLINE void copy_run(T* to, const T* from, int64_t n, int64_t stride) {
  constexpr int64_t kL = kLanes<T>;
  if (stride == 1) {
    for (int64_t i = 0; i < n; i += kL) store_first(to + i, n - i, load_first(from + i, n - i));
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * stride];
  }
}

// What tap t reads of the channel at x, zeros included; `room` positions are written.
template <class T>
SIMD_INLINE void copy_tap(const RunTable& table, int64_t t, const T* x, int64_t stride,
                          int64_t room, T* to) {
  if (!table.whole[t] || table.count < room)
    for (int64_t i = 0; i < room; i += kLanes<T>) store_first(to + i, room - i, Vec<T>{});
  for (int32_t r = table.first[t]; r < table.first[t + 1]; ++r) {
    const Run& run = table.runs[r];
    copy_run(to + run.at, x + run.source, run.length, stride);
  }
}

// Where each position's input lies for tap t, -1 where there is none.
inline void find_sources(const RunTable& table, int64_t t, int64_t stride, int64_t room,
                         int64_t* sources) {
  for (int64_t i = 0; i < room; ++i) sources[i] = -1;
  for (int32_t r = table.first[t]; r < table.first[t + 1]; ++r) {
    const Run& run = table.runs[r];
    for (int32_t i = 0; i < run.length; ++i) sources[run.at + i] = run.source + i * stride;
  }
}

}  // namespace
}  // namespace cresset
