// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/counts.h"
#include "kernels/gemm_tile.h"
#include "kernels/simd_steps.h"
#include "kernels/simd_transpose.h"
#include "kernels/table.h"

// What the taps of a convolution read, for a range of output positions. Positions count through
// samples and the three dimensions; a run is a piece of one output row whose inputs exist.
namespace cresset {
namespace {

inline int64_t taps_of(const ConvArgs& a) {
  return a.dims[0].taps * a.dims[1].taps * a.dims[2].taps;
}
inline int64_t positions_of(const ConvArgs& a) {
  return a.dims[0].out * a.dims[1].out * a.dims[2].out;
}

// A piece of a vector of positions: lanes [from, to) lie at source + lane * stride.
struct Piece {
  int64_t source;  // from the channel's first element
  int16_t vector, from, to;
  int16_t last;  // of its vector
};
// The pieces of tap t are pieces[first[t]] ... pieces[first[t + 1] - 1], at least one a vector.
struct PieceTable {
  int64_t vectors;
  int32_t* first;
  Piece* pieces;
};

// Pieces that `count` positions may fall into: a cut at each vector's and each output row's end.
inline int64_t pieces_of(const ConvArgs& a, int64_t count, int64_t lanes) {
  return count / lanes + 1 + min(count, count / a.dims[2].out + 2);
}
inline int64_t table_bytes(const ConvArgs& a, int64_t count, int64_t lanes) {
  const int64_t taps = taps_of(a), pieces = taps * pieces_of(a, count, lanes);
  return (pieces * int64_t(sizeof(Piece)) + (taps + 1) * int64_t(sizeof(int32_t)) + 63) & -64;
}
inline PieceTable table_in(void* memory, const ConvArgs& a, int64_t count, int64_t lanes) {
  Piece* pieces = static_cast<Piece*>(memory);
  return {0, reinterpret_cast<int32_t*>(pieces + taps_of(a) * pieces_of(a, count, lanes)), pieces};
}

// Cuts a run of inputs, positions [at, end) from `source` on, at the ends of vectors. `next` is the
// first vector without a piece; those passed over get one without lanes.
struct Cutter {
  Piece* out;
  const int64_t lanes, stride;  // lanes: a power of two
  int64_t next = 0;

