// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/counts.h"
#include "kernels/simd_transpose.h"
#include "kernels/slots.h"
#include "kernels/table.h"

// C = A B of bfloat16 by an instruction that takes two steps of k at once. Both matrices are laid
// out as pairs of steps, the earlier one in the upper half, which the instruction adds first: so
// each output is the chain that float32 makes. Its sum stays in registers from the first step to
// the last and is rounded once.
namespace cresset {
namespace {

constexpr int64_t kLines = 16;                // rows or columns that are packed together
constexpr int kTileRows = 14;                 // of C in registers, by
constexpr int64_t kTileColumns = 2 * kLines;  //   so many columns
constexpr int64_t kPassElements = 4 << 20;    // of A, packed at a time
constexpr int64_t kPackGrain = 32 << 10;      // elements
constexpr int64_t kAhead = 32;                // steps between a row's prefetch and its packing
constexpr int64_t kChunkTiles = 20, kChunkPanels = 8;
constexpr int kFewRows = 3;     // do not pay for packing B: they read it as it lies, by
constexpr int kWidePanels = 4;  //   so many panels, for long stretches of its rows
// Multiply-adds of a chunk at most, and down to how many they are split while they are few.
constexpr int64_t kMaxChunk = 64 << 20, kMinChunk = 1 << 20, kFewChunks = 16;

// Lines of A (rows) or B (columns) from `at` on.
struct Lines {
  const uint16_t* x;
  int64_t line, step;  // strides; one of them is 1
  int64_t k;

  const uint16_t* at(int64_t i) const { return x + i * line; }
};
Lines lines_of(const void* x, int64_t ld, bool along_k, int64_t k) {
  return {static_cast<const uint16_t*>(x), along_k ? ld : 1, along_k ? 1 : ld, k};
}

SIMD_INLINE Vec<uint32_t> pair_up(Halves early, Halves late) {
  return __builtin_convertvector(early, Vec<uint32_t>) << 16 |
         __builtin_convertvector(late, Vec<uint32_t>);
}

// Pair p of line i of `lines` goes to out[p * out_step + i]; up to kLines of them, the rest zero.
void pack_steps(const Lines& lines, int64_t first, int64_t count, uint32_t* out, int64_t out_step) {
  const uint16_t* x = lines.at(first);
  for (int64_t p = 0; p < lines.k; p += 2, out += out_step) {
    // Rows may lie on pages of their own, which the processor does not fetch by itself.
    __builtin_prefetch(x + (p + kAhead) * lines.step);
    __builtin_prefetch(x + (p + kAhead + 1) * lines.step);
    const Halves early = load_halves(x + p * lines.step, count);
    const Halves late = p + 1 < lines.k ? load_halves(x + (p + 1) * lines.step, count) : Halves{};
    store(out, pair_up(early, late));
  }
}

// The same where each line's steps lie together: a square of pairs at a time.
void pack_square(const Lines& lines, int64_t first, int64_t count, uint32_t* out,
                 int64_t out_step) {
  int64_t p = 0;
  for (; p + 2 * kLines <= lines.k; p += 2 * kLines, out += kLines * out_step) {
    Vec<float> square[kLines];
    for (int64_t i = 0; i < kLines; ++i) {
      const Vec<uint32_t> pairs =
          i < count ? load(reinterpret_cast<const uint32_t*>(lines.at(first + i) + p))
                    : Vec<uint32_t>{};
      square[i] = (Vec<float>)(pairs << 16 | pairs >> 16);
    }
    transpose<float>(square);
    for (int64_t i = 0; i < kLines; ++i) store(out + i * out_step, (Vec<uint32_t>)square[i]);
  }
  for (; p < lines.k; p += 2, out += out_step)
    for (int64_t i = 0; i < kLines; ++i) {
      const uint16_t* const x = lines.at(first + i) + p;
      const uint32_t early = i < count ? x[0] : 0, late = i < count && p + 1 < lines.k ? x[1] : 0;
      out[i] = early << 16 | late;
    }
}

void pack_lines(const Lines& lines, int64_t first, int64_t count, uint32_t* out, int64_t out_step) {
  lines.step == 1 ? pack_square(lines, first, count, out, out_step)
                  : pack_steps(lines, first, count, out, out_step);
}

// Rows of C, in tiles, dealt out evenly, by all columns, in panels. A is packed by a pass of its
// own, a panel of B by the chunk that uses it, into one of as many places as threads take part.
struct Pass {
  const GemmArgs* args;
  Lines a, b;
  int64_t i0, m, n, pairs;
  uint32_t *packed_a, *packed_b;
  int64_t chunk_tiles, chunk_panels;
  Slots* slots;

