// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/counts.h"
#if defined(__AMX_BF16__)
#include "kernels/gemm_bf16_amx.h"
#include "kernels/gemm_bf16_swapped.h"
#else
#include "kernels/gemm_bf16_dot.h"
#endif
#include "kernels/slots.h"
#include "kernels/table.h"

// C = A B of bfloat16 by instructions that take pairs of steps of k. Both matrices are laid out as
// such pairs. Each sum is float32 from the first step to the last and is rounded once.
namespace cresset {
namespace {

constexpr int64_t kPassElements = 4 << 20;  // of A, packed at a time
constexpr int64_t kPackGrain = 32 << 10;    // elements
constexpr int64_t kChunkPanels = 8;
constexpr int64_t kSlotBytes = 1 << 20;  // of packed panels of B, unless one is larger
// Few rows go through B in stretches of its rows, so long that memory delivers them at speed, and
// keep their sums in memory between blocks of steps.
constexpr int64_t kFewRows = 64, kBlockPairs = 128, kStretchPanels = 16;
// Chunks are split to at most so many multiply-adds, and further, down to kMinChunk, while there
// are few for each thread.
constexpr int64_t kMaxChunk = 64 << 20;
int64_t few_chunks() { return 4 * num_threads(); }
constexpr int64_t kMaxSlots = 64;
constexpr int64_t kAhead = 16;  // steps between a row's prefetch and its packing
constexpr int64_t kWordBytes = sizeof(uint32_t);

// How a product of so many rows is laid out.
struct Layout {
  int64_t pairs, block;  // of k: padded to whole steps; in one visit of a tile
  int64_t panels;        // of B in a slot
  int64_t tiles;         // of rows whose sums are there too

  Layout(int64_t m, int64_t n, int64_t k) : pairs(round_up(ceil_div(k, 2), kTilePairs)) {
    const bool few = m <= kFewRows;
    block = few ? min(pairs, kBlockPairs) : pairs;
    panels = min(ceil_div(n, kTileColumns),
                 few ? kStretchPanels : min(kChunkPanels, fitting(kSlotBytes, kTileColumns)));
    tiles = block < pairs ? ceil_div(m, kTileRows) : 0;
  }
  // Of the parts of so many words for each pair: how many fit into `bytes`; one at least.
  int64_t fitting(int64_t bytes, int64_t words) const {
    return max(bytes / max(words * pairs * kWordBytes, 1), 1);
  }
  int64_t packed_words() const { return panels * kTileColumns * block; }
  int64_t slot_words() const { return packed_words() + tiles * panels * kTileRows * kTileColumns; }
  int64_t tile_words() const { return kTileWords * pairs; }
};

// Rows of C, in tiles, by all columns, in panels. A is packed by a pass of its own, panels of B by
// the chunk that uses them, into one of as many slots as threads take part.
struct Pass {
  const GemmArgs* args;
  Lines a, b;
  int64_t i0, m, n;
  Layout layout;
  uint32_t *packed_a, *slots_memory;
  int64_t chunk_tiles, chunk_panels;
  Slots* slots;
  mutable int64_t packed_chunk[kMaxSlots];  // 1 + the column chunk whose panels are in each slot

