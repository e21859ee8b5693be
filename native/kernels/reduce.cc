// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/arg_reductions.h"
#include "kernels/reductions.h"
#include "kernels/table.h"

// How reductions are split. Long rows are cut into runs and tall columns into row chunks whose
// partial results lie on the caller's stack; both cuts depend on the shape alone.
namespace cresset {
namespace {

constexpr int64_t kGrainItems = 32768;  // per piece of a parallel loop
constexpr int64_t kMaxRuns = 256;       // per row
constexpr int64_t kTileColumns = kArgColumns;
constexpr int64_t kMaxPartials = 8192;  // columns of a tile times its row chunks
constexpr int64_t kChunkRows = 256;     // at least
constexpr int64_t kSumRows = 64;        // summed in T before going into Total<T>
constexpr int64_t kManyTiles = 16;      // from here on tiles alone keep all threads busy

SIMD_INLINE int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }
SIMD_INLINE int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }
SIMD_INLINE int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
SIMD_INLINE int64_t grain_of(int64_t items) { return max_of(1, kGrainItems / max_of(1, items)); }

// How a row reduces: to a number kept in Total<T>, or to an Extreme.
template <class Op, class T, class Y>
struct ValueRow {
  typedef Total<T> Partial;
  SIMD_INLINE static Partial run(const T* x, int64_t n) { return reduce_run<Op>(x, n); }
  SIMD_INLINE static void merge(Partial& a, Partial b, int64_t) { a = Op::combine(a, b); }
  SIMD_INLINE static Y finish(Partial a) { return static_cast<Y>(static_cast<T>(a)); }
};
template <class Op, class T>
struct ArgRow {
  typedef Extreme<T> Partial;
  SIMD_INLINE static Partial run(const T* x, int64_t n) { return arg_run<Op>(x, n); }
  SIMD_INLINE static void merge(Partial& a, Partial b, int64_t offset) {
    keep_better<Op, T>(a, {b.value, b.index + offset});
  }
  SIMD_INLINE static int64_t finish(Partial a) { return a.index; }
};

template <class Row, class T, class Y>
struct RowsJob {
  const T* x;
  Y* y;
  int64_t n, run, runs;
  typename Row::Partial* partials;

  static void whole_rows(void* ctx, int64_t begin, int64_t end) {
    const RowsJob& job = *static_cast<RowsJob*>(ctx);
    for (int64_t o = begin; o < end; ++o) {
      job.y[o] = Row::finish(Row::run(job.x + o * job.n, job.n));
    }
  }
  static void runs_of_rows(void* ctx, int64_t begin, int64_t end) {
    const RowsJob& job = *static_cast<RowsJob*>(ctx);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i / job.runs, first = i % job.runs * job.run;
      job.partials[i] = Row::run(job.x + row * job.n + first, min_of(job.run, job.n - first));
    }
  }
};

// inner == 1.
template <class Row, class T, class Y>
void reduce_rows(int64_t outer, int64_t n, Y* y, const T* x) {
  typedef RowsJob<Row, T, Y> Job;
  typename Row::Partial partials[kMaxRuns];
  const int64_t run =
      max_of(kGrainItems, divide_up(divide_up(n, kMaxRuns), kBlockItems) * kBlockItems);
  Job job = {x, y, n, run, divide_up(n, run), partials};
  if (job.runs <= 1) return parallel_for(outer, grain_of(n), Job::whole_rows, &job);
  const int64_t group = kMaxRuns / job.runs;
  for (int64_t o = 0; o < outer; o += group, job.x += group * n, job.y += group) {
    const int64_t rows = min_of(group, outer - o);
    parallel_for(rows * job.runs, 1, Job::runs_of_rows, &job);
    for (int64_t row = 0; row < rows; ++row) {
      auto total = partials[row * job.runs];
      for (int64_t i = 1; i < job.runs; ++i) {
        Row::merge(total, partials[row * job.runs + i], i * run);
      }
      job.y[row] = Row::finish(total);
    }
  }
}

