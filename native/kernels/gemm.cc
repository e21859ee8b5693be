// SPDX-License-Identifier: MIT
#include <type_traits>

#include "core/parallel.h"
#include "kernels/counts.h"
#include "kernels/gemm_few_rows.h"
#include "kernels/gemm_pack.h"
#include "kernels/gemm_swapped.h"
#include "kernels/gemm_tile.h"
#include "kernels/slots.h"
#include "kernels/table.h"

// C = A B in independent chunks (a block of rows x a block of columns), each computed by one
// thread. B is packed into panels of one tile's columns in the thread's own working memory, which
// stays in its core's caches: a thread that goes from row block to row block packs once, most often
// in the tiles of its first rows. Where that would not pay B is read in place, like A where few
// panels meet it: else from a copy of one tile's rows.
namespace cresset {
namespace {

constexpr int64_t kPackedK = 1024;            // steps per pass, at most
constexpr int64_t kOnePass = 16 << 20;        // multiply-adds, of many rows: more take more
constexpr int64_t kPackedBytes = 1536 << 10;  // of the panels of a chunk
constexpr int64_t kBlockM = 12 * kTileRows;   // rows per chunk
constexpr int64_t kBlockPanels = 24;          // panels per chunk
constexpr int64_t kShortBytes = 512 << 10;    // of panels of few steps: more of them
constexpr int64_t kCopyPanels = 4;            // from so many on a copy of A's rows pays
constexpr int64_t kTurnedPanels = 8;          // and of rows stored as columns
constexpr int64_t kManyRows = 96;             // so many pay for packing B in every thread
constexpr int64_t kWholeTiles = 6;            // chunks of no more get whole ones
constexpr int64_t kMaxSlots = 64;

// Chunks are split to at most kMaxChunk multiply-adds, and further, while there are few for each
// thread or one thread has one more than another, down to kMinChunk, below which waking a thread
// costs more than it gains. More of them than that read A and pack B more often.
constexpr int64_t kFewRows = 8;  // fewer take as long: the time goes into reading B
constexpr int64_t kMaxChunk = 64 << 20, kMinChunk = 1 << 20;
constexpr int64_t kFewChunks = 2, kManyChunks = 8;  // for each thread
bool are_few(int64_t chunks) {
  const int64_t threads = num_threads();
  return chunks < kFewChunks * threads || (chunks < kManyChunks * threads && chunks % threads != 0);
}

template <class T>
int64_t rounded_columns(int64_t n) {
  return ceil_div(n, kTileColumns<T>) * kTileColumns<T>;
}
// Even parts of at most `most` steps, of whole squares for the transposing copy.
int64_t even_steps(int64_t k, int64_t most) {
  if (k <= most) return k;
  return ceil_div(ceil_div(k, ceil_div(k, most)), 16) * 16;
}
template <class T>
bool copies_a(int64_t n, int64_t k, bool ta) {
  const int64_t least = ta ? kTurnedPanels : k <= kBlockK ? kCopyPanels : kLongPanels;
  return ceil_div(n, kTileColumns<T>) >= least;
}
// Of a tile's visit.
template <class T>
int64_t block_steps(int64_t n, int64_t k, bool ta) {
  return even_steps(k, ta || copies_a<T>(n, k, ta) ? kBlockK : kLongBlock);
}
// Many products go block by block, so that what was packed of B stays in L2.
template <class T>
int64_t pass_steps(int64_t m, int64_t n, int64_t k, bool ta) {
  const bool many = m >= kManyRows && m * n * k > kOnePass;
  return many ? block_steps<T>(n, k, ta) : even_steps(k, kPackedK);
}
// What `pack` lays out may serve any number of rows.
int64_t packed_steps(int64_t k) { return even_steps(k, kPackedK); }
template <class T>
int64_t pass_steps(const GemmArgs& g) {
  return g.packed_b ? packed_steps(g.k) : pass_steps<T>(g.m, g.n, g.k, g.ta);
}
// Panels a chunk may pack.
template <class T>
int64_t most_panels(int64_t n, int64_t k) {
  const int64_t bytes = kTileColumns<T> * (k > 0 ? k : 1) * static_cast<int64_t>(sizeof(T));
  const int64_t fit = max(min(kBlockPanels, kPackedBytes / bytes), kShortBytes / bytes);
  return min(ceil_div(n, kTileColumns<T>), fit < 1 ? 1 : fit);
}
template <class T>
int64_t slot_bytes(int64_t n, int64_t steps) {
  const int64_t items = most_panels<T>(n, steps) * kTileColumns<T> * steps;
  return (items * static_cast<int64_t>(sizeof(T)) + 63) & ~int64_t{63};
}

// Some of the steps.
template <class T>
struct Pass {
  const GemmArgs* args;
  int64_t k0, k;
  Slots slots{min(args->slots, kMaxSlots)};
  int64_t packed_block[kMaxSlots] = {};  // 1 + the column block in each slot
  // Packed are all of B's panels, else only a partial one: few rows do not pay for it, and few
  // steps stay in the first-level cache as they lie.
  bool packed = args->packed_b || args->tb || (args->m > kDirectRows && args->k > kDirectSteps);
  int64_t block_m = 0, column_blocks = 0;  // a chunk's rows; even parts of the columns

