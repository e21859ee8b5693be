// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/gemm_tile.h"
#include "kernels/table.h"

// C = A B in independent chunks (a block of rows x a block of columns), each computed by one thread
// over the whole of k. B is packed into panels of one tile's columns: within the chunk where every
// panel belongs to one chunk, in a pass of its own where row blocks share them. A is read in place.
namespace cresset {
namespace {

constexpr int64_t kBlockK = 256;      // steps per visit of a tile: A's rows and B's panel in L1/L2
constexpr int64_t kPackedK = 768;     // steps per pass; bounds scratch and the time of a chunk
constexpr int64_t kPackedN = 2048;    // columns per pass
constexpr int64_t kBlockM = 12 * 12;  // rows per chunk, a multiple of every tile's rows
constexpr int64_t kChunkWork = 1 << 20;  // multiply-adds that make a chunk worth a thread's while

int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <class T>
struct Pass {
  const GemmArgs* args;
  int64_t k0, k, j0, n;        // the part of k and of the columns this pass does
  bool first, last;            // of the passes over k
  bool packed, pack_in_chunk;  // B in scratch; packed by the chunk that uses it
  int64_t block_m, block_n;    // rows and columns a chunk
  T* scratch;

  int64_t row_blocks() const { return ceil_div(args->m, block_m); }
  int64_t column_blocks() const { return ceil_div(n, block_n); }
};

template <class T>
const T* a_at(const GemmArgs& g, int64_t i, int64_t p) {
  return static_cast<const T*>(g.a) + (g.ta ? p * g.lda + i : i * g.lda + p);
}
template <class T>
const T* b_at(const GemmArgs& g, int64_t p, int64_t j) {
  return static_cast<const T*>(g.b) + (g.tb ? j * g.ldb + p : p * g.ldb + j);
}

// One panel, k x kTileColumns, missing columns zero.
template <class T>
void pack_panel(const Pass<T>& pass, int64_t panel) {
  constexpr int64_t kC = kTileColumns<T>;
  const GemmArgs& g = *pass.args;
  T* out = pass.scratch + panel * kC * pass.k;
  const int64_t j0 = pass.j0 + panel * kC, columns = min(kC, pass.j0 + pass.n - j0);
  for (int64_t p = 0; p < pass.k; ++p)
    for (int64_t j = 0; j < kC; ++j)
      out[p * kC + j] = j < columns ? *b_at<T>(g, pass.k0 + p, j0 + j) : T(0);
}

// A tile that hangs over the last column works on a copy of its part of C.
template <class T>
void run_partial(int rows, int64_t columns, bool ta, Tile<T> t) {
  constexpr int kC = kTileColumns<T>;
  T c[kTileRows * kC] = {}, bias[kC] = {};
  T* const target = t.c;
  const int64_t target_row = t.c_row;
  if (!t.from_zero)
    for (int i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) c[i * kC + j] = target[i * target_row + j];
  if (t.bias) {
    for (int64_t j = 0; j < columns; ++j) bias[j] = t.bias[j];
    t.bias = bias;
  }
  t.c = c;
  t.c_row = kC;
  if (columns <= kLanes<T>)
    ta ? run_rows<T, 1, true>(rows, t) : run_rows<T, 1, false>(rows, t);
  else
    ta ? run_rows<T, kTileVectors, true>(rows, t) : run_rows<T, kTileVectors, false>(rows, t);
  for (int i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) target[i * target_row + j] = c[i * kC + j];
}

// The tiles of rows [i, i + rows) and columns [j, j_end) over steps [p, p + k) of the pass.
template <class T>
void run_row_of_tiles(const Pass<T>& pass, int64_t i, int rows, int64_t j, int64_t j_end, int64_t p,
                      int64_t k) {
  constexpr int64_t kC = kTileColumns<T>;
  const GemmArgs& g = *pass.args;
  const bool last = pass.last && p + k == pass.k;
  Tile<T> t;
  t.k = k;
  t.a = a_at<T>(g, i, pass.k0 + p);
  t.a_row = t.a_step = g.lda;
  t.c_row = g.ldc;
  t.from_zero = pass.first && p == 0 && !g.accumulate;
  t.relu = last && g.relu;
  for (; j < j_end; j += kC) {
    const int64_t columns = min(kC, j_end - j);
    const bool packed = pass.packed || columns < kC;
    t.b = packed ? pass.scratch + (pass.packed ? j * pass.k : 0) + p * kC
                 : b_at<T>(g, pass.k0 + p, pass.j0 + j);
    t.b_step = packed ? kC : g.ldb;
    t.c = static_cast<T*>(g.c) + i * g.ldc + pass.j0 + j;
    t.bias = last && g.bias ? static_cast<const T*>(g.bias) + pass.j0 + j : nullptr;
    if (columns < kC)
      run_partial(rows, columns, g.ta, t);
    else
      g.ta ? run_rows<T, kTileVectors, true>(rows, t) : run_rows<T, kTileVectors, false>(rows, t);
  }
}

template <class T>
void run_chunk(const Pass<T>& pass, int64_t chunk) {
  const int64_t m = pass.args->m;
  const int64_t i0 = chunk % pass.row_blocks() * pass.block_m;
  const int64_t i_end = min(m, i0 + pass.block_m);
  const int64_t j0 = chunk / pass.row_blocks() * pass.block_n;
  const int64_t j_end = min(pass.n, j0 + pass.block_n);
  if (pass.pack_in_chunk)
    for (int64_t j = j0; j < j_end; j += kTileColumns<T>) pack_panel(pass, j / kTileColumns<T>);
  // Rows are dealt out evenly, so that no tile is left with too few to hide the FMA's latency.
  const int64_t tiles = ceil_div(i_end - i0, kTileRows);
  for (int64_t p = 0; p < pass.k; p += kBlockK)
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t i = i0 + (i_end - i0) * tile / tiles;
      const int64_t next = i0 + (i_end - i0) * (tile + 1) / tiles;
      run_row_of_tiles(pass, i, static_cast<int>(next - i), j0, j_end, p, min(kBlockK, pass.k - p));
    }
}

template <class T>
void run_pass(Pass<T>& pass) {
  const int64_t panels = ceil_div(pass.n, kTileColumns<T>);
  pass.pack_in_chunk = pass.packed && pass.row_blocks() == 1;
  if (pass.packed && !pass.pack_in_chunk) {
    parallel_for(
        panels, 4,
        [](void* ctx, int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) pack_panel(*static_cast<Pass<T>*>(ctx), i);
        },
        &pass);
  }
  parallel_for(
      pass.row_blocks() * pass.column_blocks(), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) run_chunk(*static_cast<Pass<T>*>(ctx), i);
      },
      &pass);
}