template <class Op, class T, int kRows>
SIMD_INLINE void add_rows(T* sums, const T* x, int64_t inner, int64_t width, const T* end) {
  for (int64_t j = 0; j < width; j += kLanes<T>) {
    Vec<T> sum = load(sums + j);
    for (int r = 0; r < kRows; ++r) {
      const T* p = x + r * inner + j;  // may reach past the tile but not past the tensor
      sum = Op::combine(sum, load_first(p, end - p));
    }
    store(sums + j, sum);
  }
}

// total[j] = the reduction of column j over `rows` rows, in groups of kSumRows.
template <class Op, class T>
__attribute__((noinline)) void reduce_chunk(Total<T>* total, const T* x, int64_t rows,
                                            int64_t inner, int64_t width, const T* end) {
  T sums[kTileColumns];
  const int64_t whole_lanes = divide_up(width, kLanes<T>) * kLanes<T>;
  for (int64_t j = 0; j < width; ++j) total[j] = Op::template kNeutral<Total<T>>;
  for (int64_t first = 0; first < rows; first += kSumRows) {
    for (int64_t j = 0; j < whole_lanes; ++j) sums[j] = Op::template kNeutral<T>;
    const int64_t last = min_of(rows, first + kSumRows);
    int64_t r = first;
    for (; r + 4 <= last; r += 4) add_rows<Op, T, 4>(sums, x + r * inner, inner, width, end);
    for (; r < last; ++r) add_rows<Op, T, 1>(sums, x + r * inner, inner, width, end);
    for (int64_t j = 0; j < width; ++j) total[j] = Op::combine(total[j], Total<T>(sums[j]));
  }
}

template <class Op, class T, class Y>
struct ColumnsJob {
  const T* x;
  Y* y;
  int64_t n, inner, tiles, chunk;
  const T* end;
  const T* tile_start;  // of the tile whose chunks run in parallel
  int64_t tile_width;
  Total<T>* partials;

  void chunk_of_tile(Total<T>* total, const T* start, int64_t width, int64_t first) const {
    reduce_chunk<Op>(total, start + first * inner, min_of(chunk, n - first), inner, width, end);
  }
  static void whole_tiles(void* ctx, int64_t begin, int64_t last) {
    const ColumnsJob& job = *static_cast<ColumnsJob*>(ctx);
    Total<T> total[kTileColumns], partial[kTileColumns];
    for (int64_t i = begin; i < last; ++i) {
      const int64_t o = i / job.tiles, column = i % job.tiles * kTileColumns;
      const int64_t width = min_of(kTileColumns, job.inner - column);
      const T* start = job.x + o * job.n * job.inner + column;
      job.chunk_of_tile(total, start, width, 0);
      for (int64_t first = job.chunk; first < job.n; first += job.chunk) {
        job.chunk_of_tile(partial, start, width, first);
        merge(total, partial, width);
      }
      finish(job.y + o * job.inner + column, total, width);
    }
  }
  static void chunks_of_tile(void* ctx, int64_t begin, int64_t last) {
    const ColumnsJob& job = *static_cast<ColumnsJob*>(ctx);
    for (int64_t i = begin; i < last; ++i) {
      job.chunk_of_tile(job.partials + i * job.tile_width, job.tile_start, job.tile_width,
                        i * job.chunk);
    }
  }
  static void merge(Total<T>* total, const Total<T>* partial, int64_t width) {
    for (int64_t j = 0; j < width; ++j) total[j] = Op::combine(total[j], partial[j]);
  }
  static void finish(Y* y, const Total<T>* total, int64_t width) {
    for (int64_t j = 0; j < width; ++j) y[j] = static_cast<Y>(static_cast<T>(total[j]));
  }
};