  int64_t tiles() const { return ceil_div(m, kTileRows); }
  int64_t panels() const { return ceil_div(n, kTileColumns); }
  int64_t row_chunks() const { return ceil_div(tiles(), chunk_tiles); }
  int64_t column_chunks() const { return ceil_div(panels(), chunk_panels); }
  int64_t row(int64_t tile) const { return first_row(m, tile, tiles()); }
  uint32_t* tile(int64_t i) const { return packed_a + i * layout.tile_words(); }
};

void pack_tile(const Pass& pass, int64_t tile) {
  const int64_t row = pass.row(tile);
  pack_tile(pass.a, pass.i0 + row, pass.row(tile + 1) - row, pass.tile(tile));
}

// One pair of a panel, where each of B's rows lies together.
SIMD_INLINE void pack_pair(const Lines& b, int64_t first, int64_t columns, int64_t p,
                           uint32_t* out) {
  __builtin_prefetch(b.at(first) + (p + kAhead) * b.step);
  __builtin_prefetch(b.at(first) + (p + kAhead + 1) * b.step);
  store(out, pairs_across(b, first, columns, p));
  store(out + kLines,
        columns > kLines ? pairs_across(b, first + kLines, columns - kLines, p) : Vec<uint32_t>{});
}

// Panels [first, end) over `count` pairs from p0 on, one after another; what B lacks is zero.
void pack_panels(const Pass& pass, int64_t first, int64_t end, int64_t p0, int64_t count,
                 uint32_t* out) {
  const int64_t steps = min(pass.b.k - 2 * p0, 2 * count), pairs = ceil_div(steps, 2);
  const Lines b{pass.b.x + 2 * p0 * pass.b.step, pass.b.line, pass.b.step, steps};
  const auto panel_at = [&](int64_t i) { return out + (i - first) * kTileColumns * count; };
  if (b.step == 1) {
    for (int64_t i = first; i < end; ++i)
      for (int64_t j = 0; j < kTileColumns; j += kLines) {
        const int64_t at = i * kTileColumns + j, columns = max(min(kLines, pass.n - at), 0);
        pack_squares(b, min(at, pass.n), columns, panel_at(i) + j, kTileColumns);
      }
  } else {
    const int64_t whole = min(end, pass.n / kTileColumns);
    for (int64_t p = 0; p < pairs; ++p) {
      for (int64_t i = first; i < whole; ++i)
        pack_pair(b, i * kTileColumns, kTileColumns, 2 * p, panel_at(i) + p * kTileColumns);
      if (whole < end)
        pack_pair(b, whole * kTileColumns, pass.n - whole * kTileColumns, 2 * p,
                  panel_at(whole) + p * kTileColumns);
    }
  }
  for (int64_t i = first; i < end; ++i)
    for (int64_t at = pairs * kTileColumns; at < count * kTileColumns; at += kLines)
      store(panel_at(i) + at, Vec<uint32_t>{});
}

// Consecutive chunks have the same columns.
void run_chunk(const Pass& pass, int64_t chunk) {
  const GemmArgs& g = *pass.args;
  const Layout& layout = pass.layout;
  const int64_t first_tile = chunk % pass.row_chunks() * pass.chunk_tiles,
                column = chunk / pass.row_chunks();
  const int64_t first = column * pass.chunk_panels;
  const int64_t tile_end = min(pass.tiles(), first_tile + pass.chunk_tiles),
                panel_end = min(pass.panels(), first + pass.chunk_panels);
  const int64_t slot = pass.slots->take();
  uint32_t* const packed = pass.slots_memory + slot * layout.slot_words();
  float* const sums = reinterpret_cast<float*>(packed + layout.packed_words());
  const bool whole = layout.block == layout.pairs;
  [[maybe_unused]] const TileScope scope;
  int64_t p = 0;
  do {  // once even without steps, for the epilogue
    const int64_t pairs = min(layout.block, layout.pairs - p);
    if (!whole || pass.packed_chunk[slot] != column + 1)
      pack_panels(pass, first, panel_end, p, pairs, packed);
    for (int64_t panel = first; panel < panel_end; ++panel) {
      const int64_t j = panel * kTileColumns;
      Tile t{};
      t.pairs = pairs;
      t.columns = pass.n - j;
      t.b = packed + (panel - first) * kTileColumns * pairs;
      t.c_row = g.ldc;
      t.bias = g.bias ? static_cast<const float*>(g.bias) + j : nullptr;
      t.relu = g.relu;
      t.first = p == 0;
      t.last = p + pairs == layout.pairs;
      for (int64_t tile = first_tile; tile < tile_end; ++tile) {
        const int64_t i = pass.row(tile);
        t.a = pass.tile(tile) + p * kTileWords;
        t.c = static_cast<uint16_t*>(g.c) + (pass.i0 + i) * g.ldc + j;
        t.sums =
            sums + (tile - first_tile + (panel - first) * layout.tiles) * kTileRows * kTileColumns;
        run_rows(pass.row(tile + 1) - i, t);
      }
    }
    p += pairs;
  } while (p < layout.pairs);
  pass.packed_chunk[slot] = column + 1;
  pass.slots->give_back(slot);
}

// Columns are split before rows: row chunks pack the same panels.
void choose_chunks(Pass& pass) {
  int64_t &tiles = pass.chunk_tiles, &panels = pass.chunk_panels;
  tiles = min(pass.tiles(), pass.layout.fitting(kChunkTileBytes, kTileWords));
  panels = pass.layout.panels;
  const auto too_big = [&] {
    const int64_t work = tiles * kTileRows * panels * kTileColumns * 2 * pass.layout.pairs;
    return work > kMaxChunk ||
           (pass.row_chunks() * pass.column_chunks() < few_chunks() && work > kMinChunk);
  };
  while (panels > 1 && too_big()) panels = ceil_div(panels, 2);
  while (tiles > 4 && too_big()) tiles = ceil_div(tiles, 2);
}

template <class Ctx>
void for_each_piece(Ctx& ctx, int64_t n, int64_t grain, void (*f)(const Ctx&, int64_t)) {
  struct Call {
    const Ctx* ctx;
    void (*f)(const Ctx&, int64_t);
  } call{&ctx, f};
  parallel_for(
      n, grain,
      [](void* c, int64_t begin, int64_t end) {
        const Call& call = *static_cast<const Call*>(c);
        for (int64_t i = begin; i < end; ++i) call.f(*call.ctx, i);
      },
      &call);
}

void run_pass(Pass& pass) {
  choose_chunks(pass);
  for (int64_t& chunk : pass.packed_chunk) chunk = 0;
  const int64_t grain = max(kPackGrain / max(2 * pass.layout.tile_words(), 1), 1);
  for_each_piece(pass, pass.tiles(), grain, pack_tile);
  for_each_piece(pass, pass.row_chunks() * pass.column_chunks(), 1, run_chunk);
}

int64_t pass_rows(int64_t m, int64_t k) {
  return min(m, max(kPassElements / max(k, 1) / kTileRows, 1) * kTileRows);
}
int64_t packed_a_words(int64_t m, int64_t k, const Layout& layout) {
  return ceil_div(pass_rows(m, k), kTileRows) * layout.tile_words();
}
int64_t slots_for(int64_t n, int64_t slots) {
  return min(ceil_div(n, kTileColumns), min(slots, kMaxSlots));
}

void gemm(const GemmArgs& g) {
  if (g.m <= 0 || g.n <= 0) return;
#if defined(__AMX_BF16__)
  if (SwappedGemm::pays(g)) return SwappedGemm(g).run();
#endif
  Slots slots(slots_for(g.n, g.slots));
  const Layout layout(g.m, g.n, g.k);
  uint32_t* const memory = static_cast<uint32_t*>(g.scratch);
  Pass pass{.args = &g,
            .a = lines_of(g.a, g.lda, !g.ta, g.k),
            .b = lines_of(g.b, g.ldb, g.tb, g.k),
            .i0 = 0,
            .m = 0,
            .n = g.n,
            .layout = layout,
            .packed_a = memory,
            .slots_memory = memory + packed_a_words(g.m, g.k, layout),
            .chunk_tiles = 0,
            .chunk_panels = 0,
            .slots = &slots,
            .packed_chunk = {}};
  const int64_t rows = pass_rows(g.m, g.k);
  for (pass.i0 = 0; pass.i0 < g.m; pass.i0 += rows) {
    pass.m = min(rows, g.m - pass.i0);
    run_pass(pass);
  }
}

int64_t gemm_scratch(int64_t m, int64_t n, int64_t k, int64_t slots) {
  const Layout layout(m, n, k);
  const int64_t bytes =
      (packed_a_words(m, k, layout) + slots_for(n, slots) * layout.slot_words()) * kWordBytes;
#if defined(__AMX_BF16__)
  return max(bytes, SwappedGemm::scratch_bytes(m, k));
#else
  return bytes;
#endif
}

const GemmBf16Table kTable = {gemm, gemm_scratch};

}  // namespace

extern "C" const GemmBf16Table* KERNEL_EXPORT(gemm_bf16)() noexcept { return &kTable; }

}  // namespace cresset
