// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/table.h"

// C = A B in independent chunks (a block of rows x a block of columns), each computed by one
// thread. B is packed into panels of one tile's columns: by the chunk that uses them, or in a pass
// of its own where several row blocks share them. A is read in place, or from a copy of one tile's
// rows where many panels meet it.
namespace cresset {
namespace {

constexpr int64_t kPackedK = 768;     // steps and columns per pass: they bound the scratch and the
constexpr int64_t kPackedN = 2304;    //   time of a chunk; whole panels of every tile
constexpr int64_t kBlockM = 12 * 12;  // rows per chunk, a multiple of every tile's rows
constexpr int64_t kBlockPanels = 16;  // panels per chunk
constexpr int64_t kCopyPanels = 4;    // from so many on a copy of A's rows pays

// Chunks are split to at most kMaxChunk multiply-adds, and further, while they are few, down to
// kMinChunk, below which waking a thread costs more than it gains.
constexpr int64_t kFewRows = 8;  // fewer take as long: the time goes into reading B
constexpr int64_t kMaxChunk = 64 << 20, kMinChunk = 1 << 20, kFewChunks = 16;

int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <class T>
struct Pass {
  const GemmArgs* args;
  T* scratch;
  int64_t k0, k, j0, n;      // the steps and columns of this pass
  bool first, last;          // of the passes over k
  bool packed;               // all of B's panels, else only a partial one
  bool given;                // packed before the call
  int64_t block_m, block_n;  // rows and columns per chunk

  int64_t panels() const { return ceil_div(n, kTileColumns<T>); }
  int64_t row_blocks() const { return ceil_div(args->m, block_m); }
  int64_t column_blocks() const { return ceil_div(n, block_n); }
  bool packed_in_chunk() const { return !given && (!packed || row_blocks() == 1); }
  bool packed_before_chunks() const { return !given && !packed_in_chunk(); }
  bool packs(int64_t panel) const { return packed || (panel + 1) * kTileColumns<T> > n; }
  T* panel(int64_t i) const { return scratch + (packed ? i * kTileColumns<T> * k : 0); }
};

template <class T>
int64_t rounded_columns(int64_t n) {
  return ceil_div(n, kTileColumns<T>) * kTileColumns<T>;
}
// Where the panels of a pass begin in a B that is packed as a whole.
template <class T>
int64_t packed_offset(const GemmArgs& g, const Pass<T>& pass) {
  return pass.j0 * g.k + pass.k0 * rounded_columns<T>(pass.n);
}

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
  const int64_t j = panel * kC;
  const T* b = b_at<T>(g, pass.k0, pass.j0 + j);
  const auto pack = g.tb ? pack_columns<T> : pack_rows<T>;
  pack(b, g.ldb, pass.k, min(kC, pass.n - j), pass.panel(panel));
}

// A tile that hangs over the last column works on a copy of its part of C.
template <class T>
void run_partial(int rows, int64_t columns, LayoutA layout, Tile<T> t) {
  constexpr int kC = kTileColumns<T>, kL = kLanes<T>;
  alignas(64) T c[kTileRows * kC], bias[kC];
  T* const target = t.c;
  const int64_t target_row = t.c_row;
  for (int64_t j = 0; j < columns; j += kL) {
    if (!t.from_zero)
      for (int i = 0; i < rows; ++i)
        store(c + i * kC + j, load_first(target + i * target_row + j, columns - j, T(0)));
    if (t.bias) store(bias + j, load_first(t.bias + j, columns - j, T(0)));
  }
  t.c = c;
  t.c_row = kC;
  if (t.bias) t.bias = bias;
  columns <= kL ? run_rows<T, 1>(rows, layout, t) : run_rows<T, kTileVectors>(rows, layout, t);
  for (int64_t j = 0; j < columns; j += kL)
    for (int i = 0; i < rows; ++i)
      store_first(target + i * target_row + j, columns - j, load(c + i * kC + j));
}

// The tiles of rows [i, i + rows) and columns [j, j_end) over steps [p, p + k) of the pass.
template <class T>
void run_row_of_tiles(const Pass<T>& pass, int64_t i, int rows, int64_t j, int64_t j_end, int64_t p,
                      int64_t k) {
  constexpr int64_t kC = kTileColumns<T>;
  const GemmArgs& g = *pass.args;
  const bool last = pass.last && p + k == pass.k;
  alignas(64) T copy[kTileRows * kCopyRow];
  LayoutA layout = g.ta ? LayoutA::kColumns : LayoutA::kRows;
  Tile<T> t;
  t.k = k;
  t.a = k > 0 ? a_at<T>(g, i, pass.k0 + p) : nullptr;
  t.a_row = t.a_step = g.lda;
  t.c_row = g.ldc;
  t.from_zero = pass.first && p == 0 && !g.accumulate;
  t.relu = last && g.relu;
  if (j_end - j >= kCopyPanels * kC && k > 0) {
    copy_a(t.a, g.lda, g.ta, rows, i + kTileRows <= g.m, k, copy);
    t.a = copy;
    t.a_step = kTileRows;
    layout = g.ta ? LayoutA::kColumns : LayoutA::kCopiedRows;
    const int64_t next = min(g.m - i - rows, kTileRows);
    if (next > 0) prefetch_a(a_at<T>(g, i + rows, pass.k0 + p), g.lda, g.ta, next, k);
  }
  for (; j < j_end; j += kC) {
    const int64_t columns = min(kC, j_end - j);
    const bool packed = pass.packs(j / kC);
    t.b = packed ? pass.panel(j / kC) + p * kC : b_at<T>(g, pass.k0 + p, pass.j0 + j);
    t.b_step = packed ? kC : g.ldb;
    t.c = static_cast<T*>(g.c) + i * g.ldc + pass.j0 + j;
    t.bias = last && g.bias ? static_cast<const T*>(g.bias) + pass.j0 + j : nullptr;
    if (columns < kC)
      run_partial(rows, columns, layout, t);
    else
      run_rows<T, kTileVectors>(rows, layout, t);
  }
}

template <class T>
void run_chunk(const Pass<T>& pass, int64_t chunk) {
  const int64_t row_blocks = pass.row_blocks();
  const int64_t i0 = chunk % row_blocks * pass.block_m,
                i_end = min(pass.args->m, i0 + pass.block_m);
  const int64_t j0 = chunk / row_blocks * pass.block_n, j_end = min(pass.n, j0 + pass.block_n);
  if (pass.packed_in_chunk())
    for (int64_t panel = j0 / kTileColumns<T>; panel * kTileColumns<T> < j_end; ++panel)
      if (pass.packs(panel)) pack_panel(pass, panel);
  // Rows are dealt out evenly, so that no tile is left with too few to hide the FMA's latency.
  const int64_t rows = i_end - i0, tiles = ceil_div(rows, kTileRows);
  int64_t p = 0;
  do {  // once even without steps, for the epilogue
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t i = i0 + rows * tile / tiles, next = i0 + rows * (tile + 1) / tiles;
      run_row_of_tiles(pass, i, static_cast<int>(next - i), j0, j_end, p, min(kBlockK, pass.k - p));
    }
    p += kBlockK;
  } while (p < pass.k);
}