  int64_t tiles() const { return ceil_div(m, kTileRows); }
  int64_t panels() const { return ceil_div(n, kTileColumns); }
  int64_t row_chunks() const { return ceil_div(tiles(), chunk_tiles); }
  int64_t column_chunks() const { return ceil_div(panels(), chunk_panels); }
  bool reads_unpacked() const { return m <= kFewRows && !args->tb; }
  int64_t row(int64_t tile) const { return m * tile / tiles(); }
  uint32_t* tile(int64_t i) const { return packed_a + i * kLines * pairs; }
};

void pack_tile(const Pass& pass, int64_t tile) {
  const int64_t row = pass.row(tile);
  pack_lines(pass.a, pass.i0 + row, pass.row(tile + 1) - row, pass.tile(tile), kLines);
}

void pack_panel(const Pass& pass, int64_t panel, uint32_t* out) {
  for (int64_t l = 0; l < kTileColumns; l += kLines) {
    const int64_t j = panel * kTileColumns + l;
    pack_lines(pass.b, min(j, pass.n), max(min(kLines, pass.n - j), 0), out + l, kTileColumns);
  }
}

// Rounds to nearest even; a NaN keeps its sign and upper bits and becomes quiet.
SIMD_INLINE Halves round_to_halves(Vec<float> x) {
  const Vec<uint32_t> bits = (Vec<uint32_t>)x;
  const Vec<uint32_t> rounded = bits + 0x7fff + (bits >> 16 & 1);
  const Vec<uint32_t> y = x != x ? bits | 0x400000 : rounded;
  return __builtin_convertvector(y >> 16, Halves);
}

struct Tile {
  int64_t pairs, columns;
  const uint32_t *a, *b;
  uint16_t* c;
  int64_t c_row;
  const float* bias;  // of these columns, or null
  bool relu;
};

// Bias, relu and rounding. Unrolled, or the sums would take their way through memory.
template <int kRows>
SIMD_INLINE void finish(const Tile& t, const Vec<float> (&acc)[kRows][2]) {
#pragma GCC unroll 2
  for (int v = 0; v < 2; ++v) {
    const int64_t j = v * kLines, columns = t.columns - j;
    if (columns <= 0) return;
    const Vec<float> offset = t.bias ? load_first(t.bias + j, columns, 0.0f) : Vec<float>{};
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      Vec<float> x = t.bias ? acc[i][v] + offset : acc[i][v];
      if (t.relu) x = x < 0 ? Vec<float>{} : x;
      store_halves(t.c + i * t.c_row + j, columns, round_to_halves(x));
    }
  }
}

template <int kRows>
__attribute__((noinline)) void run_tile(const Tile& t) {
  Vec<float> acc[kRows][2] = {};
  const uint32_t *a = t.a, *b = t.b;
  for (int64_t p = 0; p < t.pairs; ++p, a += kLines, b += kTileColumns) {
    const Vec<uint32_t> left = load(b), right = load(b + kLines);
    for (int i = 0; i < kRows; ++i) {
      const Vec<uint32_t> x = splat(a[i]);
      acc[i][0] = dot_pairs(acc[i][0], x, left);
      acc[i][1] = dot_pairs(acc[i][1], x, right);
    }
  }
  finish(t, acc);
}

template <int kRows = kTileRows>
void run_rows(int64_t rows, const Tile& t) {
  if constexpr (kRows > 0) {
    if (rows == kRows) return run_tile<kRows>(t);
    run_rows<kRows - 1>(rows, t);
  }
}

void run_panel(const Pass& pass, int64_t tile, int64_t tile_end, int64_t panel,
               const uint32_t* packed) {
  const GemmArgs& g = *pass.args;
  const int64_t j = panel * kTileColumns;
  const float* const bias = g.bias ? static_cast<const float*>(g.bias) + j : nullptr;
  for (; tile < tile_end; ++tile) {
    const int64_t i = pass.row(tile);
    uint16_t* const c = static_cast<uint16_t*>(g.c) + (pass.i0 + i) * g.ldc + j;
    run_rows(pass.row(tile + 1) - i,
             {pass.pairs, pass.n - j, pass.tile(tile), packed, c, g.ldc, bias, g.relu});
  }
}

// kRows rows of C, all there are, by kWidePanels panels from column j on, of a B stored by rows.
template <int kRows>
__attribute__((noinline)) void run_unpacked(const Pass& pass, int64_t j) {
  const GemmArgs& g = *pass.args;
  Vec<float> acc[kWidePanels][kRows][2] = {};
  const uint32_t* a = pass.packed_a;
  const uint16_t* early = pass.b.at(j);
  for (int64_t p = 0; p < g.k; p += 2, a += kLines, early += 2 * g.ldb) {
    const uint16_t* const late = early + g.ldb;
#pragma GCC unroll 8
    for (int v = 0; v < 2 * kWidePanels; ++v) {
      const int64_t at = v * kLines;
      __builtin_prefetch((v % 2 ? late : early) + kAhead * g.ldb + v / 2 * kTileColumns);
      const Vec<uint32_t> x = pair_up(load_halves(early + at, kLines),
                                      p + 1 < g.k ? load_halves(late + at, kLines) : Halves{});
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i)
        acc[v / 2][i][v % 2] = dot_pairs(acc[v / 2][i][v % 2], splat(a[i]), x);
    }
  }
#pragma GCC unroll 4
  for (int q = 0; q < kWidePanels; ++q, j += kTileColumns) {
    uint16_t* const c = static_cast<uint16_t*>(g.c) + pass.i0 * g.ldc + j;
    const float* const bias = g.bias ? static_cast<const float*>(g.bias) + j : nullptr;
    finish(Tile{pass.pairs, kTileColumns, nullptr, nullptr, c, g.ldc, bias, g.relu}, acc[q]);
  }
}