  bool first() const { return k0 == 0; }
  bool last() const { return k0 + k == args->k; }
  int64_t panels() const { return ceil_div(args->n, kTileColumns<T>); }
  int64_t row_blocks() const { return ceil_div(args->m, block_m); }
  int64_t first_column(int64_t block) const {
    return min(args->n, panels() * block / column_blocks * kTileColumns<T>);
  }
  bool is_partial(int64_t panel) const { return (panel + 1) * kTileColumns<T> > args->n; }
  bool packs(int64_t panel) const { return packed || is_partial(panel); }
  // Whether tiles over `columns` columns pack B's whole panels while they read them.
  bool tiles_pack(int64_t columns) const {
    return packed && !args->tb && k > 0 && (args->ta || copies_a<T>(columns, k, false));
  }
};

// The panels of a chunk's column block.
template <class T>
struct Panels {
  T* memory;
  int64_t first;  // panel in it
  bool packed;    // whole panels too
  bool by_tiles;  // the first row of tiles packs the whole ones

  T* at(int64_t panel, int64_t k) const {
    return memory + (packed ? (panel - first) * kTileColumns<T> * k : 0);
  }
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
void pack_panel(const Pass<T>& pass, int64_t panel, T* out) {
  constexpr int64_t kC = kTileColumns<T>;
  const GemmArgs& g = *pass.args;
  const int64_t j = panel * kC;
  const auto pack = g.tb ? pack_columns<T> : pack_rows<T>;
  pack(b_at<T>(g, pass.k0, j), g.ldb, pass.k, min(kC, g.n - j), out);
}

// A tile that hangs over the last column works on a copy of its part of C.
template <class T>
void run_partial(int rows, int64_t columns, LayoutA layout, Tile<T> t) {
  constexpr int kC = kTileColumns<T>, kL = kLanes<T>;
  alignas(64) T c[kTileRows * kC], residual[kTileRows * kC], bias[kC];
  T* const target = t.c;
  const int64_t target_row = t.c_row;
  for (int64_t j = 0; j < columns; j += kL) {
    if (!t.from_zero)
      for (int i = 0; i < rows; ++i)
        store(c + i * kC + j, load_first(target + i * target_row + j, columns - j, T(0)));
    if (t.residual)
      for (int i = 0; i < rows; ++i)
        store(residual + i * kC + j,
              load_first(t.residual + i * target_row + j, columns - j, T(0)));
    if (t.bias) store(bias + j, load_first(t.bias + j, columns - j, T(0)));
  }
  t.c = c;
  t.c_row = kC;
  t.next_c = nullptr;
  if (t.bias) t.bias = bias;
  if (t.residual) t.residual = residual;
  columns <= kL ? run_rows<T, 1>(rows, layout, t) : run_rows<T, kTileVectors>(rows, layout, t);
  for (int64_t j = 0; j < columns; j += kL)
    for (int i = 0; i < rows; ++i)
      store_first(target + i * target_row + j, columns - j, load(c + i * kC + j));
}

// The tiles of rows [i, i + rows) and columns [j, j_end) over steps [p, p + k) of the pass.
// `packs`: they fill B's whole panels.
template <class T>
void run_row_of_tiles(const Pass<T>& pass, const Panels<T>& panels, bool packs, int64_t i, int rows,
                      int64_t j, int64_t j_end, int64_t p, int64_t k) {
  constexpr int64_t kC = kTileColumns<T>;
  const GemmArgs& g = *pass.args;
  const bool last = pass.last() && p + k == pass.k;
  alignas(64) T copy[kBlockK * kCopyColumn];
  LayoutA layout = g.ta ? LayoutA::kColumns : LayoutA::kRows;
  Tile<T> t{};
  t.k = k;
  t.a = k > 0 ? a_at<T>(g, i, pass.k0 + p) : nullptr;
  t.a_row = t.a_step = g.lda;
  t.c_row = g.ldc;
  t.from_zero = pass.first() && p == 0 && !g.accumulate;
  t.relu = last && g.relu;
  int64_t next = 0;  // rows to fetch meanwhile
  if (copies_a<T>(j_end - j, pass.k, g.ta) && k > 0) {
    copy_a(t.a, g.lda, g.ta, rows, i + kCopyColumn <= g.m, k, copy);
    t.a = copy;
    layout = LayoutA::kCopiedColumns;
    if (k >= kFetchSteps) next = min(g.m - i - rows, kTileRows);
  }
  const int64_t j0 = j, count = ceil_div(j_end - j, kC);
  for (; j < j_end; j += kC) {
    if (next > 0)
      t.next_a = fetch_part(a_at<T>(g, i + rows, pass.k0 + p), g.lda, g.ta, next, k, rows,
                            (j - j0) / kC, count);
    const int64_t columns = min(kC, j_end - j);
    t.packed = pass.packs(j / kC) ? panels.at(j / kC, pass.k) + p * kC : nullptr;
    const bool in_place = !t.packed || (packs && columns == kC);
    t.b = in_place ? b_at<T>(g, pass.k0 + p, j) : t.packed;
    t.b_step = in_place ? g.ldb : kC;
    t.c = static_cast<T*>(g.c) + i * g.ldc + j;
    t.next_c = j + kC < j_end ? t.c + kC : static_cast<T*>(g.c) + (i + rows) * g.ldc + j0;
    t.bias = last && g.bias ? static_cast<const T*>(g.bias) + j : nullptr;
    t.residual = last && g.residual ? static_cast<const T*>(g.residual) + i * g.ldc + j : nullptr;
    if (columns < kC)
      run_partial(rows, columns, layout, t);
    else if (packs)
      run_packing_rows<T>(rows, layout, t);
    else
      run_rows<T, kTileVectors>(rows, layout, t);
  }
}

template <class T>
void run_tiles(const Pass<T>& pass, const Panels<T>& panels, int64_t i0, int64_t i_end, int64_t j0,
               int64_t j_end) {
  // Rows are dealt out evenly, so that no tile is left with too few to hide the FMA's latency.
  const int64_t rows = i_end - i0, tiles = ceil_div(rows, kTileRows);
  const int64_t steps = block_steps<T>(j_end - j0, pass.k, pass.args->ta);
  int64_t p = 0;
  do {  // once even without steps, for the epilogue
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t i = i0 + rows * tile / tiles, next = i0 + rows * (tile + 1) / tiles;
      run_row_of_tiles(pass, panels, panels.by_tiles && tile == 0, i, static_cast<int>(next - i),
                       j0, j_end, p, min(steps, pass.k - p));
    }
    p += steps;
  } while (p < pass.k);
}

// Consecutive chunks have the same columns.
template <class T>
void run_chunk(Pass<T>& pass, int64_t chunk) {
  const GemmArgs& g = *pass.args;
  const int64_t row = chunk % pass.row_blocks(), column = chunk / pass.row_blocks();
  const int64_t i0 = row * pass.block_m, i_end = min(g.m, i0 + pass.block_m);
  const int64_t j0 = pass.first_column(column), j_end = pass.first_column(column + 1);
  const int64_t first = j0 / kTileColumns<T>, last = ceil_div(j_end, kTileColumns<T>);
  if (g.packed_b) {
    const T* const given = static_cast<const T*>(g.packed_b) + pass.k0 * rounded_columns<T>(g.n);
    const Panels<T> panels{const_cast<T*>(given), 0, true, false};  // read only
    return run_tiles(pass, panels, i0, i_end, j0, j_end);
  }
  const int64_t slot = pass.slots.take();
  char* const memory = static_cast<char*>(g.scratch) + slot * slot_bytes<T>(g.n, pass_steps<T>(g));
  const bool filled = pass.packed_block[slot] == column + 1;
  const bool by_tiles = !filled && pass.tiles_pack(j_end - j0);
  const Panels<T> panels{reinterpret_cast<T*>(memory), first, pass.packed, by_tiles};
  for (int64_t i = first; i < last && !filled; ++i)
    if (pass.is_partial(i) || (pass.packed && !by_tiles)) pack_panel(pass, i, panels.at(i, pass.k));
  pass.packed_block[slot] = column + 1;
  run_tiles(pass, panels, i0, i_end, j0, j_end);
  pass.slots.give_back(slot);
}

template <class T>
void run_pass(Pass<T>& pass) {
  parallel_for(
      pass.row_blocks() * pass.column_blocks, 1,
      [](void* ctx, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) run_chunk(*static_cast<Pass<T>*>(ctx), i);
      },
      &pass);
}

// Rows of the thread that gets most of them.
int64_t most_rows(int64_t m, int64_t block_m, int64_t columns) {
  const int64_t threads = num_threads(), chunks = m / block_m * columns;
  return ceil_div(chunks, threads) * block_m + (chunks % threads == 0 ? m % block_m : 0);
}

// Many rows are split first, so that a thread's part of C is one stretch, as in the elementwise
// loops before and after; with few rows, or where B is wide, every thread packs its own columns of
// B. No chunk gets less than two tiles' rows, and one of few tiles whole ones, if no thread then
// has 3 % more to do.
template <class T>
void choose_blocks(Pass<T>& pass) {
  constexpr int64_t kC = kTileColumns<T>;
  const GemmArgs& g = *pass.args;
  const int64_t panels = pass.panels();
  int64_t rows = ceil_div(g.m, kBlockM),
          columns = ceil_div(panels, most_panels<T>(g.n, pass_steps<T>(g)));
  const auto too_big = [&] {
    const int64_t block_m = ceil_div(g.m, rows);
    const int64_t cost = block_m < kFewRows ? kFewRows : block_m;
    const int64_t work = cost * ceil_div(panels, columns) * kC * pass.k;
    return work > kMaxChunk || (are_few(rows * columns) && work > kMinChunk);
  };
  const auto split_rows = [&] {
    const int64_t most = ceil_div(g.m, 2 * kTileRows);
    while (rows < most && too_big()) rows = min(2 * rows, most);
  };
  const bool wide = pass.packed && (g.tb ? g.m < 4 * kManyRows : kPacksWideOnce && g.n >= 2 * g.m);
  if (g.m >= kManyRows && !wide) split_rows();
  while (columns < panels && too_big()) columns = min(2 * columns, panels);
  split_rows();
  pass.block_m = ceil_div(g.m, rows);
  if (rows > 1 && pass.block_m <= kWholeTiles * kTileRows) {
    const int64_t whole = ceil_div(pass.block_m, kTileRows) * kTileRows;
    const int64_t most = most_rows(g.m, pass.block_m, columns);
    if (most_rows(g.m, whole, columns) <= most + most / 32) pass.block_m = whole;
  }
  pass.column_blocks = columns;
}

// Calls f(k0, k) for each pass: once even without steps.
template <class F>
void for_each_pass(int64_t k, int64_t steps, F f) {
  int64_t p = 0;
  do {
    f(p, min(steps, k - p));
    p += steps;
  } while (p < k);
}

template <class T>
void gemm(const GemmArgs& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if constexpr (std::is_floating_point_v<T>) {
    if (FewRowsGemm<T>::pays(g)) return FewRowsGemm<T>(g).run();
  }
  if (SwappedGemm<T>::pays(g)) return SwappedGemm<T>(g).run();
  for_each_pass(g.k, pass_steps<T>(g), [&](int64_t k0, int64_t k) {
    Pass<T> pass{&g, k0, k};
    choose_blocks(pass);
    run_pass(pass);
  });
}

template <class T>
struct Packing {
  Pass<T> pass;
  T* out;

