// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/conv_depthwise.h"
#include "kernels/conv_winograd_weight.h"
#include "kernels/gemm_pack.h"
#include "kernels/slots.h"

// The gradient of a convolution's weight: for each group (channels x taps) x positions times
// positions x rows. Positions are cut into fixed parts, whose results are added up in order; a
// chunk is one part's share of a block of the result.
namespace cresset {
namespace {

constexpr int64_t kBlockSums = 12 * 12, kBlockRows = 256;  // per chunk, at most
constexpr int64_t kMaxChunk = 64 << 20;                    // multiply-adds
constexpr int64_t kFewChunks = 16, kMaxParts = 32;
constexpr int64_t kPartPositions = 512;  // in a part, about, where there are few of them

template <class T>
struct Weight {
  static constexpr int64_t kC = kTileColumns<T>;
  const ConvArgs& a;
  const int64_t taps, sums, sample_positions, positions;  // sums: (channel, tap) of a group
  int64_t block_sums, block_rows, parts, pixel;           // pixel: y's stride between positions
  Slots slots;

  explicit Weight(const ConvArgs& args)
      : a(args),
        taps(taps_of(a)),
        sums(a.channels * taps),
        sample_positions(positions_of(a)),
        positions(a.samples * sample_positions),
        slots(a.slots) {
    pixel = a.dims[2].out > 1   ? a.ys[4]
            : a.dims[1].out > 1 ? a.ys[3]
            : a.dims[0].out > 1 ? a.ys[2]
                                : 1;
    block_sums = ceil_div(sums, ceil_div(sums, kBlockSums));
    // The parts decide the bits, so they must not depend on the tile's size.
    const int64_t rows = ceil_div(a.rows, ceil_div(a.rows, kBlockRows));
    block_rows = ceil_div(rows, kC) * kC;
    const int64_t blocks = a.groups * ceil_div(sums, block_sums) * ceil_div(a.rows, rows);
    const int64_t wanted =
        max(ceil_div(block_sums * rows * positions, kMaxChunk), ceil_div(kFewChunks, blocks));
    parts = max(1, min(min(wanted, kMaxParts), ceil_div(positions, kPartPositions)));
  }

  // Partial results: part x group x sums x padded rows.
  int64_t row_stride() const { return ceil_div(a.rows, kC) * kC; }
  int64_t part_items() const { return a.groups * sums * row_stride(); }
  int64_t row_blocks() const { return ceil_div(a.rows, block_rows); }
  int64_t sum_blocks() const { return ceil_div(sums, block_sums); }
  int64_t chunks() const { return parts * a.groups * sum_blocks() * row_blocks(); }
  int64_t slot_bytes() const {
    return table_bytes(a, kBlockK, kLanes<T>) +
           kBlockK * block_rows * static_cast<int64_t>(sizeof(T));
  }
  int64_t partial_bytes() const {
    return (parts * part_items() * static_cast<int64_t>(sizeof(T)) + 63) & -64;
  }
  T* partial(int64_t part, int64_t group) const {
    return static_cast<T*>(a.scratch) + part * part_items() + group * sums * row_stride();
  }
};

template <class T>
struct Chunk {
  static constexpr int64_t kC = kTileColumns<T>, kL = kLanes<T>;
  const Weight<T>& job;
  const ConvArgs& a;
  int64_t part, group, sum, sums, row, rows;
  PieceTable table;
  T* packed;  // panels of y, kBlockK x kC each

  Chunk(const Weight<T>& job, int64_t index, char* memory) : job(job), a(job.a) {
    row = index % job.row_blocks() * job.block_rows;
    rows = min(job.block_rows, a.rows - row);
    index /= job.row_blocks();
    sum = index % job.sum_blocks() * job.block_sums;
    sums = min(job.block_sums, job.sums - sum);
    index /= job.sum_blocks();
    group = index % a.groups;
    part = index / a.groups;
    table = table_in(memory, a, kBlockK, kLanes<T>);
    packed = reinterpret_cast<T*>(memory + table_bytes(a, kBlockK, kLanes<T>));
  }

