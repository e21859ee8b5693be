// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"

// The small matrix products of attention: one block of kBlockRows queries and keys, the right sides
// packed into panels. Where the block lies on the diagonal of a causal mask, what the mask makes
// zero is left out: adding nothing to a chain of FMAs that begins with 0 keeps its bits.
namespace cresset {
namespace {

constexpr int64_t kBlockRows = 64;
// Row of a block's scores: whole panels fit.
template <class T>
constexpr int64_t kScoreRow = (kBlockRows + kTileColumns<T> - 1) / kTileColumns<T>* kTileColumns<T>;

// Packed matrices of `panels` panels of `steps` rows each, one for each block.
template <class T>
struct Panels {
  T* data;
  int64_t panels, steps;

  int64_t panel_items() const { return steps * kTileColumns<T>; }
  int64_t items() const { return panels * panel_items(); }
  T* at(int64_t block) const { return data + block * items(); }
};

// `rows` rows of `width`, row by row: as the rows of B, or, transposed, as its columns.
template <class T>
void pack_block(const T* x, int64_t row, int64_t rows, int64_t width, bool transposed,
                const Panels<T>& to, int64_t block) {
  constexpr int64_t kC = kTileColumns<T>;
  T* out = to.at(block);
  const int64_t columns = transposed ? rows : width;
  for (int64_t j = 0; j < columns; j += kC, out += to.panel_items()) {
    const int64_t count = columns - j < kC ? columns - j : kC;
    transposed ? pack_columns(x + j * row, row, width, count, out)
               : pack_rows(x + j, row, rows, count, out);
  }
}

// What of a product is wanted: all; C up to its diagonal; or A is zero beyond, or before, its own.
enum class Triangle : uint8_t { kNone, kResult, kLower, kUpper };

// C (rows x columns) = [C +] A B.
template <class T>
struct BlockProduct {
  int64_t rows, columns, steps;
  const T* a;
  int64_t a_row;
  bool transposed;  // A is stored so
  const T* b;       // panels
  int64_t panel_items;
  T* c;
  int64_t c_row;
  bool accumulate;
  Triangle triangle;
};

// A tile that hangs over C's last column works on a copy.
template <class T>
void run_hanging(int rows, int64_t columns, LayoutA layout, Tile<T> t) {
  constexpr int64_t kC = kTileColumns<T>, kL = kLanes<T>;
  alignas(64) T copy[kTileRows * kC];
  T* const c = t.c;
  const int64_t c_row = t.c_row;
  if (!t.from_zero)
    for (int i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; j += kL)
        store(copy + i * kC + j, load_first(c + i * c_row + j, columns - j, T(0)));
  t.c = copy;
  t.c_row = kC;
  columns <= kL ? run_rows<T, 1>(rows, layout, t) : run_rows<T, kTileVectors>(rows, layout, t);
  for (int i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; j += kL)
      store_first(c + i * c_row + j, columns - j, load(copy + i * kC + j));
}

template <class T>
void multiply_block(const BlockProduct<T>& g) {
  constexpr int64_t kC = kTileColumns<T>;
  const LayoutA layout = g.transposed ? LayoutA::kColumns : LayoutA::kRows;
  const int64_t tiles = (g.rows + kTileRows - 1) / kTileRows;
  const auto up_to = [](int64_t a, int64_t b) { return a < b ? a : b; };
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const int64_t i = g.rows * tile / tiles, next = g.rows * (tile + 1) / tiles;
    const bool lower = g.triangle == Triangle::kLower, result = g.triangle == Triangle::kResult;
    const int64_t end = lower ? up_to(g.steps, next) : g.steps;
    const int64_t begin = g.triangle == Triangle::kUpper ? up_to(i, end) : 0;
    const int64_t columns = result ? up_to(g.columns, next) : g.columns;
    Tile<T> t{};
    t.k = end - begin;
    t.a = g.transposed ? g.a + begin * g.a_row + i : g.a + i * g.a_row + begin;
    t.a_row = t.a_step = g.a_row;
    t.b_step = kC;
    t.c_row = g.c_row;
    t.from_zero = !g.accumulate;
    for (int64_t j = 0; j < columns; j += kC) {
      t.b = g.b + j / kC * g.panel_items + begin * kC;
      t.c = g.c + i * g.c_row + j;
      const int rows = static_cast<int>(next - i);
      if (columns - j >= kC)
        run_rows<T, kTileVectors>(rows, layout, t);
      else
        run_hanging(rows, columns - j, layout, t);
    }
  }
}

}  // namespace
}  // namespace cresset