  void skip_to(int64_t vector) {
    for (; next < vector; ++next) *out++ = {0, static_cast<int16_t>(next), 0, 0, 1};
  }
  void add(int64_t at, int64_t end, int64_t source) {
    while (at < end) {
      const int64_t start = at & -lanes, vector = start >> __builtin_ctzll(lanes);
      const int64_t stop = min(end, start + lanes);
      skip_to(vector);
      if (next > vector) out[-1].last = 0;
      next = vector + 1;
      *out++ = {source - (at - start) * stride, static_cast<int16_t>(vector),
                static_cast<int16_t>(at - start), static_cast<int16_t>(stop - start), 1};
      source += (stop - at) * stride;
      at = stop;
    }
  }
};

// A piece of one output row: positions [at, at + length), and where a tap without offset meets x.
struct RowPiece {
  int64_t at, length, sample, i0, i1, i2;
};
inline int64_t find_rows(const ConvArgs& a, int64_t q, int64_t count, RowPiece* rows) {
  const ConvDim* d = a.dims;
  int64_t found = 0, at = 0, j2 = q % d[2].out, row = q / d[2].out;
  int64_t j1 = row % d[1].out, j0 = row / d[1].out % d[0].out, sample = row / d[1].out / d[0].out;
  while (at < count) {
    const int64_t length = min(d[2].out - j2, count - at);
    rows[found++] = {at, length, sample * a.xs[0], j0 * d[0].step, j1 * d[1].step, j2 * d[2].step};
    at += length;
    j2 = 0;
    if (++j1 < d[1].out) continue;
    j1 = 0;
    if (++j0 < d[0].out) continue;
    j0 = 0;
    ++sample;
  }
  return found;
}

// What the tap at `offset` reads of a piece of a row.
SIMD_INLINE void find_run(const ConvArgs& a, const int64_t (&offset)[3], const RowPiece& row,
                          Cutter* cutter) {
  const int64_t i0 = row.i0 + offset[0], i1 = row.i1 + offset[1], i2 = row.i2 + offset[2];
  if (i0 < 0 || i0 >= a.dims[0].in || i1 < 0 || i1 >= a.dims[1].in) return;
  const int64_t step = a.dims[2].step, in = a.dims[2].in;
  int64_t low = 0, high = row.length;
  if (i2 < 0) low = step == 1 ? -i2 : ceil_div(-i2, step);
  if (i2 + (row.length - 1) * step >= in)
    high = i2 >= in ? 0 : step == 1 ? in - i2 : (in - 1 - i2) / step + 1;
  if (low < high)
    cutter->add(row.at + low, row.at + high,
                row.sample + i0 * a.xs[2] + i1 * a.xs[3] + (i2 + low * step) * a.xs[4]);
}

inline void fill_table(const ConvArgs& a, int64_t q, int64_t count, int64_t lanes,
                       PieceTable* table) {
  RowPiece rows[kBlockK];
  const int64_t row_count = find_rows(a, q, count, rows);
  table->vectors = ceil_div(count, lanes);
  Cutter cutter{table->pieces, lanes, a.dims[2].step * a.xs[4]};
  int64_t tap = 0;
  for (int64_t t0 = 0; t0 < a.dims[0].taps; ++t0)
    for (int64_t t1 = 0; t1 < a.dims[1].taps; ++t1)
      for (int64_t t2 = 0; t2 < a.dims[2].taps; ++t2) {
        const int64_t offset[3] = {a.dims[0].offset[t0], a.dims[1].offset[t1],
                                   a.dims[2].offset[t2]};
        table->first[tap++] = static_cast<int32_t>(cutter.out - table->pieces);
        cutter.next = 0;
        for (int64_t r = 0; r < row_count; ++r) find_run(a, offset, rows[r], &cutter);
        cutter.skip_to(table->vectors);
      }
  table->first[tap] = static_cast<int32_t>(cutter.out - table->pieces);
}

template <class T>
SIMD_INLINE Vec<T> load_piece(const T* x, const Piece& piece, int64_t stride, Vec<T> rest) {
  if (stride == 1) return load_between(x + piece.source, piece.from, piece.to, rest);
  if (stride == 2) return load_every_other(x + piece.source, piece.from, piece.to, rest);
  T lanes[kLanes<T>];
  store(lanes, rest);
  for (int i = piece.from; i < piece.to; ++i) lanes[i] = x[piece.source + i * stride];
  return load(lanes);
}

// What tap t reads of the channel at x, zeros included, in whole vectors.
template <class T>
SIMD_INLINE void copy_tap(const PieceTable& table, int64_t t, const T* x, int64_t stride, T* to) {
  const Piece* const end = table.pieces + table.first[t + 1];
  for (const Piece* piece = table.pieces + table.first[t]; piece < end; ++piece) {
    Vec<T> v = load_piece(x, *piece, stride, Vec<T>{});
    for (; !piece->last; ++piece) v = load_piece(x, piece[1], stride, v);
    store(to + piece->vector * kLanes<T>, v);
  }
}

// The same of several channels, x_step apart, to rows to_step apart.
template <class T>
struct ChannelRows {
  const T* x;
  int64_t x_step, channels;
  T* to;
  int64_t to_step;
};

// Two vectors of kFirst and kSecond pieces. The pieces are copied, as what is stored might change
// them otherwise: so their masks stay in registers.
template <class T, int kStride, int kFirst, int kSecond>
void copy_pieces(const Piece* pieces, const ChannelRows<T>& rows) {
  const ChannelRows<T> r = rows;
  int64_t source[kFirst + kSecond];
  int from[kFirst + kSecond], to[kFirst + kSecond];
  for (int i = 0; i < kFirst + kSecond; ++i) {
    source[i] = pieces[i].source;
    from[i] = pieces[i].from;
    to[i] = pieces[i].to;
  }
  const T* x = r.x;
  T* out = r.to;
  for (int64_t c = 0; c < r.channels; ++c, x += r.x_step, out += r.to_step) {
    Vec<T> v[2] = {};
    for (int i = 0; i < kFirst + kSecond; ++i) {
      Vec<T>& half = v[i >= kFirst];
      half = kStride == 1 ? load_between(x + source[i], from[i], to[i], half)
                          : load_every_other(x + source[i], from[i], to[i], half);
    }
    store(out, v[0]);
    store(out + kLanes<T>, v[1]);
  }
}
constexpr int kMostPieces = 4;
template <class T, int kStride, int kFirst = kMostPieces, int kSecond = kMostPieces>
SIMD_INLINE bool copy_by_count(int first, int second, const Piece* pieces,
                               const ChannelRows<T>& rows) {
  if constexpr (kFirst == 0 || kSecond == 0) {
    return false;
  } else if (first != kFirst) {
    return copy_by_count<T, kStride, kFirst - 1, kSecond>(first, second, pieces, rows);
  } else if (second != kSecond) {
    return copy_by_count<T, kStride, kFirst, kSecond - 1>(first, second, pieces, rows);
  } else {
    copy_pieces<T, kStride, kFirst, kSecond>(pieces, rows);
    return true;
  }
}

template <class T>
void copy_tap_of_channels(const PieceTable& table, int64_t t, int64_t stride,
                          const ChannelRows<T>& rows) {
  const Piece* pieces = table.pieces + table.first[t];
  const int count = table.first[t + 1] - table.first[t];
  if (stride <= 2 && table.vectors == 2) {
    int first = 1;
    while (!pieces[first - 1].last) ++first;
    if (stride == 1 && copy_by_count<T, 1>(first, count - first, pieces, rows)) return;
    if (stride == 2 && copy_by_count<T, 2>(first, count - first, pieces, rows)) return;
  }
  for (int64_t c = 0; c < rows.channels; ++c)
    copy_tap(table, t, rows.x + c * rows.x_step, stride, rows.to + c * rows.to_step);
}

// Where each position's input lies for tap t, -1 where there is none.
inline void find_sources(const PieceTable& table, int64_t t, int64_t stride, int64_t lanes,
                         int64_t* sources) {
  for (int32_t r = table.first[t]; r < table.first[t + 1]; ++r) {
    const Piece& piece = table.pieces[r];
    int64_t* to = sources + piece.vector * lanes;
    if (r == table.first[t] || table.pieces[r - 1].last)
      for (int i = 0; i < lanes; ++i) to[i] = -1;
    for (int i = piece.from; i < piece.to; ++i) to[i] = piece.source + i * stride;
  }
}

}  // namespace
}  // namespace cresset