  void run() {
    const int64_t begin = job.positions * part / job.parts;
    const int64_t end = job.positions * (part + 1) / job.parts;
    for (int64_t q = begin; q < end; q += kBlockK) {
      const int64_t count = min(kBlockK, end - q);
      fill_table(a, q, count, kL, &table);
      for (int64_t panel = 0; panel * kC < rows; ++panel) pack(panel, q, count);
      const int64_t tiles = ceil_div(sums, kTileRows);
      for (int64_t tile = 0; tile < tiles; ++tile) {
        const int64_t i = sum + sums * tile / tiles, next = sum + sums * (tile + 1) / tiles;
        run_tiles(i, static_cast<int>(next - i), count, q == begin);
      }
    }
  }

  // y's rows over positions [q, q + count), a sample at a time.
  void pack(int64_t panel, int64_t q, int64_t count) {
    T* out = packed + panel * kBlockK * kC;
    const int64_t first = row + panel * kC, columns = min(kC, a.rows - first);
    const T* y = static_cast<const T*>(a.y) + (group * a.rows + first) * a.ys[1];
    while (count > 0) {
      const int64_t at = q % job.sample_positions, n = min(count, job.sample_positions - at);
      const T* from = y + q / job.sample_positions * a.ys[0] + at * job.pixel;
      if (job.pixel == 1)
        pack_columns(from, a.ys[1], n, columns, out);
      else
        pack_rows(from, job.pixel, n, columns, out);
      out += n * kC;
      q += n;
      count -= n;
    }
  }

  void run_tiles(int64_t i, int tile_rows, int64_t steps, bool first) {
    alignas(64) T copy[kTileRows * kCopyRow];
    const int64_t stride = a.dims[2].step * a.xs[4];
    for (int r = 0; r < tile_rows; ++r) {
      const int64_t channel = group * a.channels + (i + r) / job.taps;
      const T* x = static_cast<const T*>(a.x) + channel * a.xs[1];
      copy_tap(table, (i + r) % job.taps, x, stride, copy + r * kCopyRow);
    }
    Tile<T> t{};
    t.k = steps;
    t.a = copy;
    t.b_step = kC;
    t.from_zero = first;
    t.c_row = job.row_stride();
    for (int64_t j = 0; j < rows; j += kC) {
      t.b = packed + j * kBlockK;
      t.c = job.partial(part, group) + i * t.c_row + row + j;
      rows - j <= kL ? run_rows<T, 1>(tile_rows, LayoutA::kCopiedRows, t)
                     : run_rows<T, kTileVectors>(tile_rows, LayoutA::kCopiedRows, t);
    }
  }
};

// w's gradient, rows x sums, from the parts, sums x rows: a square at a time.
template <class T>
void combine(const Weight<T>& job, int64_t group, int64_t j) {
  constexpr int64_t kL = kLanes<T>;
  const ConvArgs& a = job.a;
  const int64_t rows = min(kL, a.rows - j);
  T* const out = static_cast<T*>(a.w) + (group * a.rows + j) * job.sums;
  for (int64_t i = 0; i < job.sums; i += kL) {
    const int64_t n = min(kL, job.sums - i);
    Vec<T> square[kL];
    for (int64_t l = 0; l < kL; ++l) {
      square[l] = Vec<T>{};
      if (l >= n) continue;
      const int64_t at = (i + l) * job.row_stride() + j;
      square[l] = load(job.partial(0, group) + at);
      for (int64_t part = 1; part < job.parts; ++part)
        square[l] = square[l] + load(job.partial(part, group) + at);
    }
    transpose<T>(square);
    for (int64_t r = 0; r < rows; ++r) store_first(out + r * job.sums + i, n, square[r]);
  }
}

template <class T>
void combine_all(const Weight<T>& job) {
  const int64_t strips = ceil_div(job.a.rows, kLanes<T>);
  parallel_for(
      job.a.groups * strips, 1,
      [](void* ctx, int64_t begin, int64_t end) {
        const Weight<T>& job = *static_cast<const Weight<T>*>(ctx);
        const int64_t strips = ceil_div(job.a.rows, kLanes<T>);
        for (int64_t i = begin; i < end; ++i) combine(job, i / strips, i % strips * kLanes<T>);
      },
      const_cast<Weight<T>*>(&job));
}

// The same with the parts of Winograd's algorithm.
struct ByWinograd {
  const WinogradWeight tiles;
  Weight<float> sums;
  explicit ByWinograd(const ConvArgs& a) : tiles(a), sums(a) { sums.parts = tiles.parts; }