  static void run(void* ctx, int64_t begin, int64_t end) {
    const Packing& job = *static_cast<Packing*>(ctx);
    for (int64_t i = begin; i < end; ++i)
      pack_panel(job.pass, i, job.out + i * kTileColumns<T> * job.pass.k);
  }
};

template <class T>
void pack(const GemmArgs& g, void* out) {
  for_each_pass(g.k, packed_steps(g.k), [&](int64_t k0, int64_t k) {
    Packing<T> job{{&g, k0, k}, static_cast<T*>(out) + k0 * rounded_columns<T>(g.n)};
    parallel_for(job.pass.panels(), 4, Packing<T>::run, &job);
  });
}

template <class T>
int64_t scratch(int64_t m, int64_t n, int64_t k, int64_t slots) {
  const int64_t bytes = max(slot_bytes<T>(n, pass_steps<T>(m, n, k, false)),
                            slot_bytes<T>(n, pass_steps<T>(m, n, k, true)));
  return max(min(slots, kMaxSlots) * bytes, SwappedGemm<T>::scratch_bytes(m, k, slots));
}
template <class T>
int64_t packed_bytes(int64_t n, int64_t k) {
  return rounded_columns<T>(n) * k * static_cast<int64_t>(sizeof(T));
}

const GemmTable kTable = {
    {gemm<int64_t>, gemm<float>, gemm<double>},
    {scratch<int64_t>, scratch<float>, scratch<double>},
    {pack<int64_t>, pack<float>, pack<double>},
    {packed_bytes<int64_t>, packed_bytes<float>, packed_bytes<double>},
};

}  // namespace

extern "C" const GemmTable* KERNEL_EXPORT(gemm)() noexcept { return &kTable; }

}  // namespace cresset
