// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/gemm_tile.h"
#include "kernels/simd_transpose.h"

// How the matrix product lays out what a tile reads.
namespace cresset {
namespace {

constexpr int64_t kPackAhead = 16;  // rows, which may lie on pages of their own

// A panel of B: `columns` columns of `steps` rows, row by row, filled up to kTileColumns with
// zeros.
template <class T>
void pack_rows(const T* b, int64_t ldb, int64_t steps, int64_t columns, T* out) {
  constexpr int64_t kC = kTileColumns<T>, kL = kLanes<T>;
  for (int64_t p = 0; p < steps; ++p, b += ldb, out += kC)
    for (int64_t j = 0; j < kC; j += kL) {
      __builtin_prefetch(b + kPackAhead * ldb + j);
      store(out + j, j < columns ? load_first(b + j, columns - j, T(0)) : Vec<T>{});
    }
}

// The same where B is stored transposed: a square of lanes at a time.
template <class T, int64_t kC = kTileColumns<T>>
void pack_columns(const T* b, int64_t ldb, int64_t steps, int64_t columns, T* out) {
  constexpr int kL = kLanes<T>;
  for (int64_t j = 0; j < kC; j += kL) {
    int64_t p = 0;
    for (; p + kL <= steps; p += kL) {
      Vec<T> square[kL];
      for (int l = 0; l < kL; ++l)
        square[l] = j + l < columns ? load(b + (j + l) * ldb + p) : Vec<T>{};
      transpose<T>(square);
      for (int l = 0; l < kL; ++l) store(out + (p + l) * kC + j, square[l]);
    }
    for (; p < steps; ++p)
      for (int64_t l = j; l < j + kL; ++l) out[p * kC + l] = l < columns ? b[l * ldb + p] : T(0);
  }
}

// One tile's rows of A over `steps` steps, step by step. `whole`: kCopyColumn rows may be read
// where A is stored transposed; a fixed size is a few moves.
template <class T>
void copy_a(const T* a, int64_t lda, bool ta, int64_t rows, bool whole, int64_t steps, T* out) {
  if (!ta) {
    pack_columns<T, kCopyColumn>(a, lda, steps, rows, out);
  } else if (whole) {
    for (int64_t p = 0; p < steps; ++p)
      __builtin_memcpy(out + p * kCopyColumn, a + p * lda, kCopyColumn * sizeof(T));
  } else {
    for (int64_t p = 0; p < steps; ++p)
      for (int64_t i = 0; i < rows; ++i) out[p * kCopyColumn + i] = a[p * lda + i];
  }
}

// Part `part` of `parts` of the `next` rows that follow a tile's, which their copy would otherwise
// wait for page by page, dealt out to the tile's `rows`. Of rows that are stored as columns the
// last one is fetched: the first lies in the line of the tile's own last one, or in this.
template <class T>
Fetch<T> fetch_part(const T* a, int64_t lda, bool ta, int64_t next, int64_t steps, int64_t rows,
                    int64_t part, int64_t parts) {
  constexpr int64_t kLine = 64 / sizeof(T);
  if (!ta) {
    const int64_t lines = (steps + kLine - 1) / kLine;
    const int64_t begin = lines * part / parts, end = lines * (part + 1) / parts;
    return {a + begin * kLine, lda, kLine, end - begin};
  }
  const int64_t begin = steps * part / parts, end = steps * (part + 1) / parts;
  const int64_t count = (end - begin + rows - 1) / rows;
  return {a + begin * lda + next - 1, count * lda, lda, count};
}

}  // namespace
}  // namespace cresset
