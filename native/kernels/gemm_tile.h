// SPDX-License-Identifier: MIT
#pragma once
#include "kernels/simd.h"
#include "kernels/table.h"

// The register tile of the matrix product: kTileRows x (kTileVectors vectors) of C stay in
// registers while k runs. Sizes fill the register file: 32 registers with AVX-512 and NEON, 16
// without. Up to kDirectRows rows, or kDirectSteps steps, a B stored by rows is read as it lies: a
// row of a large tile's panel is two lines of the cache and many sums. In a tile's visit of at most
// kBlockK steps what it reads of A stays in L1; B comes from L2, where a large tile is faster than
// the processor's own fetching ahead and asks for it kStepsAhead steps before. A wide B is packed
// by one thread each part, unless a tile's time is too short for copies of A in each thread. Rows
// of A that are read in place may be visited for kLongBlock steps, with which up to kLongPanels
// panels of longer rows do without a copy.
namespace cresset {
namespace {

#if defined(__AVX512F__)
constexpr int kTileRows = 14, kTileVectors = 2;
constexpr int64_t kDirectRows = 96, kDirectSteps = 256;
constexpr int64_t kBlockK = 256, kStepsAhead = 8;
constexpr int64_t kLongBlock = 800, kLongPanels = 6;
constexpr bool kPacksWideOnce = true;
#elif defined(__aarch64__)
constexpr int kTileRows = 8, kTileVectors = 3;
#else
constexpr int kTileRows = 6, kTileVectors = 2;
#endif
#if !defined(__AVX512F__)
constexpr int64_t kDirectRows = 2 * kTileRows, kDirectSteps = 64;
constexpr int64_t kBlockK = 256, kStepsAhead = 0;
constexpr int64_t kLongBlock = kBlockK, kLongPanels = 4;
constexpr bool kPacksWideOnce = false;
#endif
template <class T>
constexpr int kTileColumns = kTileVectors* kLanes<T>;

// What a tile asks for while it computes: for each of its rows `count` lines, `step` items apart,
// from `at` on, a row every kRowSteps steps. All at once they would take the way of what the tile
// itself waits for.
template <class T>
struct Fetch {
  const T* at = nullptr;
  int64_t row = 0, step = 0, count = 0;
};
constexpr int kRowSteps = 4;  // from one row's fetch to the next
// In fewer steps there is no time for the next tile's A and C.
constexpr int64_t kFetchSteps = 2 * kRowSteps * kTileRows + 1;

// C (rows x V vectors) += A B over k steps, then the epilogue. A's element (i, p) lies at
// a[i * a_row + p] or, by columns, at a[p * a_step + i]; B's row p at b + p * b_step.
template <class T>
struct Tile {
  int64_t k;
  const T* a;
  int64_t a_row, a_step;
  const T* b;
  int64_t b_step;
  T* c;
  int64_t c_row;
  bool from_zero;  // C starts from 0 instead of its content
  bool relu;
  const T* bias;      // of these columns, or null
  const T* residual;  // of this tile, with C's rows, or null
  T* packed;          // where a tile that packs leaves its panel of B, row by row
  const T* next_c;    // the next tile's C or null: its stores would otherwise wait for it
  Fetch<T> next_a;    // and its A; of copied layouts
};

template <class T>
SIMD_INLINE Vec<T> relu_of(Vec<T> x) {
  return x < Vec<T>{} ? Vec<T>{} : x;  // keeps NaN, like the op
}

// How A lies: as stored, as stored transposed, or in a copy, row by row or step by step, whose
// addresses are constant offsets.
enum class LayoutA { kRows, kColumns, kCopiedRows, kCopiedColumns };
constexpr int64_t kCopyRow = kBlockK + 16;  // not a power of two, whose rows share cache sets
constexpr int64_t kCopyColumn = (kTileRows + 7) / 8 * 8;  // a step's values lie in one line

// Bias, residual, relu and the store. The loops are unrolled, or the sums would take their way
// through memory.
template <class T, int M, int V>
SIMD_INLINE void finish(Vec<T> (&acc)[M][V], const Tile<T>& t) {
  const T* const bias = t.bias;
  if (bias) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const Vec<T> x = load(bias + v * kLanes<T>);
#pragma GCC unroll 16
      for (int i = 0; i < M; ++i) acc[i][v] = fma(splat(T(1)), acc[i][v], x);  // int64 wraps: no +
    }
  }
  if (t.residual) {
    const T* x = t.residual;
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i, x += t.c_row)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[i][v] = fma(splat(T(1)), acc[i][v], load(x + v * kLanes<T>));
  }
  if (t.relu) {
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[i][v] = relu_of<T>(acc[i][v]);
  }
  T* c = t.c;
  const int64_t c_row = t.c_row;
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i, c += c_row)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store(c + v * kLanes<T>, acc[i][v]);
}

// The same of one vector, whose first `columns` lanes are C's from (i, j) on.
template <class T>
SIMD_INLINE void finish_vector(const GemmArgs& g, int64_t i, int64_t j, int64_t columns, Vec<T> v) {
  const int64_t at = i * g.ldc + j;
  if (g.bias) v = fma(splat(T(1)), v, load_first(static_cast<const T*>(g.bias) + j, columns));
  if (g.residual)
    v = fma(splat(T(1)), v, load_first(static_cast<const T*>(g.residual) + at, columns));
  store_first(static_cast<T*>(g.c) + at, columns, g.relu ? relu_of<T>(v) : v);
}