template <class T>
void pack_panels(Pass<T>& pass) {
  parallel_for(
      pass.panels(), 4,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) pack_panel(*static_cast<Pass<T>*>(ctx), i);
      },
      &pass);
}

template <class T>
void run_pass(Pass<T>& pass) {
  if (pass.packed_before_chunks()) pack_panels(pass);
  parallel_for(
      pass.row_blocks() * pass.column_blocks(), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) run_chunk(*static_cast<Pass<T>*>(ctx), i);
      },
      &pass);
}

// Columns are split before rows: row blocks share B, column blocks nothing.
template <class T>
void choose_blocks(Pass<T>& pass) {
  constexpr int64_t kC = kTileColumns<T>;
  const int64_t m = pass.args->m, panels = pass.panels();
  int64_t rows = ceil_div(m, kBlockM), columns = ceil_div(panels, kBlockPanels);
  const auto too_big = [&] {
    const int64_t block_m = ceil_div(m, rows);
    const int64_t cost = block_m < kFewRows ? kFewRows : block_m;
    const int64_t work = cost * ceil_div(panels, columns) * kC * pass.k;
    return work > kMaxChunk || (rows * columns < kFewChunks && work > kMinChunk);
  };
  while (columns < panels && too_big()) columns = min(2 * columns, panels);
  while (ceil_div(m, rows) > 2 * kTileRows && too_big()) rows *= 2;
  pass.block_m = ceil_div(m, rows);
  pass.block_n = ceil_div(panels, columns) * kC;
}

// Calls f(pass) for each pass: once even without steps.
template <class T, class F>
void for_each_pass(const GemmArgs& g, F f) {
  for (int64_t j = 0; j < g.n; j += kPackedN) {
    int64_t p = 0;
    do {
      Pass<T> pass{};
      pass.args = &g;
      pass.k0 = p;
      pass.k = min(kPackedK, g.k - p);
      pass.j0 = j;
      pass.n = min(kPackedN, g.n - j);
      pass.first = p == 0;
      pass.last = p + pass.k == g.k;
      f(pass);
      p += pass.k;
    } while (p < g.k);
  }
}

template <class T>
void gemm(const GemmArgs& g) {
  if (g.m <= 0 || g.n <= 0) return;
  for_each_pass<T>(g, [&](Pass<T>& pass) {
    pass.given = g.packed_b;
    pass.packed = pass.given || g.tb || g.m > 2 * kTileRows;  // fewer rows do not pay for packing
    pass.scratch = pass.given ? const_cast<T*>(static_cast<const T*>(g.packed_b)) +
                                    packed_offset(g, pass)  // read
                              : static_cast<T*>(g.scratch);
    choose_blocks(pass);
    run_pass(pass);
  });
}

template <class T>
void pack(const GemmArgs& g, void* out) {
  for_each_pass<T>(g, [&](Pass<T>& pass) {
    pass.packed = true;
    pass.scratch = static_cast<T*>(out) + packed_offset(g, pass);
    pack_panels(pass);
  });
}

template <class T>
int64_t gemm_scratch(int64_t, int64_t n, int64_t k) {
  return rounded_columns<T>(min(n, kPackedN)) * min(k, kPackedK) * static_cast<int64_t>(sizeof(T));
}
template <class T>
int64_t packed_bytes(int64_t n, int64_t k) {
  return rounded_columns<T>(n) * k * static_cast<int64_t>(sizeof(T));
}

const GemmTable kTable = {
    {gemm<int64_t>, gemm<float>, gemm<double>},
    {gemm_scratch<int64_t>, gemm_scratch<float>, gemm_scratch<double>},
    {pack<int64_t>, pack<float>, pack<double>},
    {packed_bytes<int64_t>, packed_bytes<float>, packed_bytes<double>},
};

}  // namespace

extern "C" const GemmTable* KERNEL_EXPORT(gemm)() noexcept { return &kTable; }

}  // namespace cresset