// Without steps: C = epilogue(0 or C).
template <class T>
void epilogue_only(const GemmArgs& g) {
  for (int64_t i = 0; i < g.m; ++i)
    for (int64_t j = 0; j < g.n; ++j) {
      T* c = static_cast<T*>(g.c) + i * g.ldc + j;
      T x = g.accumulate ? *c : T(0);
      if (g.bias) x += static_cast<const T*>(g.bias)[j];
      *c = g.relu && x < T(0) ? T(0) : x;
    }
}

template <class T>
void choose_blocks(Pass<T>& pass) {
  constexpr int64_t kC = kTileColumns<T>;
  const int64_t m = pass.args->m;
  pass.block_m = ceil_div(m, ceil_div(m, kBlockM));
  pass.block_n = min(8, ceil_div(pass.n, kC)) * kC;
  while (pass.block_n > kC && pass.block_m * pass.block_n * pass.k > kChunkWork)
    pass.block_n = ceil_div(pass.block_n / kC, 2) * kC;
}

template <class T>
void gemm(const GemmArgs& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (g.k <= 0) return epilogue_only<T>(g);
  for (int64_t j = 0; j < g.n; j += kPackedN)
    for (int64_t p = 0; p < g.k; p += kPackedK) {
      Pass<T> pass{};
      pass.args = &g;
      pass.k0 = p;
      pass.k = min(kPackedK, g.k - p);
      pass.j0 = j;
      pass.n = min(kPackedN, g.n - j);
      pass.first = p == 0;
      pass.last = p + pass.k == g.k;
      pass.packed = true;
      pass.scratch = static_cast<T*>(g.scratch);
      choose_blocks(pass);
      run_pass(pass);
    }
}

template <class T>
int64_t gemm_scratch(int64_t, int64_t n, int64_t k) {
  const int64_t columns = ceil_div(min(n, kPackedN), kTileColumns<T>) * kTileColumns<T>;
  return columns * min(k, kPackedK) * static_cast<int64_t>(sizeof(T));
}

const GemmTable kTable = {
    {gemm<int64_t>, gemm<float>, gemm<double>},
    {gemm_scratch<int64_t>, gemm_scratch<float>, gemm_scratch<double>},
};

}  // namespace

extern "C" const GemmTable* KERNEL_EXPORT(gemm)() noexcept { return &kTable; }

}  // namespace cresset