void run_unpacked(const Pass& pass, int64_t j) {
  pass.m == 1   ? run_unpacked<1>(pass, j)
  : pass.m == 2 ? run_unpacked<2>(pass, j)
                : run_unpacked<kFewRows>(pass, j);
}

void run_chunk(const Pass& pass, int64_t chunk) {
  const int64_t tile = chunk % pass.row_chunks() * pass.chunk_tiles;
  int64_t panel = chunk / pass.row_chunks() * pass.chunk_panels;
  const int64_t tile_end = min(pass.tiles(), tile + pass.chunk_tiles),
                panel_end = min(pass.panels(), panel + pass.chunk_panels);
  const int64_t slot = pass.slots->take();
  uint32_t* const packed = pass.packed_b + slot * kTileColumns * pass.pairs;
  while (panel < panel_end) {
    if (pass.reads_unpacked() &&
        min(panel_end * kTileColumns, pass.n) >= (panel + kWidePanels) * kTileColumns) {
      run_unpacked(pass, panel * kTileColumns);
      panel += kWidePanels;
    } else {
      pack_panel(pass, panel, packed);
      run_panel(pass, tile, tile_end, panel++, packed);
    }
  }
  pass.slots->give_back(slot);
}

// Columns are split before rows: row chunks pack the same panels.
void choose_chunks(Pass& pass) {
  int64_t &tiles = pass.chunk_tiles, &panels = pass.chunk_panels;
  tiles = min(pass.tiles(), kChunkTiles);
  panels = min(pass.panels(), kChunkPanels);
  const auto too_big = [&] {
    const int64_t work = tiles * kTileRows * panels * kTileColumns * 2 * pass.pairs;
    return work > kMaxChunk ||
           (pass.row_chunks() * pass.column_chunks() < kFewChunks && work > kMinChunk);
  };
  const int64_t fewest = pass.reads_unpacked() ? kWidePanels : 1;
  while (panels > fewest && too_big()) panels = ceil_div(panels, 2);
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
  const int64_t grain = max(kPackGrain / max(2 * pass.pairs * kLines, 1), 1);
  for_each_piece(pass, pass.tiles(), grain, pack_tile);
  for_each_piece(pass, pass.row_chunks() * pass.column_chunks(), 1, run_chunk);
}

int64_t pass_rows(int64_t m, int64_t k) {
  return min(m, max(kPassElements / max(k, 1) / kTileRows, 1) * kTileRows);
}
int64_t packed_a_words(int64_t m, int64_t k) {
  return ceil_div(pass_rows(m, k), kTileRows) * kLines * ceil_div(k, 2);
}
int64_t slots_for(int64_t n, int64_t slots) { return min(ceil_div(n, kTileColumns), slots); }

void gemm(const GemmArgs& g) {
  if (g.m <= 0 || g.n <= 0) return;
  Slots slots(slots_for(g.n, g.slots));
  Pass pass{};
  pass.args = &g;
  pass.a = lines_of(g.a, g.lda, !g.ta, g.k);
  pass.b = lines_of(g.b, g.ldb, g.tb, g.k);
  pass.n = g.n;
  pass.pairs = ceil_div(g.k, 2);
  pass.packed_a = static_cast<uint32_t*>(g.scratch);
  pass.packed_b = pass.packed_a + packed_a_words(g.m, g.k);
  pass.slots = &slots;
  const int64_t rows = pass_rows(g.m, g.k);
  for (pass.i0 = 0; pass.i0 < g.m; pass.i0 += rows) {
    pass.m = min(rows, g.m - pass.i0);
    run_pass(pass);
  }
}

int64_t gemm_scratch(int64_t m, int64_t n, int64_t k, int64_t slots) {
  const int64_t words = packed_a_words(m, k) + slots_for(n, slots) * kTileColumns * ceil_div(k, 2);
  return words * static_cast<int64_t>(sizeof(uint32_t));
}

const GemmBf16Table kTable = {gemm, gemm_scratch};

}  // namespace

extern "C" const GemmBf16Table* KERNEL_EXPORT(gemm_bf16)() noexcept { return &kTable; }

}  // namespace cresset