template <class T, int M, int V, LayoutA kLayout, bool kPacks>
__attribute__((noinline)) void run_tile(const Tile<T>& t) {
  constexpr int kL = kLanes<T>;
  constexpr bool kCopied = kLayout >= LayoutA::kCopiedRows;
  constexpr bool kColumns = kLayout == LayoutA::kColumns || kLayout == LayoutA::kCopiedColumns;
  alignas(kVectorBytes) static constexpr T kZeros[V * kL] = {};
  const T* start = t.from_zero ? kZeros : t.c;
  const int64_t start_row = t.from_zero ? 0 : t.c_row;
  Vec<T> acc[M][V];
  for (int i = 0; i < M; ++i)
    for (int v = 0; v < V; ++v) acc[i][v] = load(start + i * start_row + v * kL);
  const T* a = t.a;
  const T* b = t.b;
  const int64_t a_row = kColumns ? 1 : kCopied ? kCopyRow : t.a_row;
  const int64_t a_step = !kColumns ? 1 : kCopied ? kCopyColumn : t.a_step;
  const int64_t b_step = t.b_step;
  T* packed = t.packed;
  const auto step = [&]() __attribute__((always_inline)) {
    Vec<T> row[V];
    for (int v = 0; v < V; ++v) {
      row[v] = load(b + v * kL);
      if (kStepsAhead > 0) __builtin_prefetch(b + kStepsAhead * b_step + v * kL);
      if (kPacks) {  // and fetches the next panel, whose lines may begin one vector later
        store(packed + v * kL, row[v]);
        __builtin_prefetch(b + (V + 1 + v) * kL, 0, 2);
      }
    }
    if (kPacks) packed += V * kL;
    if (kStepsAhead > 0 && kLayout == LayoutA::kColumns)
      __builtin_prefetch(a + kStepsAhead * a_step);
    for (int i = 0; i < M; ++i) {
      const Vec<T> x = splat(a[i * a_row]);
      for (int v = 0; v < V; ++v) acc[i][v] = fma(x, row[v], acc[i][v]);
    }
    a += a_step;
    b += b_step;
  };
  // Always as many: the processor foresees the end of a short loop only where it ends alike.
  const auto steps_of_a_row = [&]() __attribute__((always_inline)) {
#pragma GCC unroll 1
    for (int i = 0; i < kRowSteps; ++i) step();
  };
  const T* next_c = t.next_c;
  const T* residual = t.residual;
  const auto fetch_c = [&]() __attribute__((always_inline)) {
    if (next_c) {
      for (int v = 0; v < V; ++v) __builtin_prefetch(next_c + v * kL, 1);
      next_c += t.c_row;
    }
    if (residual) {
      for (int v = 0; v < V; ++v) __builtin_prefetch(residual + v * kL);
      residual += t.c_row;
    }
  };
  int64_t left = t.k;
  if (left < kFetchSteps) {
    for (int i = 0; i < M; ++i) fetch_c();
    for (; left > 0; --left) step();
  } else {
    if (kCopied && t.next_a.count > 0) {
      const T* next_a = t.next_a.at;
#pragma GCC unroll 1
      for (int i = 0; i < M; ++i, next_a += t.next_a.row) {
        for (int64_t n = 0; n < t.next_a.count; ++n)
          __builtin_prefetch(next_a + n * t.next_a.step, 0, 2);
        steps_of_a_row();
      }
      left -= M * kRowSteps;
    }
    do {
      step();
    } while (--left > M * kRowSteps);
    // Last: what the steps read would drive them out of L1 again.
#pragma GCC unroll 1
    for (int i = 0; i < M; ++i) {
      fetch_c();
      steps_of_a_row();
    }
  }
  finish<T, M, V>(acc, t);
}

template <class T, int V, LayoutA kLayout, bool kPacks = false, int M = kTileRows>
SIMD_INLINE void run_rows(int rows, const Tile<T>& t) {
  if constexpr (M > 0) {
    if (rows == M) return run_tile<T, M, V, kLayout, kPacks>(t);
    run_rows<T, V, kLayout, kPacks, M - 1>(rows, t);
  }
}
template <class T, int V>
void run_rows(int rows, LayoutA layout, const Tile<T>& t) {
  if (layout == LayoutA::kRows) return run_rows<T, V, LayoutA::kRows>(rows, t);
  if (layout == LayoutA::kColumns) return run_rows<T, V, LayoutA::kColumns>(rows, t);
  if (layout == LayoutA::kCopiedRows) return run_rows<T, V, LayoutA::kCopiedRows>(rows, t);
  run_rows<T, V, LayoutA::kCopiedColumns>(rows, t);
}
// And packs the panel of B; for A as columns or copied.
template <class T>
void run_packing_rows(int rows, LayoutA layout, const Tile<T>& t) {
  if (layout == LayoutA::kColumns)
    return run_rows<T, kTileVectors, LayoutA::kColumns, true>(rows, t);
  run_rows<T, kTileVectors, LayoutA::kCopiedColumns, true>(rows, t);
}

}  // namespace
}  // namespace cresset