  int64_t scratch() const { return sums.partial_bytes() + sums.a.slots * tiles.slot_bytes(); }
  void run_chunk(int64_t index, char* memory) const {
    WinogradWeightChunk chunk(tiles, index, memory);
    chunk.run(sums.partial(chunk.part, chunk.group), sums.row_stride());
  }
};
void winograd_gradient(const ConvArgs& a) {
  ByWinograd job(a);
  parallel_for(
      job.tiles.chunks(), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        ByWinograd& job = *static_cast<ByWinograd*>(ctx);
        const int64_t slot = job.sums.slots.take();
        char* memory = static_cast<char*>(job.sums.a.scratch) + job.sums.partial_bytes() +
                       slot * job.tiles.slot_bytes();
        for (int64_t i = begin; i < end; ++i) job.run_chunk(i, memory);
        job.sums.slots.give_back(slot);
      },
      &job);
  combine_all(job.sums);
}

bool empty(const ConvArgs& a) { return a.rows <= 0 || a.groups * a.channels * taps_of(a) <= 0; }

// Few taps of one channel, both images row by row.
bool runs_by_filter(const ConvArgs& a) {
  return a.channels == 1 && a.groups > 1 && taps_of(a) <= kMaxTaps && rows_are_dense(a) &&
         (a.ys[4] == 1 || a.dims[2].out == 1);
}
template <class T>
void depthwise_gradient(const ConvArgs& a) {
  parallel_for(
      a.groups * a.rows, 1,
      [](void* ctx, int64_t begin, int64_t end) {
        const ConvArgs& a = *static_cast<const ConvArgs*>(ctx);
        Vec<T> sums[kMaxTaps * 64 / kVectorBytes];
        for (int64_t i = begin; i < end; ++i) depthwise_filter_gradient<T>(a, i, sums);
      },
      const_cast<ConvArgs*>(&a));
}

template <class T>
void gradient(const ConvArgs& a) {
  if (empty(a)) return;
  if (a.samples * positions_of(a) <= 0) {
    __builtin_memset(a.w, 0, a.groups * a.rows * a.channels * taps_of(a) * sizeof(T));
    return;
  }
  if (runs_by_filter(a)) return depthwise_gradient<T>(a);
  if constexpr (sizeof(T) == 4) {
    if (is_winograd(a)) return winograd_gradient(a);
  }
  Weight<T> job(a);
  parallel_for(
      job.chunks(), 1,
      [](void* ctx, int64_t begin, int64_t end) {
        Weight<T>& job = *static_cast<Weight<T>*>(ctx);
        const int64_t slot = job.slots.take();
        char* memory =
            static_cast<char*>(job.a.scratch) + job.partial_bytes() + slot * job.slot_bytes();
        for (int64_t i = begin; i < end; ++i) Chunk<T>(job, i, memory).run();
        job.slots.give_back(slot);
      },
      &job);
  combine_all(job);
}

template <class T>
int64_t scratch(const ConvArgs& a) {
  if (empty(a) || a.samples * positions_of(a) <= 0 || runs_by_filter(a)) return 0;
  if constexpr (sizeof(T) == 4) {
    if (is_winograd(a)) return ByWinograd(a).scratch();
  }
  const Weight<T> job(a);
  return job.partial_bytes() + a.slots * job.slot_bytes();
}

constexpr ConvWeightTable kTable = {
    {gradient<int64_t>, gradient<float>, gradient<double>},
    {scratch<int64_t>, scratch<float>, scratch<double>},
};

}  // namespace
}  // namespace cresset

extern "C" const cresset::ConvWeightTable* KERNEL_EXPORT(conv_weight)() noexcept {
  return &cresset::kTable;
}