// inner > 1: vectors run along inner.
template <class Op, class T, class Y>
void reduce_columns(int64_t outer, int64_t n, int64_t inner, Y* y, const T* x) {
  typedef ColumnsJob<Op, T, Y> Job;
  if (inner == 0) return;
  Total<T> partials[kMaxPartials];
  const int64_t tiles = divide_up(inner, kTileColumns);
  const int64_t max_chunks = kMaxPartials / min_of(inner, kTileColumns);
  const int64_t chunk = max_of(kChunkRows, divide_up(n, max_chunks));
  const int64_t chunks = divide_up(n, chunk);
  Job job = {x, y, n, inner, tiles, chunk, x + outer * n * inner, nullptr, 0, partials};
  if (chunks <= 1 || outer * tiles >= kManyTiles) {
    const int64_t grain = grain_of(n * min_of(inner, kTileColumns));
    return parallel_for(outer * tiles, grain, Job::whole_tiles, &job);
  }
  for (int64_t i = 0; i < outer * tiles; ++i) {
    const int64_t o = i / tiles, column = i % tiles * kTileColumns;
    job.tile_start = x + o * n * inner + column;
    job.tile_width = min_of(kTileColumns, inner - column);
    parallel_for(chunks, grain_of(chunk * job.tile_width), Job::chunks_of_tile, &job);
    for (int64_t c = 1; c < chunks; ++c) {
      Job::merge(partials, partials + c * job.tile_width, job.tile_width);
    }
    Job::finish(y + o * inner + column, partials, job.tile_width);
  }
}

template <class Op, class T>
struct ArgColumnsJob {
  const T* x;
  int64_t* y;
  int64_t n, inner, tiles;
  const T* end;

  static void tiles_of(void* ctx, int64_t begin, int64_t last) {
    const ArgColumnsJob& job = *static_cast<ArgColumnsJob*>(ctx);
    for (int64_t i = begin; i < last; ++i) {
      const int64_t o = i / job.tiles, column = i % job.tiles * kTileColumns;
      arg_columns<Op>(job.y + o * job.inner + column, job.x + o * job.n * job.inner + column, job.n,
                      job.inner, min_of(kTileColumns, job.inner - column), job.end);
    }
  }
};

template <class Op, class T, class Y>
void reduce(int64_t outer, int64_t n, int64_t inner, void* y, const void* x) {
  Y* to = static_cast<Y*>(y);
  const T* from = static_cast<const T*>(x);
  if (inner == 1) {
    reduce_rows<ValueRow<Op, T, Y>>(outer, n, to, from);
  } else {
    reduce_columns<Op>(outer, n, inner, to, from);
  }
}
template <class Op, class T>
void arg_reduce(int64_t outer, int64_t n, int64_t inner, void* y, const void* x) {
  int64_t* to = static_cast<int64_t*>(y);
  const T* from = static_cast<const T*>(x);
  if (inner == 1) return reduce_rows<ArgRow<Op, T>>(outer, n, to, from);
  typedef ArgColumnsJob<Op, T> Job;
  Job job = {from, to, n, inner, divide_up(inner, kTileColumns), from + outer * n * inner};
  parallel_for(outer * job.tiles, grain_of(n * min_of(inner, kTileColumns)), Job::tiles_of, &job);
}

enum class Rule { Sum, Same, Boolean, Index };

template <class Op, Rule rule, class T>
constexpr ReduceFn slot() {
  if constexpr (rule == Rule::Index) {
    return arg_reduce<Op, T>;
  } else if constexpr (rule == Rule::Boolean) {
    return reduce<Op, T, uint8_t>;
  } else {
    return reduce<Op, T, T>;
  }
}

constexpr ReduceTable kTable = {{
#define REDUCE(name, rule, ...)                                                              \
  {slot<reduction::name, Rule::rule, int64_t>(), slot<reduction::name, Rule::rule, float>(), \
   slot<reduction::name, Rule::rule, double>()},
#include "ops/reduce.def"
#undef REDUCE
}};

}  // namespace
}  // namespace cresset

extern "C" const cresset::ReduceTable* KERNEL_EXPORT(reduce)() noexcept { return &cresset::kTable; }
